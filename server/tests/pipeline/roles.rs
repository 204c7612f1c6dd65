//! What a role allows besides operations, and who is let in at all.

use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{DateTime, Value};
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask, ObjectType, Operation,
    QueryFunction, ResultReason as Reason, ResultStatus, Tag,
};
use server::authz::{Algorithms, Grants, RoleName, Rules};
use server::config::ScopeName;
use server::directory::{DirectoryError, Role};
use server::identity::{Origin, Principal};
use server::object::Scope;
use server::operation::clear_retired;
use server::store::{Credential, Serial};
use server::worker::{Lane, MessageHandler, Served};

use crate::support::answer::Outcome;
use crate::support::ask::{
    CRYPT, MAC, algorithm, create, create_of, create_pair, data, length, mask, plain_mode,
    register, uid,
};
use crate::support::tree::enumeration;
use crate::support::{START, World, keys};

fn everything() -> Rules {
    Rules { operations: Grants::All.operations(), ..Rules::default() }
}

#[test]
fn role_makes_brings_and_uses_keys_of_its_algorithms_only() {
    let world = World::new();
    let free = world.under(everything());
    let rules = Rules {
        algorithms: Algorithms::only([CryptographicAlgorithm::HMAC_SHA256]),
        ..everything()
    };
    let bound = world.under(rules);
    let key = free.active(vec![]);
    assert_eq!(bound.fails(Operation::Create, create(vec![])), Reason::PermissionDenied);
    let brought = register(ObjectType::SymmetricKey, vec![mask(CRYPT)], keys::aes_key());
    assert_eq!(bound.fails(Operation::Register, brought), Reason::PermissionDenied);
    let used = || vec![uid(&key), plain_mode(BlockCipherMode::ECB), data(&[0; 16])];
    free.ok(Operation::Encrypt, used());
    assert_eq!(bound.fails(Operation::Encrypt, used()), Reason::PermissionDenied);
    let hmac = algorithm(CryptographicAlgorithm::HMAC_SHA256);
    bound.ok(Operation::Create, create_of(vec![hmac, length(256), mask(MAC)]));
    // To look at its attributes is no use of the key.
    bound.ok(Operation::GetAttributes, vec![uid(&key)]);
}

#[test]
fn role_without_export_gets_no_key_even_where_the_scope_may_export() {
    let world = World::new();
    let key = world.demo().create(vec![]);
    let locked = world.under(everything());
    world.demo().ok(Operation::Get, vec![uid(&key)]);
    assert_eq!(locked.fails(Operation::Get, vec![uid(&key)]), Reason::NotExtractable);
    let own = locked.create(vec![]);
    assert_eq!(locked.value(&own, Kind::Sensitive), Value::Boolean(true));
    assert_eq!(world.demo().fails(Operation::Get, vec![uid(&own)]), Reason::NotExtractable);
}

pub(crate) fn bearer(certificate_sha256: [u8; 32]) -> Arc<Principal> {
    Arc::new(Principal {
        issuer: "CN=x".to_owned(),
        serial: vec![1],
        spki_sha256: [0; 32],
        subject: "CN=y".to_owned(),
        sans: Vec::new(),
        peer: SocketAddr::from(([127, 0, 0, 1], 1)),
        certificate_sha256,
        not_after: DateTime(START + 100),
        origin: Origin::Issued,
        scope: ScopeName::parse("demo").unwrap(),
        role: None,
    })
}

fn role(rules: Rules) -> Role {
    let name = RoleName::parse("role").unwrap();
    Role { rules, ..Role::new(Scope::new("demo"), name, Grants::All) }
}

pub(crate) fn admit(world: &World, serial: u8) {
    let credential = Credential {
        certificate_sha256: [serial; 32],
        serial: Serial(vec![serial]),
        scope: Scope::new("demo"),
        role: RoleName::parse("role").unwrap(),
        certificate: Vec::new(),
        made_at: DateTime(START),
        not_after: DateTime(START + 100),
        revoked_at: None,
    };
    world.services.directory.add_credential(&credential).unwrap();
}

fn ask(world: &World, principal: &Arc<Principal>) -> Outcome {
    let query = enumeration(Tag::QueryFunction, QueryFunction::QueryObjects.0);
    let message = world.demo().request().item(Operation::Query, vec![query]).bytes();
    match world.handler().serve(principal, &message, Lane::None) {
        Served::Answer(answer) => Outcome::only(answer),
        Served::Pending(..) | Served::Elsewhere(_) => panic!("not answered"),
    }
}

