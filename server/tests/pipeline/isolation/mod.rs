//! Another scope's object answers as one that never existed: every operation, every state, every kind.
//!
//! Two servers hear the same bytes: one holds the objects in another scope, in the other they never
//! were. So nothing has to be left out when the answers are compared.

mod grants;
mod objects;
mod requests;
mod timing;

#[allow(unreachable_pub, dead_code, reason = "shared with the end-to-end tests")]
#[path = "../../../../softhsm-tests/src/docs.rs"]
mod docs;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use kmip_core::types::{Operation, ResultStatus, Tag};
use server::authz::Grants;
use server::authz::Rules;
use server::object::{CustodyRules, Scope};
use server::worker::Served;

use crate::support::answer::Outcome;
use crate::support::ask::uid;
use crate::support::tree::{Read, boolean, bytes};
use crate::support::{Client, World};
use objects::{KINDS, STATES};
use requests::{Way, ways};

/// A client of `scope` who may do whatever can be allowed.
fn mighty<'a>(world: &'a World, scope: &str) -> Client<'a> {
    let rules = Rules {
        operations: Grants::All.operations(),
        export: true,
        certify: true,
        custody: CustodyRules { assisted: true, ..CustodyRules::default() },
        ..Rules::default()
    };
    world.bearing(Scope::new(scope), rules)
}

/// One object of each kind in each state.
fn one_of_each(client: &Client<'_>) -> Vec<String> {
    let all = KINDS.into_iter().flat_map(|kind| STATES.map(|state| (kind, state)));
    all.filter_map(|(kind, state)| objects::make(client, kind, state)).collect()
}

fn message(client: &Client<'_>, way: &Way, id: &str) -> Vec<u8> {
    client.request().named(b"id", way.operation, way.payload(id)).bytes()
}

/// What the owner sees of each object.
fn views(client: &Client<'_>, objects: &[String]) -> Vec<Vec<u8>> {
    let view = |id: &String| {
        let request = client.request().named(b"1", Operation::GetAttributes, vec![uid(id)]);
        client.raw(&request.bytes())
    };
    objects.iter().map(view).collect()
}

/// The answer to a message; where it made an object, with all that can be told of that. Nothing is left
/// out but the identifier that the server made, which is another each time.
fn answer(client: &Client<'_>, message: &[u8]) -> Vec<Vec<u8>> {
    let answer = client.raw(message);
    let outcome = Outcome::only(answer.clone());
    let made = outcome.payload.filter(|_| outcome.operation == Some(Operation::Register));
    let Some(made) = made.map(|payload| payload.text(Tag::UniqueIdentifier)) else {
        return vec![answer];
    };
    let told = [Operation::GetAttributes, Operation::Get].map(|operation| {
        client.raw(&client.request().named(b"1", operation, vec![uid(&made)]).bytes())
    });
    std::iter::once(answer).chain(told).map(|bytes| without(&bytes, made.as_bytes())).collect()
}

fn without(bytes: &[u8], word: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let places = bytes.windows(word.len()).enumerate().filter(|(_, window)| *window == word);
    let places: Vec<_> = places.map(|(place, _)| place).collect();
    for place in places {
        bytes[place..place + word.len()].fill(0);
    }
    bytes
}

