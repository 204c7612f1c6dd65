//! Where the conformance corpus is.

use std::path::PathBuf;

/// Folder of the corpus: `CLAVIGER_CORPUS`, else `shared/corpus` beside the repository.
pub(crate) fn corpus() -> PathBuf {
    std::env::var_os("CLAVIGER_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus")),
        PathBuf::from,
    )
}

/// Says loudly that a replay did not take place.
pub(crate) fn skipped(what: &str) {
    println!("SKIPPED: N/A corpus absent (CLAVIGER_CORPUS={}): 0 {what}", corpus().display());
}
