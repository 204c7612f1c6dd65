//! Nothing is allowed by default: each operation needs its own grant, and no other will do.

use hsm_backend::Verb;
use kmip_core::ttlv::{DateTime, Item};
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, HashingAlgorithm, ObjectType,
    Operation, QueryFunction, ResultReason, ResultStatus, Tag,
};
use server::authz::{Grants, Operations, RoleName, Rules, grant_of};
use server::directory::Role;
use server::object::{CustodyRules, Scope};
use server::operation::SERVED;
use server::worker::{MessageHandler, Served};

use super::{mighty, one_of_each, views};
use crate::roles::{admit, bearer};
use crate::scopes::about;
use crate::support::answer::Outcome;
use crate::support::ask::{
    CRYPT, algorithm, create, create_pair, import, length, mask, parameters, register,
};
use crate::support::tree::{bytes, enumeration, integer};
use crate::support::{START, World, keys};

/// A request of the operation that a client who may do everything would have served, or refused
/// for another reason than a missing grant.
fn request(operation: Operation, id: &str) -> Vec<Item> {
    if let Some(payload) = about(operation, id) {
        return payload;
    }
    let value = || vec![bytes(Tag::AsynchronousCorrelationValue, &[7; 16])];
    match operation {
        Operation::DiscoverVersions | Operation::Locate => Vec::new(),
        Operation::Query => {
            vec![enumeration(Tag::QueryFunction, QueryFunction::QueryOperations.0)]
        }
        Operation::Create => create(Vec::new()),
        Operation::CreateKeyPair => {
            let ec = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)];
            create_pair(ec, vec![mask(Mask::Sign)], vec![mask(Mask::Verify)])
        }
        Operation::Register => {
            register(ObjectType::SymmetricKey, vec![mask(CRYPT)], keys::aes_key())
        }
        Operation::Import => import("brought", true, vec![mask(CRYPT)], keys::aes_key()),
        Operation::Hash => {
            let sha256 = enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0);
            vec![parameters(vec![sha256]), bytes(Tag::Data, b"m")]
        }
        Operation::RNGRetrieve => vec![integer(Tag::DataLength, 16)],
        Operation::RNGSeed => vec![bytes(Tag::Data, b"seed")],
        Operation::Poll | Operation::Cancel => value(),
        other => panic!("{other:?} is served: say here how it is asked for"),
    }
}

fn put(world: &World, operations: Operations) {
    let name = RoleName::parse("role").unwrap();
    let role = Role::new(Scope::new("demo"), name, Grants::Some(operations));
    let custody = CustodyRules { assisted: true, ..CustodyRules::default() };
    let rules = Rules { export: true, certify: true, custody, ..role.rules.clone() };
    world.services.directory.put_role(Role { rules, ..role }).unwrap();
}

/// Asks as the bearer of a credential of the role, over the whole way of a message.
fn ask(world: &World, operation: Operation, id: &str) -> Outcome {
    let message = world.demo().request().item(operation, request(operation, id)).bytes();
    let lane = world.handler().lane(&message);
    match world.handler().serve(&bearer([1; 32]), &message, lane) {
        Served::Answer(answer) => Outcome::only(answer),
        Served::Pending(..) | Served::Elsewhere(_) => panic!("{operation:?} is not answered"),
    }
}

/// Whether the choke point said no. States and masks refuse with the same reason, and other words.
fn is_denied(outcome: &Outcome) -> bool {
    outcome.reason == Some(ResultReason::PermissionDenied)
        && outcome.message.as_deref() == Some("permission denied")
}

fn token_calls(world: &World) -> usize {
    Verb::ALL.iter().map(|verb| world.token.calls(*verb)).sum()
}

#[test]
fn each_operation_needs_its_own_grant_and_without_it_nothing_is_done() {
    let world = World::assisted();
    let owner = mighty(&world, "demo");
    let theirs = one_of_each(&owner);
    put(&world, Operations::NONE);
    admit(&world, 1);
    let demo = Scope::new("demo");
    let count = || world.services.directory.objects(&demo).unwrap();
    let before = (views(&owner, &theirs), count(), token_calls(&world));
    let all: Vec<_> = SERVED.iter().map(|entry| entry.operation).collect();
    for operation in &all {
        let others = all.iter().copied().filter(|other| other != operation);
        for granted in [Operations::NONE, others.collect()] {
            put(&world, granted);
            for id in &theirs {
                let outcome = ask(&world, *operation, id);
                assert!(is_denied(&outcome), "{operation:?}: {outcome:?}");
            }
        }
    }
    assert_eq!((views(&owner, &theirs), count(), token_calls(&world)), before);
}

#[test]
fn grant_of_an_operation_is_enough_for_it() {
    let mut unserved = Vec::new();
    for entry in SERVED {
        let world = World::assisted();
        let owner = mighty(&world, "demo");
        put(&world, [entry.operation].into_iter().collect());
        admit(&world, 1);
        let mut ok = false;
        for id in one_of_each(&owner) {
            let outcome = ask(&world, entry.operation, &id);
            assert!(
                !is_denied(&outcome),
                "{:?} {}",
                entry.operation,
                grant_of(entry.operation).unwrap_or_default()
            );
            ok |= outcome.status == ResultStatus::Success;
            if about(entry.operation, &id).is_none() {
                break;
            }
        }
        if !ok {
            unserved.push(entry.operation);
        }
    }
    // These ask for more than an object of some kind: a subject, all parts, a pending operation.
    let rest = [Operation::Certify, Operation::ReCertify, Operation::JoinSplitKey, Operation::Poll];
    assert_eq!(unserved, rest);
}

#[test]
fn role_that_is_changed_is_changed_for_the_next_request() {
    let world = World::new();
    let key = world.demo().create(Vec::new());
    put(&world, Operations::NONE);
    admit(&world, 1);
    for _ in 0..3 {
        assert!(is_denied(&ask(&world, Operation::GetAttributes, &key)));
        put(&world, [Operation::GetAttributes].into_iter().collect());
        assert_eq!(ask(&world, Operation::GetAttributes, &key).status, ResultStatus::Success);
        put(&world, Operations::NONE);
    }
    let name = RoleName::parse("role").unwrap();
    world.services.directory.remove_role(&Scope::new("demo"), &name, DateTime(START)).unwrap();
    let gone = ask(&world, Operation::GetAttributes, &key);
    assert_eq!(gone.reason(), ResultReason::AuthenticationNotSuccessful);
}
