//! `docs/ATTRIBUTES.md` is made from the table of attributes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[allow(unreachable_pub, dead_code, reason = "shared with the end-to-end tests")]
#[path = "../../softhsm-tests/src/docs.rs"]
mod docs;

use std::fmt::Write;
use std::path::Path;

use kmip_core::attribute::{AttributeKind, AttributeRule, AttributeType, Born, Changes, SetBy};

const fn value(rule: &AttributeRule) -> &'static str {
    match rule.value {
        AttributeType::Text => "Text String",
        AttributeType::Integer => "Integer",
        AttributeType::Mask => "Integer (mask)",
        AttributeType::Enumeration => "Enumeration",
        AttributeType::Boolean => "Boolean",
        AttributeType::DateTime => "Date-Time",
        AttributeType::Interval => "Interval",
        AttributeType::Structure(_) => "Structure",
    }
}

const fn first_set(rule: &AttributeRule) -> &'static str {
    match rule.set_by {
        SetBy::Server => "server",
        SetBy::Client => "client",
        SetBy::Either => "client or server",
    }
}

/// What a client may do with it later, and for how long.
fn changes(rule: &AttributeRule) -> String {
    let verbs = [
        ("add", rule.set_by != SetBy::Server),
        ("modify", rule.client_may_modify),
        ("delete", rule.client_may_delete),
    ];
    let verbs: Vec<_> = verbs.into_iter().filter(|(_, may)| *may).map(|(verb, _)| verb).collect();
    let until = match rule.changes {
        _ if verbs.is_empty() => "",
        Changes::Always => "",
        Changes::PreActive => "; while Pre-Active",
        Changes::UntilReached => "; until it is reached or the object Deactivated",
        Changes::UntilDeactivated => "; until the object is Deactivated",
        Changes::UntilUsed => "; until the first use",
    };
    format!("{}{until}", verbs.join(", "))
}

const fn born(rule: &AttributeRule) -> &'static str {
    match rule.born {
        Born::Nothing => "",
        Born::Every => "every object",
        Born::Living => "all but Templates",
        Born::Keys => "keys, certificates",
        Born::Elsewhere => "what is registered without its value",
        Born::Values => "objects with a value",
        Born::Made => "what the server makes",
        Born::Certificates => "certificates",
        Born::Names => "certificates with such a name",
        Born::Later => "when it happens",
    }
}

#[test]
fn attributes_document_is_what_the_table_says() {
    let mut table = String::from(
        "| attribute | tag | type | since | instances | first set by | a client may | had without being asked for |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for rule in AttributeKind::ALL.iter().map(|kind| kind.rule()) {
        let (name, tag, since) = (rule.name, rule.tag.0, rule.since);
        let (value, first, born) = (value(&rule), first_set(&rule), born(&rule));
        let (instances, changes) = (if rule.many { "many" } else { "one" }, changes(&rule));
        let row = [
            name.to_owned(),
            format!("{tag:06X}"),
            value.to_owned(),
            since.to_string(),
            instances.to_owned(),
            first.to_owned(),
            changes,
            born.to_owned(),
        ];
        writeln!(table, "| {} |", row.join(" | ")).unwrap();
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ATTRIBUTES.md");
    docs::check_part(&file, "attributes", &table);
}
