//! What rustc printed, read back: each error's headline and the source that it underlines.

use std::ops::Range;

/// An error with its primary span: lines and columns count from 1, the end is its last character.
pub struct Recorded<'a> {
    pub message: &'a str,
    pub file: &'a str,
    begin: (usize, usize),
    end: (usize, usize),
}

impl Recorded<'_> {
    /// The bytes of `code` that it underlines.
    pub fn range(&self, code: &str) -> Result<Range<usize>, String> {
        let byte = |(line, column): (usize, usize)| {
            let text = code.split_inclusive('\n').nth(line - 1)?;
            let (offset, letter) = text.char_indices().nth(column - 1)?;
            let begin = text.as_ptr() as usize - code.as_ptr() as usize + offset;
            Some((begin, begin + letter.len_utf8()))
        };
        let ends = byte(self.begin).zip(byte(self.end));
        let ((begin, _), (_, end)) = ends.ok_or_else(|| format!("`{}` is outside of the case", self.message))?;
        Ok(begin..end)
    }
}

/// All errors, which are `wanted` many; a warning is refused.
pub fn errors(stderr: &str, wanted: usize) -> Result<Vec<Recorded<'_>>, String> {
    let lines: Vec<_> = stderr.lines().collect();
    if let Some(warning) = lines.iter().find(|line| line.starts_with("warning")) {
        return Err(format!("there is a warning: {warning}"));
    }
    let starts: Vec<_> = (0..lines.len()).filter(|at| lines[*at].starts_with("error")).collect();
    if starts.len() != wanted {
        return Err(format!("{} errors for {wanted} mistakes", starts.len()));
    }
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    starts.iter().zip(ends).map(|(begin, end)| error(&lines[*begin..end])).collect()
}

fn error<'a>(lines: &[&'a str]) -> Result<Recorded<'a>, String> {
    let message = lines[0];
    let fault = |what: &str| format!("`{message}` has no {what}");
    let at = lines.iter().position(|line| line.trim_start().starts_with("--> ")).ok_or_else(|| fault("place"))?;
    let mut words = lines[at].trim_start().trim_start_matches("--> ").splitn(2, ':');
    let file = words.next().unwrap_or_default();
    let numbers = words.next().and_then(|numbers| numbers.split_once(':'));
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    let begin = numbers.and_then(|(line, column)| number(line).zip(number(column)));
    let begin = begin.ok_or_else(|| fault(&format!("line and column in {file}")))?;
    let snippet: Vec<_> = lines[at + 1..].iter().map_while(|line| drawn(line)).collect();
    let end = last(&snippet, begin).ok_or_else(|| fault("underline at its place"))?;
    Ok(Recorded { message, file, begin, end })
}

/// A line of a snippet: its number, if it shows source, and what stands right of the bar.
fn drawn(line: &str) -> Option<(Option<usize>, &str)> {
    if line == "..." {
        return Some((None, ""));
    }
    let (number, text) = line.split_once('|')?;
    let number = number.trim();
    if number.is_empty() { Some((None, text)) } else { Some((Some(number.parse().ok()?), text)) }
}

/// The last line and column of the span that begins there.
fn last(snippet: &[(Option<usize>, &str)], begin: (usize, usize)) -> Option<(usize, usize)> {
    let at = snippet.iter().position(|(number, _)| *number == Some(begin.0))?;
    let source = snippet[at].1;
    let marks = snippet[at + 1..].iter().take_while(|(number, _)| number.is_none()).map(|(_, text)| *text);
    // ` 3 | code` and below it `^^^`: one space stands before the first column, or three, where another span is longer.
    let one_line = marks.clone().find_map(|text| {
        let column = text.chars().position(|letter| letter == '^')?;
        let width = text.chars().skip(column).take_while(|letter| *letter == '^').count();
        let is_here = column == begin.1 || column == begin.1 + 2 && text.starts_with("  _");
        (is_here && !text.ends_with("_^")).then_some((begin.0, begin.1 + width - 1))
    });
    // A span of several lines has a bar of its own, two more columns, and `_` up to both ends.
    let opens = || source.starts_with(" / ") && begin.1 == 1 + indent(&source[3..]);
    let turns = |text: &str| text.ends_with("_^") && text.chars().count() == begin.1 + 3;
    let several_lines = || {
        if !opens() && !marks.clone().any(turns) {
            return None;
        }
        let (end, text) = snippet[at + 1..].iter().enumerate().find(|(_, (_, text))| text.starts_with(" |_"))?;
        let line = snippet[at + 1..][..end].iter().rev().find_map(|(number, _)| *number)?;
        let column = text.1.chars().position(|letter| letter == '^')?;
        Some((line, column - 2))
    };
    one_line.or_else(several_lines)
}

fn indent(text: &str) -> usize {
    text.len() - text.trim_start().len()
}
