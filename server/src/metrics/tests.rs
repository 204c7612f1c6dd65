use super::*;
use kmip_core::types::{Operation, ResultReason};
use std::collections::BTreeSet;
use std::time::Duration;

use hsm_backend::{Observer, TokenUsage, Verb};
use kmip_core::ttlv::DateTime;

use crate::worker::Lane;

/// Touches every metric.
fn used() -> Arc<Metrics> {
    let metrics = Metrics::new().unwrap();
    let moment = Duration::from_millis(3);
    metrics.operations.begin(Some(Operation::Get)).over(Outcome::Success);
    metrics.scopes.of("demo").count(Outcome::Success);
    metrics.requests.lane(Lane::Token).queued();
    metrics.requests.lane(Lane::Token).taken(moment);
    metrics.requests.refused(Refused::Overloaded);
    metrics.network.failed("tls", "timeout");
    metrics.network.refused("all");
    drop(metrics.network.opened("tls"));
    metrics.token.called(Verb::Encrypt, moment);
    metrics.token.failed("C_Encrypt", "CKR_DEVICE_ERROR");
    metrics.token.show(Some(TokenUsage { live_keys: 7, live_key_hits: 5, ..Default::default() }));
    metrics.token.canary(moment);
    metrics.certificates.ends("server", "server", DateTime(4_000_000_000));
    metrics.audit.written(moment);
    metrics.audit.sink("file", false);
    metrics.audit.head_signed(DateTime(1_800_000_000));
    metrics.store.commits().took(moment);
    metrics.readiness.show("token", true);
    metrics
}

fn text(metrics: &Metrics) -> String {
    String::from_utf8(metrics.text().unwrap()).unwrap()
}

#[test]
fn table_and_text_name_the_same_metrics() {
    let text = text(&used());
    let shown = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let shown: BTreeSet<String> = shown.map(str::to_owned).collect();
    let ours = table::FAMILIES.iter().copied().chain(table::PROCESS);
    let told = ours.map(|family| format!("{} {:?}", family.name, family.kind).to_lowercase());
    assert_eq!(shown, told.collect());
}

#[test]
fn units_stand_at_the_end_of_names() {
    for family in table::FAMILIES {
        let ends = |end| family.name.ends_with(end);
        match family.kind {
            table::Kind::Counter => assert!(ends("_total"), "{}", family.name),
            table::Kind::Histogram => assert!(ends("_seconds"), "{}", family.name),
            table::Kind::Gauge => assert!(!ends("_total"), "{}", family.name),
        }
        assert!(family.help.ends_with('.'), "{}", family.name);
    }
}

#[test]
fn every_kind_of_item_is_counted_apart() {
    let metrics = Metrics::new().unwrap();
    let count = |operation, outcome| metrics.operations.begin(operation).over(outcome);
    count(Some(Operation::Get), Outcome::Success);
    count(Some(Operation::Get), Outcome::Failed(Some(ResultReason::ItemNotFound)));
    count(Some(Operation::Get), Outcome::Failed(Some(ResultReason(0x0BAD))));
    count(Some(Operation::Create), Outcome::Pending);
    count(Some(Operation(0xFFFF_FFFF)), Outcome::Failed(None));
    count(None, Outcome::Failed(Some(ResultReason::InvalidMessage)));
    metrics.operations.undone(Some(Operation::Create));
    let text = text(&metrics);
    for (operation, reason, result) in [
        ("Get", "", "success"),
        ("Get", "ItemNotFound", "failed"),
        ("Get", "other", "failed"),
        ("Create", "", "pending"),
        ("Create", "", "undone"),
        ("other", "other", "failed"),
        ("other", "InvalidMessage", "failed"),
    ] {
        let labels = format!("operation=\"{operation}\",reason=\"{reason}\",result=\"{result}\"");
        let line = format!("claviger_operations_total{{{labels}}} 1\n");
        assert!(text.contains(&line), "{line}{text}");
    }
    let line = "claviger_operation_seconds_count{operation=\"Get\"} 3\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn every_operation_served_stands_there_from_the_start() {
    let text = text(&Metrics::new().unwrap());
    for entry in crate::operation::SERVED {
        let name = format!("operation=\"{:?}\",reason=\"\",result=\"success\"", entry.operation);
        assert!(text.contains(&format!("claviger_operations_total{{{name}}} 0\n")), "{name}");
    }
}

#[test]
fn certificates_that_are_forgotten_are_no_longer_shown() {
    let metrics = Metrics::new().unwrap();
    metrics.certificates.ends("ca", "root", DateTime(4_000_000_000));
    assert!(text(&metrics).contains("kind=\"ca\",name=\"root\"} 4000000000\n"));
    metrics.certificates.forget("ca", "root");
    metrics.certificates.forget("ca", "never there");
    assert!(!text(&metrics).contains("kind=\"ca\""));
}

#[test]
fn sources_are_asked_before_the_metrics_are_shown() {
    let metrics = Metrics::new().unwrap();
    metrics.before_showing(|metrics| metrics.token.show(None));
    metrics.token.show(Some(TokenUsage::default()));
    assert!(text(&metrics).contains("claviger_token_up 0\n"));
}
