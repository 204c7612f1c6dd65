//! `docs/CONFORMANCE.md` is made from the lists, the corpus' index and the server's table of profiles.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use kmip_core::attribute::AttributeKind;
use kmip_core::types::{ObjectType, Operation, ProtocolVersion};
use server::operation::{OBJECT_TYPES, SERVED};
use server::profiles::{Claim, Condition, Detail, PROFILES, Profile};
use softhsm_tests::corpus::{self, Applies, Case};
use softhsm_tests::{docs, program};

use crate::{corpus_or_skip, counts, lists};

/// Objects of every type, as they were registered.
const OBJECTS: Detail = Detail {
    what: "objects",
    shown_by: (
        "server/tests/pipeline/objects/formats.rs",
        "everything_comes_back_as_it_was_registered",
    ),
};

/// Attributes of every kind.
const ATTRIBUTES: Detail = Detail {
    what: "attributes",
    shown_by: (
        "server/tests/pipeline/objects/baseline.rs",
        "every_attribute_of_the_baseline_is_kept_and_told",
    ),
};

/// Operations that no case asks for.
const WITHOUT_CASE: &[(Operation, Detail)] = &[
    (
        Operation::Check,
        Detail {
            what: "Check",
            shown_by: (
                "server/tests/pipeline/life/check.rs",
                "what_may_not_be_is_answered_with_that_alone",
            ),
        },
    ),
    (
        Operation::DiscoverVersions,
        Detail {
            what: "Discover Versions",
            shown_by: (
                "server/tests/pipeline/rules/messages.rs",
                "discover_versions_answers_in_the_clients_order_under_any_header",
            ),
        },
    ),
    (
        Operation::ReKeyKeyPair,
        Detail {
            what: "Re-key Key Pair",
            shown_by: (
                "server/tests/pipeline/life/re_key_key_pair.rs",
                "new_pair_has_the_names_and_the_links_and_belongs_together",
            ),
        },
    ),
    (
        Operation::RNGSeed,
        Detail {
            what: "RNG Seed",
            shown_by: (
                "server/tests/pipeline/crypto/rng.rs",
                "seed_does_not_make_the_generator_repeat_itself",
            ),
        },
    ),
];

fn document() -> PathBuf {
    program::repository().join("docs/CONFORMANCE.md")
}

/// One line for each version, and one for each family: passing of all that apply.
fn table(cases: &[Case], passing: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for title in ["Version", "Family"] {
        let key = |case: &Case| {
            if title == "Version" { case.version.clone() } else { case.family.clone() }
        };
        writeln!(text, "\n| {title} | apply | conditional |\n|---|---|---|").unwrap();
        let keys = cases.iter().map(key).collect::<BTreeSet<_>>();
        for value in keys {
            let rows = cases.iter().filter(|case| key(case) == value).cloned();
            let rows = rows.collect::<Vec<_>>();
            let yes = counts(&rows, passing, Applies::Yes);
            let conditional = counts(&rows, passing, Applies::Conditional);
            writeln!(text, "| {value} | {yes} | {conditional} |").unwrap();
        }
        let yes = counts(cases, passing, Applies::Yes);
        let conditional = counts(cases, passing, Applies::Conditional);
        writeln!(text, "| **all** | **{yes}** | **{conditional}** |").unwrap();
    }
    text
}

#[test]
fn document_holds_the_counts_of_the_list() {
    let Some(folder) = corpus_or_skip("the tables in docs/CONFORMANCE.md") else { return };
    let (cases, passing) = (corpus::cases(&folder), lists::passing());
    docs::check_part(&document(), "counts", &table(&cases, &passing));
    docs::check_part(&document(), "profiles", &profiles(&cases, &passing));
    docs::check_part(&document(), "pending", &reasons(lists::pending()));
    let left_out = corpus::left_out(&folder).into_iter().map(|case| (case.id, case.why));
    docs::check_part(&document(), "left out", &reasons(left_out));
}

fn reasons(cases: impl IntoIterator<Item = (String, String)>) -> String {
    let mut text = "| case | reason |\n|---|---|\n".to_owned();
    for (case, reason) in cases {
        writeln!(text, "| {case} | {} |", reason.replace('|', "\\|")).unwrap();
    }
    text
}

fn number(version: ProtocolVersion) -> String {
    format!("{}.{}", version.major, version.minor)
}

/// The cases of a profile, in the versions that name it.
fn cases_of<'a>(profile: &Profile, cases: &'a [Case]) -> Vec<&'a Case> {
    let versions = profile.versions().map(|(version, _)| number(version)).collect::<BTreeSet<_>>();
    let is_its = |case: &&Case| {
        profile.families.contains(&case.family.as_str()) && versions.contains(&case.version)
    };
    cases.iter().filter(is_its).collect()
}

fn claim(profile: &Profile) -> String {
    match profile.claim {
        Claim::Never { lacking, because } => format!("Not claimed: it lacks {lacking}. {because}."),
        Claim::Where([]) => "Claimed.".to_owned(),
        Claim::Where(conditions) => {
            let words = conditions.iter().map(|condition| Condition::words(*condition));
            format!("Claimed where {}.", words.collect::<Vec<_>>().join(", and where "))
        }
    }
}

