//! The conformance corpus: where it is, and what its index says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::program;

/// Environment variable that names the corpus' folder.
pub const CORPUS_VARIABLE: &str = "CLAVIGER_CORPUS";

/// The corpus' folder, if it is there.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let default = || program::repository().join("../shared/corpus");
    let folder = std::env::var_os(CORPUS_VARIABLE).map_or_else(default, PathBuf::from);
    folder.join("index.tsv").is_file().then_some(folder)
}

/// Whether a case is for servers like this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// It must pass, in the end.
    Yes,
    /// It depends on what the token or the operator allows.
    Conditional,
}

/// One line of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// `version/NAME`.
    pub id: String,
    /// Protocol version.
    pub version: String,
    /// Name.
    pub name: String,
    /// Profile family.
    pub family: String,
    /// Whether a server that claims the profile must pass it.
    pub mandatory: bool,
    /// The operations in it.
    pub operations: Vec<String>,
    /// For whom it is.
    pub applies: Applies,
}

/// A case that is not for servers like this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// `version/NAME`.
    pub id: String,
    /// Why.
    pub why: String,
}

/// The lines of the index, by the names of its columns.
fn index(folder: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(folder.join("index.tsv")).unwrap();
    let mut lines = text.lines();
    let head = lines.next().unwrap().split('\t').map(str::to_owned).collect::<Vec<_>>();
    let row = |line: &str| {
        head.iter().cloned().zip(line.split('\t').map(str::to_owned)).collect::<BTreeMap<_, _>>()
    };
    lines.map(row).collect()
}

fn id(row: &BTreeMap<String, String>) -> String {
    format!("{}/{}", row["version"], row["name"])
}

/// The cases of the index that are for servers like this one, sorted.
///
/// # Panics
///
/// If the index is not as its description says.
#[must_use]
pub fn cases(folder: &Path) -> Vec<Case> {
    let case = |row: BTreeMap<String, String>| {
        let applies = match row["applies"].as_str() {
            "yes" => Applies::Yes,
            "conditional" => Applies::Conditional,
            _ => return None,
        };
        Some(Case {
            id: id(&row),
            version: row["version"].clone(),
            name: row["name"].clone(),
            family: row["family"].clone(),
            mandatory: row["level"] == "mandatory",
            operations: row["operations"].split(',').map(str::to_owned).collect(),
            applies,
        })
    };
    let mut cases = index(folder).into_iter().filter_map(case).collect::<Vec<_>>();
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    cases
}

/// The cases of KMIP 1.x that no server like this one can play, sorted.
///
/// # Panics
///
/// As [`cases`].
#[must_use]
pub fn left_out(folder: &Path) -> Vec<LeftOut> {
    let rows = index(folder).into_iter();
    let rows = rows.filter(|row| row["version"].starts_with("1.") && row["applies"] == "no");
    let case = |row: BTreeMap<String, String>| LeftOut { id: id(&row), why: row["why"].clone() };
    let mut cases = rows.map(case).collect::<Vec<_>>();
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    cases
}