#[test]
fn object_of_another_scope_answers_byte_for_byte_as_if_it_never_existed() {
    let (here, there) = (World::assisted(), World::assisted());
    let owner = mighty(&here, "demo");
    let theirs = one_of_each(&owner);
    let before = views(&owner, &theirs);
    let mut compared = 0;
    for scope in ["other", "mighty"] {
        // `other` may not export; `mighty` is a scope of its own whose clients may do everything.
        let client = |world| match scope {
            "other" => World::other(world),
            name => mighty(world, name),
        };
        let (asks, asks_there) = (client(&here), client(&there));
        requests::equip(&asks);
        requests::equip(&asks_there);
        for way in ways() {
            for id in &theirs {
                let message = message(&asks, &way, id);
                let answers = [&asks, &asks_there].map(|client| answer(client, &message));
                assert_eq!(answers[0], answers[1], "{scope}: {}", way.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 4_000, "{compared}");
    assert_eq!(views(&owner, &theirs), before, "what another scope asked has changed something");
}

/// What a client is told, in a word.
fn told(outcome: &Outcome) -> String {
    match &outcome.payload {
        Some(found) if found.child(Tag::LocatedItems).is_some() => {
            if found.has(Tag::UniqueIdentifier) { "found" } else { "nothing" }.to_owned()
        }
        _ if outcome.status == ResultStatus::Success => "ok".to_owned(),
        _ => format!("{:?}", outcome.reason()),
    }
}

/// What the owner is told in one state: `ok` if any kind of object is served, else why not.
fn own_cell(owner: &Client<'_>, way: &Way, state: objects::State) -> (String, bool) {
    let made = KINDS.iter().filter_map(|kind| objects::make(owner, *kind, state));
    let outcomes = made.map(|id| Outcome::only(owner.raw(&message(owner, way, &id))));
    let outcomes: Vec<_> = outcomes.collect();
    let never = Outcome::only(owner.raw(&message(owner, way, "never-existed")));
    let differs = outcomes
        .iter()
        .any(|outcome| (told(outcome), &outcome.message) != (told(&never), &never.message));
    let words: Vec<_> = outcomes.iter().map(told).collect();
    for good in ["ok", "found"] {
        let served = words.iter().filter(|word| *word == good).count();
        if served > 0 {
            return (format!("{good} ({served} of {})", words.len()), differs);
        }
    }
    let reasons: BTreeSet<_> = words.into_iter().collect();
    (reasons.into_iter().collect::<Vec<_>>().join(", "), differs)
}

#[test]
fn owner_is_told_something_else_and_the_document_says_what() {
    let world = World::assisted();
    let (owner, stranger) = (mighty(&world, "demo"), mighty(&world, "mighty"));
    requests::equip(&owner);
    requests::equip(&stranger);
    let states = STATES.map(|state| state.name).join(" | ");
    let mut table = format!("| operation | {states} | another scope's | never existed |\n|---");
    table.push_str(&"|---".repeat(STATES.len() + 2));
    table.push_str("|\n");
    for way in ways() {
        let cells = STATES.map(|state| own_cell(&owner, &way, state));
        let never = Outcome::only(stranger.raw(&message(&stranger, &way, "never-existed")));
        // A search finds nothing, a Link is text, and an identifier is free to be taken.
        let names_freely = never.status == ResultStatus::Success;
        let differs = cells.iter().any(|(_, differs)| *differs);
        assert!(differs || names_freely, "{}: the owner is told no more", way.name);
        let own = cells.map(|(told, _)| told).join(" | ");
        let never = told(&never);
        writeln!(table, "| {} | {own} | as never existed | {never} |", way.name).unwrap();
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ISOLATION.md");
    docs::check_part(&file, "isolation", &table);
}

/// The owner of an object in any state sees it, and nobody else does.
#[test]
fn every_object_is_seen_by_its_owner() {
    let world = World::assisted();
    let owner = mighty(&world, "demo");
    let theirs = one_of_each(&owner);
    assert!(theirs.len() > 50, "{}", theirs.len());
    for id in &theirs {
        owner.ok(Operation::GetAttributes, vec![uid(id)]);
    }
}

#[test]
fn pending_operation_of_another_scope_is_none() {
    let (here, there) = (World::assisted(), World::assisted());
    let wish = crate::support::ask::create(Vec::new());
    let later = boolean(Tag::AsynchronousIndicator, true);
    let owner = mighty(&here, "demo");
    let begun =
        owner.begin(&owner.request().with(later).named(b"1", Operation::Create, wish).bytes());
    let Served::Pending(answer, task) = begun else { panic!("not pending") };
    let value = Outcome::only(answer).value.unwrap();
    let by = || vec![bytes(Tag::AsynchronousCorrelationValue, &value)];
    let compare = || {
        for operation in [Operation::Poll, Operation::Cancel] {
            let (asks, asks_there) = (mighty(&here, "mighty"), mighty(&there, "mighty"));
            let message = asks.request().named(b"1", operation, by()).bytes();
            assert_eq!(asks.raw(&message), asks_there.raw(&message), "{operation:?}");
        }
    };
    compare();
    task();
    compare();
    let poll = owner.request().named(b"1", Operation::Poll, by());
    let made = Outcome::only(owner.raw(&poll.bytes())).ok();
    assert!(made.has(Tag::UniqueIdentifier), "it went on, and its owner has it");
}
