//! A look at a safetensors header before it is parsed: 8 bytes of length, then JSON.
//!
//! The parser adds up what the header claims; a number larger than the file would overflow there.

use std::format;
use std::string::String;

/// Checks that no number in the header exceeds the length of the file, and says which does.
///
/// Everything else that may be wrong is left to the parser.
pub(super) fn check(file: &[u8]) -> Result<(), String> {
    let Some((length, rest)) = file.split_first_chunk() else {
        return Err(format!("{} bytes are too few for a header", file.len()));
    };
    let length = u64::from_le_bytes(*length);
    let Some(header) = usize::try_from(length).ok().and_then(|length| rest.get(..length)) else {
        return Err(format!("a header of {length} bytes in a file of {}", file.len()));
    };
    let too_large = numbers(header).find(|digits| !is_at_most(digits, file.len()));
    match too_large {
        Some(digits) => {
            let digits = String::from_utf8_lossy(&digits[..digits.len().min(40)]);
            Err(format!("the number {digits} in the header of a file of {} bytes", file.len()))
        }
        None => Ok(()),
    }
}

/// Whether a file that is no safetensors file looks like one of `torch.save`: a zip archive, or in old versions a pickle.
///
/// The bytes are also those of a header's length, but of one beyond all limits.
pub(super) fn is_torch_save(file: &[u8]) -> bool {
    match file {
        [b'P', b'K', 3, 4, ..] => true,
        // Protocol 2 to 5. A safetensors file that was cut short has four zeros here.
        [0x80, 2..=5, _, _, rest @ ..] => rest.iter().take(4).any(|&byte| byte != 0),
        _ => false,
    }
}

/// The runs of digits outside the strings of a JSON text.
fn numbers(json: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut in_string, mut escaped) = (false, false);
    let outside_digit = move |&byte: &u8| {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            return false;
        }
        in_string = byte == b'"';
        byte.is_ascii_digit()
    };
    let mut is_digit = outside_digit;
    json.split(move |byte| !is_digit(byte)).filter(|digits| !digits.is_empty())
}

fn is_at_most(digits: &[u8], limit: usize) -> bool {
    let text = str::from_utf8(digits).ok();
    text.and_then(|text| text.parse::<usize>().ok()).is_some_and(|number| number <= limit)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn numbers_are_found_outside_of_strings() {
        let json = br#"{"a1\"2": [34, 5], "\\": 6, "7": {"x": 89}, "open 1"#;
        let found: Vec<_> = numbers(json).map(|digits| str::from_utf8(digits).expect("digits")).collect();
        assert_eq!(found, ["34", "5", "6", "89"]);
    }

    #[test]
    fn a_number_beyond_the_file_is_named() {
        let file = |json: &str| [&(json.len() as u64).to_le_bytes()[..], json.as_bytes()].concat();
        assert_eq!(check(&file("[17, 16]")), Err("the number 17 in the header of a file of 16 bytes".into()));
        assert_eq!(check(&file("[16, \"99\"]")), Ok(()));
        let long = file(&"9".repeat(100));
        assert!(check(&long).is_err_and(|text| text.contains(&"9".repeat(40)) && text.len() < 100));
        assert!(check(&[255; 20]).is_err() && check(&[0; 7]).is_err());
    }

    #[test]
    fn files_of_torch_save_are_told_from_truncated_ones() {
        // The first bytes of torch.save, with zip (the default) and without.
        assert!(is_torch_save(b"PK\x03\x04\x00\x00\x08\x08\x00\x00"));
        assert!(is_torch_save(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."));
        // Headers of 640 and 19,280 bytes.
        assert!(!is_torch_save(&[0x80, 2, 0, 0, 0, 0, 0, 0, b'{', b'"']));
        assert!(!is_torch_save(&[b'P', b'K', 0, 0, 0, 0, 0, 0, b'{', b'"']));
        assert!(!is_torch_save(&[]) && !is_torch_save(&[0x80, 2]));
    }
}
