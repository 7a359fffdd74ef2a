//! Text put together at compile time: messages whose numbers only rustc knows.

use core::{fmt, str};

/// A text of at most `N` bytes; what does not fit is cut off.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Text<N> {
    /// No text yet.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "`Default` cannot be used at compile time")]
    pub const fn new() -> Self {
        Self { bytes: [0; N], length: 0 }
    }

    /// Adds words.
    pub const fn push(&mut self, words: &str) -> &mut Self {
        let words = words.as_bytes();
        let mut i = 0;
        while i < words.len() && self.length < N {
            self.bytes[self.length] = words[i];
            self.length += 1;
            i += 1;
        }
        self
    }

    /// Adds a number in decimals.
    pub const fn number(&mut self, number: usize) -> &mut Self {
        const DIGITS: &str = "0123456789";
        if number >= 10 {
            self.number(number / 10);
        }
        self.push(DIGITS.split_at(number % 10).1.split_at(1).0)
    }

    /// Adds a number in decimals, its thousands apart: `61,706`.
    pub const fn thousands(&mut self, number: usize) -> &mut Self {
        if number < 1000 {
            return self.number(number);
        }
        let rest = number % 1000;
        self.thousands(number / 1000).push(",");
        self.number(rest / 100).number(rest / 10 % 10).number(rest % 10)
    }

    /// Adds a shape: `[6, 28, 28]`.
    pub const fn sizes(&mut self, shape: &[usize]) -> &mut Self {
        self.push("[");
        let mut i = 0;
        while i < shape.len() {
            self.push(if i == 0 { "" } else { ", " }).number(shape[i]);
            i += 1;
        }
        self.push("]")
    }

    /// Adds blanks.
    pub const fn blanks(&mut self, count: usize) -> &mut Self {
        let mut i = 0;
        while i < count {
            self.push(" ");
            i += 1;
        }
        self
    }

    /// The text so far.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            // Cut within a letter: all before it.
            Err(error) => match str::from_utf8(self.bytes.split_at(error.valid_up_to()).0) {
                Ok(text) => text,
                Err(_) => "",
            },
        }
    }

    /// All bytes, those behind the text being 0.
    #[must_use]
    pub const fn bytes(&self) -> [u8; N] {
        self.bytes
    }
}

/// How many columns a text takes: its letters, not its bytes.
#[must_use]
pub const fn columns(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut columns, mut i) = (0, 0);
    while i < bytes.len() {
        // A letter of several bytes goes on with bytes that begin with the bits 10.
        if bytes[i] & 0b1100_0000 != 0b1000_0000 {
            columns += 1;
        }
        i += 1;
    }
    columns
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shapes_are_written_in_decimals() {
        const TEXT: Text<64> = {
            let mut text = Text::new();
            text.push("from ").sizes(&[1, 280, 9_065]).push(" to ").number(usize::MAX).blanks(2).push("…");
            text
        };
        assert_eq!(TEXT.as_str(), "from [1, 280, 9065] to 18446744073709551615  …");
        let mut numbers = Text::<32>::new();
        numbers.thousands(0).push(" ").thousands(999).push(" ").thousands(1000).push(" ").thousands(1_234_067);
        assert_eq!(numbers.as_str(), "0 999 1,000 1,234,067");
        assert_eq!(columns(TEXT.as_str()), TEXT.as_str().chars().count());
    }

    #[test]
    fn what_does_not_fit_is_cut_off_behind_a_letter() {
        let mut text = Text::<7>::new();
        text.push("ab…c…");
        assert_eq!(text.as_str(), "ab…c");
    }
}
