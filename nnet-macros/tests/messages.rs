//! Each case of `tests/ui` names its mistakes, and the recorded messages are held against them: one error for each
//! mistake, in the faulty place, and no other.
//!
//! A case ends with a line for each error, in their order. It quotes the source that the error must underline, or a part
//! of: `// wrong: kernel = [2, 5]`. Text that stands there more than once is quoted with what is around it:
//! `// wrong: 0 in none: Linear(0)`. A line break counts as a space: `// wrong: { } in -> [4] { }`.

use std::fs;
use std::ops::Range;
use std::path::Path;

#[path = "messages/recorded.rs"]
mod recorded;

/// There are at least so many cases.
const CASES: usize = 70;

const MARK: &str = "// wrong: ";

/// The mistakes that a case names, and its source before them.
fn mistakes(source: &str) -> Result<(&str, Vec<&str>), String> {
    let begin = source.find(MARK).ok_or("the case names no mistake; end it with `// wrong: ..`")?;
    let (code, marks) = source.split_at(begin);
    let marks: Option<Vec<_>> = marks.lines().map(|line| line.strip_prefix(MARK).map(str::trim)).collect();
    match marks {
        Some(marks) if code.ends_with('\n') => Ok((code, marks)),
        _ => Err("the mistakes stand at the end, each on a line of its own".to_owned()),
    }
}

/// Where `mistake` stands in the code.
fn place(code: &str, mistake: &str) -> Result<Range<usize>, String> {
    let once = |text: &str, around: Range<usize>| {
        let found = occurrences(&code[around.clone()], text);
        match &found[..] {
            [one] => Ok(around.start + one.start..around.start + one.end),
            _ => Err(format!("`{text}` of `{MARK}{mistake}` stands there {} times, not once", found.len())),
        }
    };
    match mistake.split_once(" in ") {
        Some((text, around)) => once(text, once(around, 0..code.len())?),
        None => once(mistake, 0..code.len()),
    }
}

/// Where the words of `text` stand, with any space between them; no word is part of a longer one.
fn occurrences(code: &str, text: &str) -> Vec<Range<usize>> {
    code.char_indices()
        .filter_map(|(begin, _)| {
            let end = begin + length_of(&code[begin..], text)?;
            let is_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
            let splits = |at: usize| is_word(code[..at].chars().next_back()) && is_word(code[at..].chars().next());
            (!splits(begin) && !splits(end)).then_some(begin..end)
        })
        .collect()
}

/// How much of `code` is `text`, if it begins so.
fn length_of(code: &str, text: &str) -> Option<usize> {
    let mut rest = code;
    for (position, word) in text.split_whitespace().enumerate() {
        let next = rest.trim_start();
        if position > 0 && next.len() == rest.len() || position == 0 && next.len() < rest.len() {
            return None;
        }
        rest = next.strip_prefix(word)?;
    }
    Some(code.len() - rest.len())
}

/// Holds a case against its recorded messages; gives the number of errors.
fn check(name: &str, source: &str, stderr: &str) -> Result<usize, String> {
    let (code, mistakes) = mistakes(source)?;
    let errors = recorded::errors(stderr, mistakes.len())?;
    for (error, mistake) in errors.iter().zip(mistakes) {
        if error.file != format!("tests/ui/{name}.rs") {
            return Err(format!("`{}` is reported in {}", error.message, error.file));
        }
        let (found, wanted) = (error.range(code)?, place(code, mistake)?);
        if found.start < wanted.start || found.end > wanted.end {
            return Err(format!("`{}` underlines `{}`, not `{mistake}`", error.message, &code[found]));
        }
    }
    Ok(errors.len())
}

/// The names of the files in `tests/ui` that end so.
fn names(folder: &Path, extension: &str) -> Vec<String> {
    let files = fs::read_dir(folder).expect("the folder of cases").map(|file| file.expect("a file").path());
    let mut names: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn each_mistake_is_one_error_in_its_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let cases = names(&folder, "rs");
    assert_eq!(cases, names(&folder, "stderr"), "each case has its messages, and they their case");
    let read = |name: &str, extension: &str| {
        fs::read_to_string(folder.join(name).with_extension(extension)).expect("a file of the folder")
    };
    let (mut errors, mut faults) = (0, Vec::new());
    for name in &cases {
        match check(name, &read(name, "rs"), &read(name, "stderr")) {
            Ok(found) => errors += found,
            Err(why) => faults.push(format!("tests/ui/{name}.rs: {why}")),
        }
    }
    println!("messages: {} cases, {} right with {errors} errors", cases.len(), cases.len() - faults.len());
    assert!(faults.is_empty(), "{} cases are wrong:\n{}", faults.len(), faults.join("\n"));
    assert!(cases.len() >= CASES, "{} cases, fewer than {CASES}", cases.len());
}

#[cfg(test)]
mod refusals {
    use super::check;

    const SOURCE: &str = "network! {\n    struct Net: [4] -> [4] {\n        Linear(0),\n    }\n}\n";
    const MESSAGE: &str = "\
error: out is 0
 --> tests/ui/case.rs:3:16
  |
3 |         Linear(0),
  |                ^
";

    fn refused(marks: &str, stderr: &str) -> String {
        check("case", &format!("{SOURCE}{marks}"), stderr).expect_err("this must be refused")
    }

