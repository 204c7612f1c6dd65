//! The conformance corpus: where it is, and what its index says.

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
    /// Profile family.
    pub family: String,
    /// For whom it is.
    pub applies: Applies,
}

/// The cases of the index that are for servers like this one, sorted.
///
/// # Panics
///
/// If the index is not as its description says.
#[must_use]
pub fn cases(folder: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(folder.join("index.tsv")).unwrap();
    let mut lines = text.lines();
    let head = lines.next().unwrap().split('\t').collect::<Vec<_>>();
    let column = |name: &str| {
        let found = head.iter().position(|title| *title == name);
        found.unwrap_or_else(|| panic!("the index has no column {name}"))
    };
    let (version, name, family, applies) =
        (column("version"), column("name"), column("family"), column("applies"));
    let case = |line: &str| {
        let fields = line.split('\t').collect::<Vec<_>>();
        let applies = match fields[applies] {
            "yes" => Applies::Yes,
            "conditional" => Applies::Conditional,
            _ => return None,
        };
        Some(Case {
            id: format!("{}/{}", fields[version], fields[name]),
            version: fields[version].to_owned(),
            family: fields[family].to_owned(),
            applies,
        })
    };
    let mut cases = lines.filter_map(case).collect::<Vec<_>>();
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    cases
}