/// A section for each profile: whether it is claimed, and every requirement with what shows it.
fn profiles(cases: &[Case], passing: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for profile in PROFILES {
        let versions = profile.versions().map(|(version, _)| number(version)).collect::<Vec<_>>();
        let its = cases_of(profile, cases);
        let (first, last) = (versions.first().unwrap(), versions.last().unwrap());
        writeln!(text, "### {}, KMIP {first} to {last}\n\n{}\n", profile.title, claim(profile))
            .unwrap();
        writeln!(text, "| requirement | met | shown by |\n|---|---|---|").unwrap();
        if let Some(other) = profile.builds_on {
            writeln!(text, "| all that {other} asks for beside its cipher suites | yes | above |")
                .unwrap();
        }
        requirements(&mut text, profile, cases, passing);
        if let Claim::Never { lacking, .. } = profile.claim {
            writeln!(text, "| {lacking} | no | |").unwrap();
        }
        for version in versions {
            for (kind, mandatory) in [("mandatory", true), ("optional", false)] {
                let its = its.iter().filter(|case| case.version == version);
                let its = its.filter(|case| case.mandatory == mandatory).collect::<Vec<_>>();
                let names =
                    its.iter().map(|case| case.name.as_str()).collect::<Vec<_>>().join(", ");
                let passed = its.iter().filter(|case| passing.contains(&case.id)).count();
                let all = its.len();
                if all > 0 {
                    writeln!(text, "| {kind} cases of {version} | {passed} of {all} | {names} |")
                        .unwrap();
                }
            }
        }
        text.push('\n');
    }
    text
}

fn requirements(text: &mut String, profile: &Profile, cases: &[Case], passing: &BTreeSet<String>) {
    let yes = |met: bool| if met { "yes" } else { "no" };
    let served = |operation: Operation| SERVED.iter().any(|entry| entry.operation == operation);
    for &operation in profile.operations {
        let shown = case_with(operation, profile, cases, passing);
        writeln!(text, "| operation {operation:?} | {} | {shown} |", yes(served(operation)))
            .unwrap();
    }
    if !profile.object_types.is_empty() {
        let names = profile.object_types.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>();
        let met = profile.object_types.iter().all(|one: &ObjectType| OBJECT_TYPES.contains(one));
        let shown = link(&OBJECTS);
        writeln!(text, "| objects {} | {} | {shown} |", names.join(", "), yes(met)).unwrap();
    }
    if !profile.attributes.is_empty() {
        let names = profile.attributes.iter().map(|kind| kind.name()).collect::<Vec<_>>();
        let met = profile.attributes.iter().all(|kind| AttributeKind::ALL.contains(kind));
        let shown = link(&ATTRIBUTES);
        writeln!(text, "| attributes {} | {} | {shown} |", names.join(", "), yes(met)).unwrap();
    }
    for detail in profile.details {
        writeln!(text, "| {} | yes | {} |", detail.what, link(detail)).unwrap();
    }
}

/// The first case that passes with `operation` in it: one of the profile's own, if there is any.
fn case_with(
    operation: Operation,
    profile: &Profile,
    cases: &[Case],
    passing: &BTreeSet<String>,
) -> String {
    let name = format!("{operation:?}");
    let own = cases_of(profile, cases);
    let all = own.into_iter().chain(cases);
    let mut with = all.filter(|case| passing.contains(&case.id) && case.operations.contains(&name));
    with.next().map_or_else(|| test_of(operation), |case| case.name.clone())
}

fn test_of(operation: Operation) -> String {
    let found = WITHOUT_CASE.iter().find(|(one, _)| *one == operation);
    found.map_or_else(|| panic!("nothing shows {operation:?}"), |(_, detail)| link(detail))
}

fn link(detail: &Detail) -> String {
    let (file, test) = detail.shown_by;
    format!("[{test}](../{file})")
}

#[test]
fn mandatory_cases_of_what_is_claimed_pass() {
    let Some(folder) = corpus_or_skip("the check of the profiles") else { return };
    let (cases, passing) = (corpus::cases(&folder), lists::passing());
    for profile in PROFILES.iter().filter(|one| matches!(one.claim, Claim::Where(_))) {
        let its = cases_of(profile, &cases);
        let failing = its
            .iter()
            .filter(|case| case.mandatory && !passing.contains(&case.id))
            .collect::<Vec<_>>();
        assert!(failing.is_empty(), "{}: {failing:?}", profile.title);
        let shown =
            its.iter().any(|case| passing.contains(&case.id)) || !profile.details.is_empty();
        assert!(shown, "nothing shows {}", profile.title);
    }
}

#[test]
fn tests_that_show_a_requirement_exist() {
    let details =
        PROFILES.iter().flat_map(|profile| profile.details).chain([&OBJECTS, &ATTRIBUTES]);
    let details = details.chain(WITHOUT_CASE.iter().map(|(_, detail)| detail));
    for Detail { shown_by: (file, test), .. } in details {
        let text = std::fs::read_to_string(program::repository().join(file)).unwrap();
        assert!(text.contains(&format!("fn {test}()")), "{file} has no test {test}");
    }
}
