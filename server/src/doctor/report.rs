//! What the examination found, as a table and as JSON.

use std::fmt::Write;
use std::path::Path;

use hsm_backend::TokenInfo;
use serde_json::json;

use super::examine::{Row, Verdict};
use super::promise::{Policy, Problem};
use super::words::Group;
use crate::text::number;

const NAME: usize = 26;
const VERDICT: usize = 13;
const MECHANISM: usize = 26;
const RATE: usize = 9;

/// What the token says of itself.
pub(super) fn header(module: &Path, info: &TokenInfo, policy: &Policy) -> String {
    let sessions = info
        .max_sessions
        .map_or_else(|| "it tells no limit".to_owned(), |most| format!("{most} at once"));
    let wanted = policy
        .max_sessions
        .map_or_else(String::new, |wanted| format!("; token.max_sessions = {wanted}"));
    format!(
        "token     {:?}, serial number {}\n\
         model     {}, {}, firmware {}\n\
         library   {}\n\
         sessions  {sessions}{wanted}",
        info.label,
        info.serial,
        info.model,
        info.manufacturer,
        info.firmware,
        module.display(),
    )
}

/// What stands above the lines of a group.
pub(super) fn title(group: Group) -> String {
    let (title, counted) = group.title();
    format!("\n{title}\n(rate: {counted}, a second)\n")
}

/// One line of the table.
pub(super) fn line(row: &Row) -> String {
    let rate = row.rate_per_second.map_or_else(String::new, number);
    let mechanism = row.mechanism.as_deref().unwrap_or_default();
    let note = row.error.as_ref().unwrap_or(&row.note);
    let line = format!(
        "{:<NAME$} {:<VERDICT$} {mechanism:<MECHANISM$} {rate:>RATE$}  {note}",
        row.algorithm, row.verdict
    );
    line.trim_end().to_owned()
}

/// What it comes to.
pub(super) fn summary(rows: &[Row], problems: &[Problem]) -> String {
    let count = |verdict: &Verdict| rows.iter().filter(|row| row.verdict == *verdict).count();
    let counts = Verdict::ALL.iter().map(|verdict| (count(verdict), verdict));
    let counts: Vec<_> =
        counts.filter(|(n, _)| *n > 0).map(|(n, verdict)| format!("{n} {verdict}")).collect();
    let mut text = format!("\n{} algorithms: {}\n", rows.len(), counts.join("; "));
    if problems.is_empty() {
        text.push_str("Everything that the configuration promises can be done.");
        return text;
    }
    text.push_str("What the configuration promises and cannot be done:");
    for problem in problems {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n- {}\n  {}", problem.what, problem.todo);
    }
    text
}

/// Everything, for a program to read.
pub(super) fn json(
    module: &Path,
    info: &TokenInfo,
    rows: &[Row],
    problems: &[Problem],
) -> Result<String, serde_json::Error> {
    let token = json!({
        "label": info.label,
        "serial": info.serial,
        "manufacturer": info.manufacturer,
        "model": info.model,
        "firmware": info.firmware,
        "max_sessions": info.max_sessions,
    });
    serde_json::to_string_pretty(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "module": module.display().to_string(),
        "token": token,
        "algorithms": rows,
        "problems": problems,
        "ok": problems.is_empty(),
    }))
}
