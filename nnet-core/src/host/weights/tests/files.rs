//! Files on a disk: replaced at once or left alone, through links, with their permissions.

use std::io;
use std::path::PathBuf;
use std::process;

use super::*;

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("nnet-{}-{name}", process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

fn entries(folder: &Path) -> Vec<std::ffi::OsString> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name()).collect()
}

#[test]
fn a_file_is_replaced_at_once_or_stays() {
    let folder = folder("replace");
    let path = folder.join("weights.safetensors");
    fs::write(&path, "old").expect("a writable folder");
    let mut bad = network::<Single>();
    bad.w[0][0] = f32::INFINITY;
    save(&bad, &path).expect_err("infinite weights");
    assert_eq!(fs::read(&path).expect("the old file"), b"old");
    save(&network::<Single>(), &path).expect("a writable folder");
    assert_eq!(entries(&folder), ["weights.safetensors"]);
    let mut into = Single::ZERO;
    load(&mut into, &path).expect("the file just written");
    assert_eq!(into, network());
    fs::remove_dir_all(&folder).expect("a folder of our own");
}

#[test]
fn a_failure_leaves_nothing_behind_and_names_the_file() {
    let folder = folder("failure");
    // A folder cannot be replaced by a file.
    let path = folder.join("taken");
    fs::create_dir(&path).expect("a writable folder");
    let error = save(&network::<Single>(), &path).expect_err("a folder is in the way");
    assert!(matches!(error.kind, WeightsErrorKind::NotAFile(Obstacle::Directory)), "{error}");
    assert!(error.to_string().ends_with("taken: is a directory; name a file in it"), "{error}");
    assert_eq!(entries(&folder), ["taken"]);
    let error = save(&network::<Single>(), "").expect_err("no file name");
    assert!(error.to_string().contains("cannot be written: not the name of a file"), "{error}");
    let error = save(&network::<Single>(), folder.join("absent/a")).expect_err("no such folder");
    assert!(matches!(error.kind, WeightsErrorKind::Write(_)), "{error}");
    let error = load(&mut network::<Single>(), folder.join("absent")).expect_err("no such file");
    assert!(matches!(&error.kind, WeightsErrorKind::Read(error) if error.kind() == io::ErrorKind::NotFound));
    assert!(error.to_string().contains("absent: cannot be read: "), "{error}");
    fs::remove_dir_all(&folder).expect("a folder of our own");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    use super::*;

    fn obstacle(path: &Path) -> Obstacle {
        let error = save(&network::<Single>(), path).expect_err("not a file");
        assert!(error.to_string().starts_with(&format!("{}: is ", path.display())), "{error}");
        match error.kind {
            WeightsErrorKind::NotAFile(obstacle) => obstacle,
            kind => panic!("{kind}"),
        }
    }

    #[test]
    fn a_link_stays_and_its_file_is_replaced() {
        let folder = folder("link");
        let (file, link) = (folder.join("runs/7.safetensors"), folder.join("latest.safetensors"));
        fs::create_dir(folder.join("runs")).expect("a writable folder");
        fs::write(&file, "old").expect("a writable folder");
        symlink("runs/7.safetensors", &link).expect("a writable folder");
        save(&network::<Single>(), &link).expect("a link to a file");
        assert_eq!(fs::read_link(&link).expect("still a link"), Path::new("runs/7.safetensors"));
        assert_eq!(entries(&folder.join("runs")), ["7.safetensors"]);
        let mut into = Single::ZERO;
        load(&mut into, &file).expect("the file just written");
        assert_eq!(into, network());
        fs::remove_dir_all(&folder).expect("a folder of our own");
    }

    #[test]
    fn permissions_stay() {
        let folder = folder("mode");
        let path = folder.join("a");
        for mode in [0o600, 0o664, 0o444] {
            fs::write(&path, "old").expect("a writable folder");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a file of our own");
            save(&network::<Single>(), &path).expect("a writable folder");
            let found = fs::metadata(&path).expect("the file just written").permissions().mode();
            assert_eq!(found & 0o7777, mode, "{found:o}");
            fs::remove_file(&path).expect("a file of our own");
        }
        fs::remove_dir_all(&folder).expect("a folder of our own");
    }

    #[test]
    fn what_is_not_a_file_is_left_alone() {
        let folder = folder("obstacles");
        let [socket, pipe, link, dangling] = ["socket", "pipe", "link", "dangling"].map(|name| folder.join(name));
        let _listener = UnixListener::bind(&socket).expect("a writable folder");
        assert_eq!(obstacle(&socket), Obstacle::Socket);
        let made = process::Command::new("mkfifo").arg(&pipe).status().expect("a command of POSIX");
        assert!(made.success());
        assert_eq!(obstacle(&pipe), Obstacle::Pipe);
        symlink(&folder, &link).expect("a writable folder");
        assert_eq!(obstacle(&link), Obstacle::Directory);
        symlink("nowhere", &dangling).expect("a writable folder");
        assert_eq!(obstacle(&dangling), Obstacle::DanglingLink);
        let mut left = entries(&folder);
        left.sort();
        assert_eq!(left, ["dangling", "link", "pipe", "socket"]);
        // Not with `save`: were it wrong, the machine would lose its device.
        let device = file::target(Path::new("/dev/null")).expect_err("a device");
        assert!(matches!(device, WeightsErrorKind::NotAFile(Obstacle::Device)), "{device}");
        fs::remove_dir_all(&folder).expect("a folder of our own");
    }
}