    #[test]
    fn a_right_case_passes() {
        for place in ["0 in Linear(0)", "Linear(0)", "{ Linear(0), }"] {
            assert_eq!(check("case", &format!("{SOURCE}// wrong: {place}\n"), MESSAGE), Ok(1), "{place}");
        }
    }

    #[test]
    fn spans_of_several_lines_are_read() {
        let around = "error: why\n --> tests/ui/case.rs:2:28\n  |\n2 |       struct Net: [4] -> [4] {\n  |  ____________________________^\n\
                      3 | |         Linear(0),\n4 | |     }\n  | |_____^\n";
        let (block, layer) = ("// wrong: { Linear(0), }\n", "// wrong: Linear(0)\n");
        assert_eq!(check("case", &format!("{SOURCE}{block}"), around), Ok(1));
        assert!(refused(layer, around).contains("underlines `{\n"));
        let whole = "error: why\n --> tests/ui/case.rs:1:1\n  |\n1 | / network! {\n2 | |     struct Net: [4] -> [4] {\n\
                     3 | |         Linear(0),\n4 | |     }\n5 | | }\n  | |_^ label\n";
        assert!(refused(block, whole).contains("underlines `network! {\n"));
    }

    #[test]
    fn an_error_that_follows_is_refused() {
        let why = refused("// wrong: Linear(0)\n", &format!("{MESSAGE}\n{MESSAGE}"));
        assert_eq!(why, "2 errors for 1 mistakes");
        assert_eq!(refused("// wrong: Linear(0)\n", ""), "0 errors for 1 mistakes");
        let warned = format!("warning: unused\n --> tests/ui/case.rs:1:1\n\n{MESSAGE}");
        assert!(refused("// wrong: Linear(0)\n", &warned).contains("a warning"));
    }

    #[test]
    fn another_place_is_refused() {
        assert!(refused("// wrong: [4] in Net: [4]\n", MESSAGE).contains("underlines `0`, not"));
        let elsewhere = MESSAGE.replace("tests/ui/case.rs", "$RUST/core/src/mem/mod.rs");
        assert!(refused("// wrong: Linear(0)\n", &elsewhere).contains("is reported in $RUST"));
        let hidden = MESSAGE.replace("tests/ui/case.rs:3:16", "$RUST/core/src/mem/mod.rs");
        assert!(refused("// wrong: Linear(0)\n", &hidden).contains("no line and column in $RUST"));
        let wide = MESSAGE.replace("               ^", "               ^^");
        assert!(refused("// wrong: 0 in Linear(0)\n", &wide).contains("underlines `0)`, not"));
        assert!(refused("// wrong: Linear(0)\n", &MESSAGE.replace(":16", ":17")).contains("no underline at"));
        assert!(refused("// wrong: Linear(0)\n", "error: out is 0\n").contains("no place"));
    }

    #[test]
    fn underlines_beside_longer_spans_are_read() {
        let beside = "error: why\n --> tests/ui/case.rs:3:9\n  |\n3 |           Linear(0),\n  |  _________^^^^^^-\n\
                      4 | |     }\n  | |_____- help: why\n";
        assert_eq!(check("case", &format!("{SOURCE}// wrong: Linear in Linear(0)\n"), beside), Ok(1));
        assert!(refused("// wrong: 0 in Linear(0)\n", beside).contains("underlines `Linear`"));
    }

    #[test]
    fn unclear_marks_are_refused() {
        assert!(refused("", MESSAGE).contains("names no mistake"));
        assert!(refused("// wrong: Linear(0)\n\nfn main() {}\n", MESSAGE).contains("at the end"));
        assert!(refused("// wrong: [4]\n", MESSAGE).contains("2 times, not once"));
        assert!(refused("// wrong: Linear(1)\n", MESSAGE).contains("0 times, not once"));
        assert!(refused("// wrong: 0 in Linear\n", MESSAGE).contains("0 times, not once"));
        assert!(refused("// wrong: near\n", MESSAGE).contains("0 times"), "a part of a word");
    }
}

/// An error without what is different in another file: where it is reported, and the frame around the source.
fn said(error: &str) -> Vec<&str> {
    let is_frame = |line: &&str| line.trim_start().starts_with("-->") || line.trim_start().starts_with("= note");
    error.lines().filter(|line| !is_frame(line) && line.trim() != "|" && !line.trim().is_empty()).collect()
}

#[test]
fn the_errors_in_the_readme_are_recorded() {
    let readme = fs::read_to_string("../README.md").expect("the README");
    // To a bound that is not met rustc adds more than the README shows.
    let is_whole = |block: &&str| block.starts_with("error") && !block.starts_with("error[E0277]");
    let shown: Vec<_> = readme.split("```text\n").filter(is_whole).collect();
    assert!(shown.len() >= 5, "{} errors in the README", shown.len());
    let folder = Path::new("tests/ui");
    let recorded: Vec<_> = names(folder, "stderr")
        .iter()
        .map(|name| fs::read_to_string(folder.join(format!("{name}.stderr"))).expect("a file"))
        .collect();
    for block in shown {
        let (error, _) = block.split_once("\n```").expect("the end of the block");
        assert!(recorded.iter().any(|stderr| said(stderr) == said(error)), "nothing says\n{error}");
    }
}
