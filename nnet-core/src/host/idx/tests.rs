use core::cell::Cell;
use core::error::Error as _;
use std::io::Write as _;
use std::string::{String, ToString as _};
use std::time::{Duration, Instant};
use std::{env, format, fs, process, vec};

use flate2::{Compression, write::GzEncoder};
use proptest::collection::vec as bytes;
use proptest::prelude::*;

use super::*;

fn idx(dimensions: &[u32], data: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, UNSIGNED_BYTE, u8::try_from(dimensions.len()).unwrap()];
    file.extend(dimensions.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(data);
    file
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn read(file: &[u8]) -> Result<Idx, IdxError> {
    Idx::read(file, "f")
}

/// The message for a file that must be refused, plain and packed alike.
fn refusal(file: &[u8]) -> String {
    let plain = read(file).unwrap_err().to_string();
    assert_eq!(read(&gzip(file)).unwrap_err().to_string(), plain);
    plain
}

/// A folder under the system's temporary one, removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = env::temp_dir().join(format!("nnet-idx-{test}-{}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn put(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Counts the bytes taken from the reader below, and fails after `limit` of them.
struct Meter<'a, R> {
    below: R,
    taken: &'a Cell<usize>,
    limit: usize,
}

impl<R: Read> Read for Meter<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken.get() >= self.limit {
            return Err(io::Error::other("unplugged"));
        }
        let size = buffer.len().min(self.limit - self.taken.get());
        let taken = self.below.read(&mut buffer[..size])?;
        self.taken.set(self.taken.get() + taken);
        Ok(taken)
    }
}

