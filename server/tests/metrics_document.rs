//! `docs/METRICS.md`, the dashboard and the alerts name the metrics of the table: all of them, and no
//! others.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(unreachable_pub, dead_code, reason = "shared with the end-to-end tests")]
#[path = "../../softhsm-tests/src/docs.rs"]
mod docs;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use server::metrics::table::{FAMILIES, Family, Kind, PROCESS};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn all() -> impl Iterator<Item = &'static Family> {
    FAMILIES.iter().copied().chain(PROCESS)
}

#[test]
fn document_says_what_the_table_says() {
    let mut text = String::from("| metric | kind | labels | meaning |\n|---|---|---|---|\n");
    for Family { name, kind, labels, help } in all() {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(text, "| `{name}` | {kind:?} | {} | {help} |", labels.join(", ")).unwrap();
    }
    docs::check_part(&repository().join("docs/METRICS.md"), "metrics", &text);
}

/// The names that PromQL can select, with the metric of each.
fn series() -> BTreeMap<String, &'static Family> {
    let mut series = BTreeMap::new();
    for family in all() {
        let endings: &[_] = match family.kind {
            Kind::Counter | Kind::Gauge => &[""],
            Kind::Histogram => &["_bucket", "_sum", "_count"],
        };
        series.extend(endings.iter().map(|ending| (format!("{}{ending}", family.name), family)));
    }
    series
}

/// The metrics that an expression names; each must be in the table, and so must the labels in braces
/// behind it.
fn named(expression: &str) -> BTreeSet<&'static str> {
    let series = series();
    let mut found = BTreeSet::new();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for (start, _) in
        expression.match_indices("claviger_").chain(expression.match_indices("process_"))
    {
        let (before, rest) = expression.split_at(start);
        if before.ends_with(is_name) {
            continue;
        }
        let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
        let family = series.get(name).unwrap_or_else(|| panic!("no metric {name}: {expression}"));
        found.insert(family.name);
        let braces = rest[name.len()..].strip_prefix('{').and_then(|rest| rest.split('}').next());
        for condition in braces.unwrap_or_default().split(',').filter(|it| !it.is_empty()) {
            let label = condition.split(['=', '!']).next().unwrap();
            // Prometheus itself adds these.
            let known = ["instance", "job"].contains(&label) || family.labels.contains(&label);
            assert!(known, "{name} has no label {label}: {expression}");
        }
    }
    assert!(!found.is_empty(), "{expression}");
    found
}

#[test]
fn dashboard_shows_every_metric_and_no_other() {
    let text = std::fs::read_to_string(repository().join("config/grafana-dashboard.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut shown = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(numbers.insert(panel["id"].as_u64().unwrap()), "{panel}");
        for target in panel["targets"].as_array().into_iter().flatten() {
            shown.extend(named(target["expr"].as_str().unwrap()));
        }
    }
    assert_eq!(shown, all().map(|family| family.name).collect());
}

#[test]
fn alerts_watch_metrics_of_the_table() {
    let text = std::fs::read_to_string(repository().join("config/prometheus-alerts.yml")).unwrap();
    let field = |line: &str, name: &str| line.trim().strip_prefix(name).map(str::to_owned);
    let alerts: Vec<_> = text.lines().filter_map(|line| field(line, "- alert: ")).collect();
    let expressions: Vec<_> = text.lines().filter_map(|line| field(line, "expr: ")).collect();
    assert_eq!(alerts.len(), expressions.len());
    assert_eq!(alerts.iter().collect::<BTreeSet<_>>().len(), alerts.len(), "a name is there twice");
    let watched: BTreeSet<_> =
        expressions.iter().flat_map(|expression| named(expression)).collect();
    for must in [
        "claviger_token_up",
        "claviger_ready",
        "claviger_canary_seconds",
        "claviger_queue_wait_seconds",
        "claviger_panics_total",
        "claviger_certificate_not_after_timestamp_seconds",
        "claviger_audit_failures_total",
    ] {
        assert!(watched.contains(must), "nothing watches {must}");
    }
}

#[test]
fn each_alert_has_its_place_among_the_runbooks() {
    let alerts =
        std::fs::read_to_string(repository().join("config/prometheus-alerts.yml")).unwrap();
    let page = std::fs::read_to_string(repository().join("docs/guides/runbooks.md")).unwrap();
    let names = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    let named = |text: &str| {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let here = named(&page);
    let missing: Vec<_> = names.filter(|name| !here.contains(*name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
