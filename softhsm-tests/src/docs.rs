//! Parts of documents that are made from code, and words for the person who runs the tests.

use std::io::Write;
use std::path::Path;

/// Environment variable that has generated parts rewritten instead of compared.
pub const UPDATE_VARIABLE: &str = "CLAVIGER_UPDATE_DOCS";

/// Says something even if the test passes: the harness keeps only what goes through the macros.
///
/// # Panics
///
/// If standard error is closed.
pub fn say(text: &str) {
    // In one write, so that lines of tests that run at the same time stay whole.
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// The lines of a guide's shell blocks.
#[must_use]
pub fn commands(guide: &str) -> Vec<&str> {
    let lines = blocks(guide).into_iter().flat_map(str::lines);
    lines.filter(|line| !line.trim().is_empty()).collect()
}

/// A guide's shell blocks.
#[must_use]
pub fn blocks(guide: &str) -> Vec<&str> {
    blocks_of(guide, "sh")
}

/// A guide's blocks in this language.
#[must_use]
pub fn blocks_of<'a>(guide: &'a str, language: &str) -> Vec<&'a str> {
    let mark = format!("```{language}\n");
    guide.split(mark.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// Compares the part of `file` between `<!-- begin NAME -->` and `<!-- end NAME -->` with `part`,
/// or rewrites it if [`UPDATE_VARIABLE`] is set.
///
/// # Panics
///
/// If they differ.
pub fn check_part(file: &Path, name: &str, part: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let marks = text
        .split_once(&begin)
        .and_then(|(head, rest)| rest.split_once(&end).map(|(old, tail)| (head, old, tail)));
    let Some((head, old, tail)) = marks else {
        panic!("{} has no part {name:?} between its two marks", file.display())
    };
    let part = format!("{}\n", part.trim());
    if old == part {
        return;
    }
    assert!(
        std::env::var_os(UPDATE_VARIABLE).is_some(),
        "part {name:?} of {} is out of date: run the tests once with {UPDATE_VARIABLE}=1",
        file.display()
    );
    std::fs::write(file, format!("{head}{begin}{part}{end}{tail}")).unwrap();
}