#[test]
fn reads_plain_and_packed() {
    let file = idx(&[2, 3], &[1, 2, 3, 4, 5, 6]);
    for file in [file.clone(), gzip(&file)] {
        let idx = read(&file).unwrap();
        assert_eq!((idx.dimensions(), idx.data()), (&[2, 3][..], &[1, 2, 3, 4, 5, 6][..]));
        assert_eq!((idx.len(), idx.is_empty()), (2, false));
        assert_eq!(format!("{idx:?}"), r#"Idx("f", [2, 3])"#);
        assert_eq!(idx.into_data(), [1, 2, 3, 4, 5, 6]);
    }
}

#[test]
fn reads_concatenated_gzip_members() {
    let file = idx(&[4], &[1, 2, 3, 4]);
    let mut packed = gzip(&file[..5]);
    packed.extend(gzip(&file[5..]));
    assert_eq!(read(&packed).unwrap().data(), [1, 2, 3, 4]);
}

#[test]
fn reads_empty_arrays_and_the_highest_rank() {
    assert!(read(&idx(&[0], &[])).unwrap().is_empty());
    // the product of the other two would overflow alone
    let idx_of_nothing = idx(&[u32::MAX, u32::MAX, u32::MAX, 0], &[]);
    assert_eq!(read(&idx_of_nothing).unwrap().data(), [0_u8; 0]);
    assert_eq!(read(&idx(&[1; 255], &[9])).unwrap().data(), [9]);
}

#[test]
fn refuses_with_place_and_cure() {
    let cases = [
        (&b""[..], "f: ends after 0 of 4 bytes; fetch the file again"),
        (&[0, 0, 8], "f: byte 3: ends after 3 of 4 bytes; fetch the file again"),
        (b"<!doctype", "f: starts with 3c 21, not 00 00; check that no other file was saved under its name"),
        (&[0, 0, 0x0d, 1], "f: byte 2: element type 0x0d, not 0x08; convert the elements to unsigned bytes"),
        (&[0, 0, 8, 0], "f: byte 3: no dimensions, at least one wanted; correct the header"),
        (&[0, 0, 8, 2, 0, 0, 0, 1, 0], "f: byte 9: ends after 9 of 12 bytes; fetch the file again"),
        (&[0, 0, 8, 1, 0, 0, 0, 3, 7], "f: byte 9: ends after 9 of 11 bytes; fetch the file again"),
        (
            &[0, 0, 8, 1, 0, 0, 0, 1, 7, 7],
            "f: byte 9: bytes after the last element; cut the rest off, or correct the header",
        ),
    ];
    for (file, message) in cases {
        assert_eq!(refusal(file), message);
    }
    let huge = idx(&[u32::MAX; 3], &[]);
    assert!(matches!(read(&huge).unwrap_err(), IdxError { offset: 4, kind: Kind::TooLarge { dimensions }, .. }
        if dimensions.len() == 3));
}

#[test]
fn refuses_damaged_gzip() {
    let packed = gzip(&idx(&[3], &[1, 2, 3]));
    let mut wrong_checksum = packed.clone();
    wrong_checksum[packed.len() - 8] ^= 1;
    let mut followed = packed.clone();
    followed.extend(b"tail");
    let cut = packed[..packed.len() - 1].to_vec();
    for file in [vec![0x1f, 0x8b], wrong_checksum, followed, cut] {
        let error = read(&file).unwrap_err();
        assert!(matches!(error.kind, Kind::Gzip(_)), "{error}");
        assert!(error.source().is_some());
    }
}

#[test]
fn a_header_of_a_tebibyte_costs_nothing() {
    let file = idx(&[1 << 20, 1 << 20], &[0; 28]);
    let start = Instant::now();
    for file in [file.clone(), gzip(&file)] {
        let error = read(&file).unwrap_err();
        assert!(matches!(error.kind, Kind::Truncated { found: 40, expected } if expected == (1 << 40) + 12));
    }
    assert!(start.elapsed() < Duration::from_secs(1));
    let mut stream = Stream::new(&file[..], Path::new("f"));
    assert!(stream.up_to(1 << 40).unwrap().capacity() < 1 << 14);
}

#[test]
fn unpacks_no_more_than_the_header_declares() {
    let bomb = gzip(&idx(&[1], &vec![0; 1 << 26]));
    let taken = Cell::new(0);
    let meter = Meter { below: &bomb[..], taken: &taken, limit: usize::MAX };
    let error = Idx::read(meter, "bomb").unwrap_err();
    assert!(matches!(error, IdxError { offset: 9, kind: Kind::TrailingBytes, .. }), "{error}");
    assert!(taken.get() < bomb.len() / 2, "took {} of {}", taken.get(), bomb.len());
}

#[test]
fn reports_where_reading_failed() {
    let file = idx(&[100], &[5; 100]);
    for (file, offset) in [(file.clone(), Some(60)), (gzip(&file), None)] {
        for limit in 0..file.len() {
            let taken = Cell::new(0);
            let error = Idx::read(Meter { below: &file[..], taken: &taken, limit }, "disk").unwrap_err();
            assert!(matches!(error.kind, Kind::Io(_)), "{error}");
            assert_eq!(error.source().unwrap().to_string(), "unplugged");
            assert!(limit != 60 || offset.is_none_or(|offset| error.offset == offset), "{error}");
        }
    }
    let error = Idx::open("no/such/file").unwrap_err();
    assert!(error.to_string().starts_with("no/such/file: cannot be read: "), "{error}");
}

#[test]
fn pairs_images_with_labels() {
    let images = read(&idx(&[3, 2, 1], &[1, 2, 3, 4, 5, 6])).unwrap();
    let labels = read(&idx(&[3], &[0, 9, 4])).unwrap();
    let set = Images::new(images, labels).unwrap();
    assert_eq!((set.count(), set.height(), set.width(), set.classes()), (3, 2, 1, 10));
    assert_eq!([set.pixels(0), set.pixels(2)], [&[1, 2], &[5, 6]]);
    assert_eq!([set.label(0), set.label(1)], [0, 9]);
    set.check_labels(10).unwrap();
    let message = "f: byte 9: label 9 of sample 1 is not below 9; allow more classes, or correct the label";
    assert_eq!(set.check_labels(9).unwrap_err().to_string(), message);
    assert_eq!(set.check_labels(0).unwrap_err().offset, 8);
}

#[test]
fn a_set_may_be_empty() {
    let images = read(&idx(&[0, u32::MAX, u32::MAX], &[])).unwrap();
    let set = Images::new(images, read(&idx(&[0], &[])).unwrap()).unwrap();
    assert_eq!((set.count(), set.classes()), (0, 0));
    set.check_labels(0).unwrap();
}

#[test]
#[should_panic(expected = "image 1 of 1")]
fn an_image_past_the_end_panics() {
    let one = || read(&idx(&[1, 1, 1], &[0])).unwrap();
    let _ = Images::new(one(), read(&idx(&[1], &[0])).unwrap()).unwrap().pixels(1);
}

#[test]
fn refuses_what_does_not_pair() {
    let named = |name, file: Vec<u8>| Idx::read(&file[..], name).unwrap();
    let images = named("x", idx(&[2, 1, 1], &[0, 0]));
    let labels = named("y", idx(&[3], &[0, 0, 0]));
    let cases = [
        (&images, &labels, "y: byte 4: 3 labels, but 2 images in x; take both files from the same split"),
        (&labels, &labels, "y: byte 3: images [3], not [count, height, width]; check which file is which"),
        (&images, &images, "x: byte 3: labels [2, 1, 1], not [count]; check which file is which"),
    ];
    for (images, labels, message) in cases {
        assert_eq!(Images::new(images.clone(), labels.clone()).unwrap_err().to_string(), message);
    }
}

#[test]
fn finds_every_usual_name() {
    let folder = Folder::new("names");
    let (images, labels) = (idx(&[1, 1, 1], &[7]), idx(&[1], &[3]));
    for (split, prefix) in [(Split::Train, "train"), (Split::Test, "t10k")] {
        for (mark, end) in [("-", ""), ("-", ".gz"), (".", ""), (".", ".gz")] {
            let paths = [
                folder.put(&format!("{prefix}-images{mark}idx3-ubyte{end}"), &images),
                folder.put(&format!("{prefix}-labels{mark}idx1-ubyte{end}"), &gzip(&labels)),
            ];
            let set = Images::open_dir(&folder.0, split).unwrap();
            assert_eq!((set.pixels(0), set.label(0)), (&[7][..], 3));
            for path in paths {
                fs::remove_file(path).unwrap();
            }
        }
    }
    folder.put("train-images-idx3-ubyte", &images);
    let error = Images::open_dir(&folder.0, Split::Train).unwrap_err();
    let message = "holds none of train-labels-idx1-ubyte, train-labels-idx1-ubyte.gz, \
        train-labels.idx1-ubyte, train-labels.idx1-ubyte.gz; put one of them there";
    assert_eq!(error.to_string(), format!("{}: {message}", folder.0.display()));
    let file = folder.put("file", &images);
    let error = Images::open(&folder.0, &file).unwrap_err();
    assert!(matches!(error.kind, Kind::Io(_)), "{error}");
}

/// An array that fits its header, or an error whose place is no further than the content can reach.
fn judge(file: &[u8], content: usize) {
    match read(file) {
        Ok(idx) => assert_eq!(idx.dimensions().iter().product::<usize>(), idx.data().len()),
        Err(error) => {
            assert!(error.offset <= content as u64, "{error}");
            assert!(error.to_string().starts_with("f: "), "{error}");
        }
    }
}

fn valid() -> impl Strategy<Value = Vec<u8>> {
    bytes(0..6_u32, 1..5).prop_flat_map(|dimensions| {
        let count = dimensions.iter().product::<u32>() as usize;
        bytes(any::<u8>(), count).prop_map(move |data| idx(&dimensions, &data))
    })
}

proptest! {
    #[test]
    fn any_bytes(file in bytes(any::<u8>(), 0..200)) {
        judge(&file, file.len());
        judge(&gzip(&file), file.len());
        judge(&[&GZIP_MAGIC[..], &[8, 0], &file].concat(), usize::MAX);
    }

    #[test]
    fn any_header(dimensions in bytes(any::<u32>(), 1..6), data in bytes(any::<u8>(), 0..40)) {
        let file = idx(&dimensions, &data);
        judge(&file, file.len());
        judge(&gzip(&file), file.len());
    }

    #[test]
    fn every_truncation_is_refused(file in valid()) {
        assert!(read(&file).is_ok());
        for length in 0..file.len() {
            let error = read(&file[..length]).unwrap_err();
            assert_eq!(error.offset, length as u64);
            assert!(matches!(error.kind, Kind::Truncated { found, .. } if found == length as u64));
        }
        let packed = gzip(&file);
        assert!(read(&packed).is_ok());
        for length in 2..packed.len() {
            let error = read(&packed[..length]).unwrap_err();
            assert!(matches!(error.kind, Kind::Gzip(_)), "{} of {}: {}", length, packed.len(), error);
        }
    }

    #[test]
    fn flipped_bits(file in valid(), place in any::<prop::sample::Index>(), bit in 0..8_u32) {
        for file in [file.clone(), gzip(&file)] {
            let mut flipped = file.clone();
            flipped[place.index(file.len())] ^= 1 << bit;
            judge(&flipped, usize::MAX);
        }
    }

    #[test]
    fn every_tail_is_refused(file in valid(), tail in bytes(any::<u8>(), 1..40)) {
        let longer = [&file[..], &tail[..]].concat();
        for longer in [longer.clone(), gzip(&longer)] {
            let error = read(&longer).unwrap_err();
            assert_eq!(error.offset, file.len() as u64);
            assert!(matches!(error.kind, Kind::TrailingBytes));
        }
    }
}
