//! Credentials inside the certificate's identity, and the clock that a client claims to have.

use kmip_core::ttlv::{Interval, Item};
use kmip_core::types::{
    CredentialType, Operation, ProtocolVersion, QueryFunction, ResultReason as Reason, Tag,
};
use server::config::{CredentialDemand, CredentialsConfig, UserConfig};
use server::services::Bounds;
use server::worker::Served;

use crate::support::answer::Reply;
use crate::support::ask::{Request, create, uid};
use crate::support::tree::{boolean, bytes, date, enumeration, structure, text};
use crate::support::{START, World};

/// Argon2id of "sesame", with the least memory there can be.
const SESAME: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$rqYuyOVL4mBJpHJiObp9qozb2mcE4sTaDuDNEgTCzDQ";

fn world(demand: CredentialDemand) -> World {
    let user = UserConfig { username: "ann".to_owned(), password_hash: SESAME.to_owned() };
    let config = CredentialsConfig { demand, users: vec![user], devices: vec![] };
    World::new().with_credentials(&config)
}

fn authentication(password: &str) -> Item {
    let value = structure(
        Tag::CredentialValue,
        vec![text(Tag::Username, "ann"), text(Tag::Password, password)],
    );
    let kind = enumeration(Tag::CredentialType, CredentialType::UsernameAndPassword.0);
    structure(Tag::Authentication, vec![structure(Tag::Credential, vec![kind, value])])
}

#[test]
fn request_without_the_right_credential_is_refused_whole_and_does_nothing() {
    for version in ProtocolVersion::SUPPORTED {
        let world = world(CredentialDemand::Required);
        let demo = world.demo().at(version);
        let key = {
            let request = demo.request().with(authentication("sesame"));
            demo.send(&request.item(Operation::Create, create(vec![]))).item(0).ok()
        };
        assert!(!key.value.children().is_empty(), "{version}");
        for header in [None, Some(authentication("Sesame"))] {
            let mut request = demo.request();
            if let Some(header) = header {
                request = request.with(header);
            }
            let request = request.next(Operation::Create, create(vec![])).next(
                Operation::Query,
                vec![enumeration(Tag::QueryFunction, QueryFunction::QueryObjects.0)],
            );
            let reply = demo.send(&request);
            for place in 0..2 {
                let reason = reply.item(place).reason();
                assert_eq!(reason, Reason::AuthenticationNotSuccessful, "{version}");
            }
        }
        let other = world.other().at(version);
        other.create(vec![]);
    }
}

#[test]
fn what_the_server_speaks_may_be_asked_before_a_credential_is_shown() {
    let world = world(CredentialDemand::Required);
    let demo = world.demo();
    demo.ok(
        Operation::Query,
        vec![enumeration(Tag::QueryFunction, QueryFunction::QueryOperations.0)],
    );
    demo.ok(Operation::DiscoverVersions, vec![]);
    let refused = demo.ask(Operation::Get, vec![uid("1")]).reason();
    assert_eq!(refused, Reason::AuthenticationNotSuccessful);
}

#[test]
fn scope_that_checks_takes_a_request_without_credential_but_no_wrong_one() {
    let world = world(CredentialDemand::Checked);
    let demo = world.demo();
    demo.create(vec![]);
    let request = demo.request().with(authentication("x"));
    let reply = demo.send(&request.item(Operation::Create, create(vec![])));
    assert_eq!(reply.item(0).reason(), Reason::AuthenticationNotSuccessful);
    let request = World::new();
    let nobody_looks = request.demo().request().with(authentication("x"));
    request.demo().send(&nobody_looks.item(Operation::Create, create(vec![]))).item(0).ok();
}

#[test]
fn time_stamp_too_far_from_the_servers_clock_is_refused_where_that_is_checked() {
    let strict = Bounds { max_clock_skew: Some(Interval(60)), ..Bounds::default() };
    for (bounds, seconds, taken) in [
        (Bounds::default(), -1_000_000, true),
        (strict, 60, true),
        (strict, -60, true),
        (strict, 61, false),
        (strict, -61, false),
        (strict, i64::MIN, false),
        (strict, i64::MAX, false),
    ] {
        let world = World::bounded(bounds);
        let demo = world.demo();
        let stamp = date(Tag::TimeStamp, START.saturating_add(seconds));
        let reply = demo.send(&demo.request().with(stamp).item(Operation::Create, create(vec![])));
        if taken {
            reply.item(0).ok();
        } else {
            assert_eq!(reply.item(0).reason(), Reason::InvalidField, "{seconds}");
        }
        demo.create(vec![]);
    }
}

#[test]
fn credential_is_checked_before_an_answer_is_put_off() {
    let world = world(CredentialDemand::Required);
    let demo = world.demo();
    let request = demo.request().with(boolean(Tag::AsynchronousIndicator, true));
    let ask = |request: Request| {
        let bytes = request.item(Operation::Create, create(vec![])).bytes();
        demo.begin(&bytes)
    };
    for refused in [request.clone(), request.clone().with(authentication("Sesame"))] {
        let Served::Answer(answer) = ask(refused) else { panic!("taken") };
        let reason = Reply::sound(answer).item(0).reason();
        assert_eq!(reason, Reason::AuthenticationNotSuccessful);
    }
    let Served::Pending(answer, task) = ask(request.with(authentication("sesame"))) else {
        panic!("not answered as pending")
    };
    task();
    let value = vec![bytes(
        Tag::AsynchronousCorrelationValue,
        &Reply::sound(answer).item(0).value.unwrap(),
    )];
    assert_eq!(demo.fails(Operation::Poll, value.clone()), Reason::AuthenticationNotSuccessful);
    let poll = demo.request().with(authentication("sesame")).item(Operation::Poll, value);
    demo.send(&poll).item(0).ok();
}
