//! Columns of text, as wide as their widest entry.

use nnet_core::text::Text;

/// Which way a column is aligned.
#[derive(Clone, Copy, PartialEq)]
pub enum Align {
    Left,
    Right,
}

/// The rows with their columns aligned, two spaces between them.
pub fn align<const N: usize>(columns: [Align; N], rows: &[[String; N]]) -> Vec<String> {
    let mut widths = [0; N];
    for row in rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = text.chars().count().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).zip(columns).map(|((text, width), align)| match align {
            Align::Left => format!("{text:width$}"),
            Align::Right => format!("{text:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// `61,706`
pub fn thousands(number: usize) -> String {
    Text::<32>::new().thousands(number).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "1"], ["bcd", "23"]].map(|row| row.map(str::to_owned));
        assert_eq!(align([Align::Left, Align::Right], &rows), ["a     1", "bcd  23"]);
    }
}
