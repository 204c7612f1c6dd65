use hex::FromHex;

use super::*;
use crate::authz::Grants;
use crate::config::ScopeName;
use crate::store::SqliteStore;

const NOW: DateTime = DateTime(1_800_000_000);

fn store() -> Arc<SqliteStore> {
    Arc::new(SqliteStore::in_memory().unwrap())
}

fn open(store: &Arc<SqliteStore>) -> Directory {
    let operations = Grants::All.operations();
    let rules = Rules { operations, unique_names: false, ..Rules::default() };
    let declared = DeclaredScope { scope: Scope::new("declared"), rules };
    Directory::open([declared], Arc::clone(store) as Arc<dyn DirectoryStore>).unwrap()
}

fn name(text: &str) -> RoleName {
    RoleName::parse(text).unwrap()
}

fn made() -> Scope {
    Scope::new("made")
}

fn role(scope: &Scope, granted: Operation) -> Role {
    Role::new(scope.clone(), name("r"), Grants::Some([granted].into_iter().collect()))
}

fn credential(serial: u8) -> Credential {
    Credential {
        certificate_sha256: [serial; 32],
        serial: Serial(vec![serial]),
        scope: made(),
        role: name("r"),
        certificate: Vec::from_hex("3000").unwrap(),
        made_at: NOW,
        not_after: DateTime(NOW.0 + 100),
        revoked_at: None,
    }
}

fn bearer(serial: u8) -> Principal {
    Principal {
        issuer: "CN=x".to_owned(),
        serial: vec![serial],
        spki_sha256: [0; 32],
        subject: String::new(),
        sans: Vec::new(),
        peer: "127.0.0.1:1".parse().unwrap(),
        certificate_sha256: [serial; 32],
        not_after: DateTime(NOW.0 + 100),
        origin: Origin::Issued,
        // What the certificate says counts for nothing.
        scope: ScopeName::parse("declared").unwrap(),
        role: None,
    }
}

/// A directory with a role and a credential of it.
fn peopled(store: &Arc<SqliteStore>) -> Directory {
    let directory = open(store);
    directory.put_scope(&made(), None, NOW).unwrap();
    directory.put_role(role(&made(), Operation::Get)).unwrap();
    directory.add_credential(&credential(1)).unwrap();
    directory
}

#[test]
fn bearer_of_an_issued_certificate_is_known_by_its_row() {
    let store = store();
    for directory in [peopled(&store), open(&store)] {
        let subject = directory.subject(&bearer(1), NOW).unwrap();
        assert_eq!((subject.scope(), subject.role()), (&made(), Some(&name("r"))));
        assert!(subject.rules().operations.contains(Operation::Get));
        assert!(!subject.rules().operations.contains(Operation::Query));
        assert_eq!(directory.subject(&bearer(2), NOW).unwrap_err(), NotAdmitted::Unknown);
        let late = DateTime(NOW.0 + 101);
        assert_eq!(directory.subject(&bearer(1), late).unwrap_err(), NotAdmitted::Expired);
    }
}

#[test]
fn mapped_client_is_under_its_role_or_the_scope_itself() {
    let directory = peopled(&store());
    directory.put_role(role(&Scope::new("declared"), Operation::Locate)).unwrap();
    let mut mapped = Principal { origin: Origin::Mapped, ..bearer(9) };
    let own = directory.subject(&mapped, NOW).unwrap();
    assert!(own.role().is_none() && own.rules().operations.contains(Operation::Query));
    mapped.role = Some(name("r"));
    let under = directory.subject(&mapped, NOW).unwrap();
    assert!(!under.rules().operations.contains(Operation::Query));
    assert!(!under.rules().unique_names, "the scope says so");
    mapped.role = Some(name("gone"));
    assert_eq!(directory.subject(&mapped, NOW).unwrap_err(), NotAdmitted::NoRole);
    mapped.scope = ScopeName::parse("gone").unwrap();
    assert_eq!(directory.subject(&mapped, NOW).unwrap_err(), NotAdmitted::NoScope);
}

#[test]
fn scope_says_whether_names_are_unique_and_its_roles_follow() {
    let store = store();
    let directory = peopled(&store);
    let unique = |directory: &Directory| {
        let of_role = directory.subject(&bearer(1), NOW).unwrap().rules().unique_names;
        assert_eq!(of_role, directory.rules(&made()).unique_names);
        of_role
    };
    assert!(unique(&directory));
    directory.put_scope(&made(), Some(false), NOW).unwrap();
    assert!(!unique(&directory));
    directory.put_scope(&made(), None, NOW).unwrap();
    assert!(!unique(&directory) && !unique(&open(&store)), "it stays as it is, and is kept");
    directory.put_scope(&made(), Some(true), NOW).unwrap();
    assert!(unique(&directory) && unique(&open(&store)));
}

#[test]
fn declared_scope_is_not_changed() {
    let directory = open(&store());
    let declared = Scope::new("declared");
    for as_it_is in [None, Some(false)] {
        directory.put_scope(&declared, as_it_is, NOW).unwrap();
    }
    let refused = directory.put_scope(&declared, Some(true), NOW).unwrap_err();
    assert!(matches!(refused, DirectoryError::Declared), "{refused}");
    assert!(!directory.rules(&declared).unique_names);
}

#[test]
fn scope_that_was_made_grants_nothing_without_a_role() {
    let directory = peopled(&store());
    let own = directory.own_subject(&made()).unwrap();
    assert_eq!(own.rules().operations, crate::authz::Operations::NONE);
}