#[test]
fn connection_that_is_open_ends_its_rights_with_the_credential_and_the_role() {
    let world = World::new();
    let directory = &world.services.directory;
    let refused = |serial: u8| ask(&world, &bearer([serial; 32])).reason();
    assert_eq!(refused(1), Reason::AuthenticationNotSuccessful, "never issued");
    directory.put_role(role(everything())).unwrap();
    admit(&world, 1);
    admit(&world, 2);
    ask(&world, &bearer([1; 32])).ok();
    let (demo, name) = (Scope::new("demo"), RoleName::parse("role").unwrap());
    directory.revoke_credential(&demo, &name, &Serial(vec![1]), DateTime(START)).unwrap();
    assert_eq!(refused(1), Reason::AuthenticationNotSuccessful, "revoked");
    ask(&world, &bearer([2; 32])).ok();
    directory
        .put_role(Role { grants: Grants::Some([].into_iter().collect()), ..role(Rules::default()) })
        .unwrap();
    assert_eq!(refused(2), Reason::PermissionDenied, "nothing granted any more");
    directory.remove_role(&demo, &name, DateTime(START)).unwrap();
    assert_eq!(refused(2), Reason::AuthenticationNotSuccessful, "the role is gone");
    directory.put_role(role(everything())).unwrap();
    assert_eq!(refused(2), Reason::AuthenticationNotSuccessful, "and came back without it");
    admit(&world, 3);
    world.clock.advance(101);
    assert_eq!(refused(3), Reason::AuthenticationNotSuccessful, "expired");
}

#[test]
fn role_has_its_rate_and_no_other_role_pays_for_it() {
    let world = World::new();
    let rules = Rules { requests_per_second: NonZero::new(1), ..everything() };
    world.services.directory.put_role(role(rules)).unwrap();
    admit(&world, 1);
    ask(&world, &bearer([1; 32])).ok();
    let failed = |outcome: &Outcome| outcome.status == ResultStatus::OperationFailed;
    let refused = (0..50).map(|_| ask(&world, &bearer([1; 32]))).find(failed);
    assert_eq!(refused.unwrap().reason(), Reason::GeneralFailure);
    world.demo().ok(Operation::DiscoverVersions, Vec::new());
}

#[test]
fn removed_scope_leaves_no_object_and_its_name_none_of_its_past() {
    let world = World::new();
    let directory = &world.services.directory;
    let (scope, now) = (Scope::new("made"), DateTime(START));
    directory.put_scope(&scope, None, now).unwrap();
    let tenant = || world.bearing(Scope::new("made"), everything());
    let wrapped = tenant().create(vec![]);
    let archived = tenant().create(vec![]);
    tenant().ok(Operation::Archive, vec![uid(&archived)]);
    let active = tenant().active(vec![]);
    let destroyed = tenant().create(vec![]);
    tenant().destroy(&destroyed);
    let common = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)];
    let (private, public) = (vec![mask(Mask::Sign)], vec![mask(Mask::Verify)]);
    tenant().ok(Operation::CreateKeyPair, create_pair(common, private, public));
    assert_eq!(directory.objects(&scope).unwrap(), 5);
    directory.remove_scope(&scope, now).unwrap();
    directory.put_scope(&scope, None, now).unwrap();
    assert_eq!(directory.objects(&scope).unwrap(), 0);
    for key in [&wrapped, &archived, &active, &destroyed] {
        let refused = tenant().fails(Operation::GetAttributes, vec![uid(key)]);
        assert_eq!(refused, Reason::ItemNotFound, "not even what is left of it");
    }
    assert_eq!(directory.retired_scopes().unwrap().len(), 1);
    world.token.set_unavailable(true);
    assert!(clear_retired(&world.services).is_err(), "a private key is in the token");
    assert!(!directory.retired_scopes().unwrap().is_empty());
    world.token.set_unavailable(false);
    assert!(clear_retired(&world.services).unwrap() > 0);
    assert!(directory.retired_scopes().unwrap().is_empty());
    // A scope that has objects of its own is not touched.
    let kept = tenant().create(vec![]);
    assert_eq!(clear_retired(&world.services).unwrap(), 0);
    tenant().ok(Operation::GetAttributes, vec![uid(&kept)]);
}

#[test]
fn scope_is_not_made_over_the_objects_of_one_that_was_declared() {
    let world = World::new();
    let directory = &world.services.directory;
    let (scope, now) = (Scope::new("declared-once"), DateTime(START));
    let tenant = || world.bearing(Scope::new("declared-once"), everything());
    let key = tenant().create(vec![]);
    let refused = directory.put_scope(&scope, None, now).unwrap_err();
    assert!(matches!(refused, DirectoryError::Undeclared), "{refused}");
    assert_eq!(clear_retired(&world.services).unwrap(), 0);
    tenant().ok(Operation::GetAttributes, vec![uid(&key)]);
    assert!(directory.has_remains(&scope).unwrap());
    directory.remove_scope(&scope, now).unwrap();
    assert!(!directory.has_remains(&scope).unwrap());
    directory.put_scope(&scope, None, now).unwrap();
    assert_eq!(tenant().fails(Operation::GetAttributes, vec![uid(&key)]), Reason::ItemNotFound);
}