#[test]
fn revoked_credential_is_out_at_once_and_stays_out() {
    let store = store();
    let directory = peopled(&store);
    let serial = Serial(vec![1]);
    directory.revoke_credential(&made(), &name("r"), &serial, NOW).unwrap();
    directory.revoke_credential(&made(), &name("r"), &serial, DateTime(NOW.0 + 5)).unwrap();
    for directory in [directory, open(&store)] {
        assert_eq!(directory.subject(&bearer(1), NOW).unwrap_err(), NotAdmitted::Revoked);
        let revoked = directory.revoked(NOW).unwrap();
        assert_eq!(revoked.len(), 1);
        assert_eq!(revoked[0].revoked_at, Some(NOW), "the first time counts");
        assert!(directory.revoked(DateTime(NOW.0 + 101)).unwrap().is_empty(), "expired by then");
    }
}

#[test]
fn removed_role_takes_its_credentials_with_it_for_good() {
    let store = store();
    let directory = peopled(&store);
    directory.remove_role(&made(), &name("r"), NOW).unwrap();
    assert_eq!(directory.subject(&bearer(1), NOW).unwrap_err(), NotAdmitted::Revoked);
    directory.put_role(role(&made(), Operation::Get)).unwrap();
    for directory in [directory, open(&store)] {
        assert_eq!(directory.subject(&bearer(1), NOW).unwrap_err(), NotAdmitted::Revoked);
    }
}

#[test]
fn removed_scope_takes_roles_and_credentials_with_it() {
    let store = store();
    let directory = peopled(&store);
    directory.remove_scope(&made(), NOW).unwrap();
    directory.put_scope(&made(), None, NOW).unwrap();
    for directory in [directory, open(&store)] {
        assert_eq!(directory.roles(&made()), Some(Vec::new()));
        assert_eq!(directory.subject(&bearer(1), NOW).unwrap_err(), NotAdmitted::Revoked);
    }
}

#[test]
fn scope_is_not_made_over_the_roles_of_one_that_was_declared() {
    let store = store();
    let declared = Scope::new("declared");
    open(&store).put_role(role(&declared, Operation::Get)).unwrap();
    let undeclared = || Directory::open([], Arc::clone(&store) as Arc<dyn DirectoryStore>).unwrap();
    let directory = undeclared();
    let refused = directory.put_scope(&declared, None, NOW).unwrap_err();
    assert!(matches!(refused, DirectoryError::Undeclared), "{refused}");
    assert_eq!(open(&store).roles(&declared), Some(vec![name("r")]), "they wait");
    directory.remove_scope(&declared, NOW).unwrap();
    directory.put_scope(&declared, None, NOW).unwrap();
    for directory in [directory, undeclared()] {
        assert_eq!(directory.roles(&declared), Some(Vec::new()));
    }
}

#[test]
fn changed_role_holds_for_the_next_request() {
    let directory = peopled(&store());
    directory.put_role(role(&made(), Operation::Destroy)).unwrap();
    let subject = directory.subject(&bearer(1), NOW).unwrap();
    assert!(!subject.rules().operations.contains(Operation::Get));
    assert!(subject.rules().operations.contains(Operation::Destroy));
}

#[test]
fn directory_refuses_what_is_not_there() {
    let directory = peopled(&store());
    let (nowhere, nobody) = (Scope::new("nowhere"), name("nobody"));
    let role_of = |scope: &Scope| role(scope, Operation::Get);
    let is = |outcome: Result<(), DirectoryError>, text: &str| {
        assert_eq!(outcome.unwrap_err().to_string(), text);
    };
    is(directory.remove_scope(&nowhere, NOW), "there is no such scope");
    is(directory.put_role(role_of(&nowhere)), "there is no such scope");
    is(directory.remove_role(&made(), &nobody, NOW), "there is no such role");
    let other = Serial(vec![7]);
    let revoke = directory.revoke_credential(&made(), &name("r"), &other, NOW);
    is(revoke, "there is no such credential");
    let declared = directory.remove_scope(&Scope::new("declared"), NOW);
    assert!(matches!(declared.unwrap_err(), DirectoryError::Declared));
    let again = directory.add_credential(&credential(1)).unwrap_err();
    assert!(matches!(again, DirectoryError::Store(StoreError::IdentifierTaken)));
    // Of another role of the same scope, it is nobody's.
    directory.put_role(Role { name: name("q"), ..role_of(&made()) }).unwrap();
    let found = directory.credential(&made(), &name("q"), &Serial(vec![1]));
    assert!(matches!(found.unwrap_err(), DirectoryError::NoCredential));
}

#[test]
fn credentials_are_listed_in_order_and_forgotten_after_their_time() {
    let store = store();
    let directory = peopled(&store);
    let later = Credential { made_at: DateTime(NOW.0 + 1), ..credential(0) };
    directory.add_credential(&later).unwrap();
    let listed = directory.credentials(&made(), &name("r")).unwrap();
    assert_eq!(listed, [credential(1), later]);
    let (expired, kept) = (credential(1).not_after.0, 30 * 86_400);
    assert_eq!(directory.forget_expired(DateTime(expired + kept)).unwrap(), 0);
    assert_eq!(directory.bearer(&[1; 32]).unwrap().0, made());
    assert_eq!(directory.forget_expired(DateTime(expired + kept + 1)).unwrap(), 2);
    for directory in [directory, open(&store)] {
        assert!(directory.credentials(&made(), &name("r")).unwrap().is_empty());
        assert_eq!(directory.bearer(&[1; 32]).unwrap_err(), NotAdmitted::Unknown);
    }
}
