//! SIGKILL again and again while objects are made and destroyed.
//!
//! What was acknowledged is kept; what was not is gone or whole; nothing is Active without a key.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use kmip_core::attribute::{Attribute, AttributeKind, AttributeName};
use kmip_core::payload::ImportRequest;
use kmip_core::ttlv::Value;
use kmip_core::types::{CryptographicAlgorithm, ObjectType, ResultReason, State};
use server::client::{Client, ClientConfig, ClientError, template};
use server::object::CUSTODY_ATTRIBUTE;
use softhsm_tests::requests::{self, Id, Shortcuts};
use softhsm_tests::server::Trial;

const ROUNDS: usize = 6;
/// Answers to wait for before each kill; the next requests are on their way by then.
const ANSWERS: usize = 14;

/// What the server has acknowledged.
#[derive(Debug)]
enum Acknowledged {
    Key(Id),
    Pair(Id),
    Destroyed(Id),
    /// The bytes of a key that takes the place of another of the same identifier.
    Replaced(Id, u8),
}

type Work = fn(&mut Client, &str, &Sender<Acknowledged>) -> Result<(), ClientError>;

fn make_key(
    client: &mut Client,
    name: &str,
    told: &Sender<Acknowledged>,
) -> Result<(), ClientError> {
    let id = client.make_aes(&[template::name(name)])?;
    told.send(Acknowledged::Key(id)).unwrap();
    Ok(())
}

fn make_pair(
    client: &mut Client,
    name: &str,
    told: &Sender<Acknowledged>,
) -> Result<(), ClientError> {
    let attributes = [template::name(name), requests::active_at_once()];
    let pair = requests::create_pair(CryptographicAlgorithm::ECDSA, 256, &attributes);
    let id = client.call(pair)?.private_key_unique_identifier;
    told.send(Acknowledged::Pair(id)).unwrap();
    Ok(())
}

fn destroy_key(
    client: &mut Client,
    name: &str,
    told: &Sender<Acknowledged>,
) -> Result<(), ClientError> {
    let id = client.call(requests::create_aes(&[template::name(name)]))?.unique_identifier;
    client.call(requests::destroy(&id))?;
    told.send(Acknowledged::Destroyed(id)).unwrap();
    Ok(())
}

/// Imports one key after another under one identifier; each is told from the others by its bytes.
fn replace_key(
    client: &mut Client,
    name: &str,
    told: &Sender<Acknowledged>,
) -> Result<(), ClientError> {
    let (id, number) = name.rsplit_once('-').unwrap();
    let (id, byte) = (Id::new(id), u8::try_from(number.parse::<usize>().unwrap() % 256).unwrap());
    let key = requests::register_aes(&[byte; 32], &[requests::active_at_once()]);
    let request = ImportRequest {
        unique_identifier: id.clone(),
        replace_existing: Some(true),
        key_wrap_type: None,
        attributes: key.template_attribute.attributes,
        object: key.object,
    };
    client.call(request)?;
    told.send(Acknowledged::Replaced(id, byte)).unwrap();
    Ok(())
}

/// The last one that was acknowledged is there, or the next one, whole.
fn check_replaced(client: &mut Client, acknowledged: &[Acknowledged]) {
    let replaced = acknowledged.iter().filter_map(|item| match item {
        Acknowledged::Replaced(id, byte) => Some((id, *byte)),
        _ => None,
    });
    for (id, last) in replaced.collect::<BTreeMap<_, _>>() {
        let object = client.call(requests::get(id)).unwrap().object;
        let with = |byte| requests::register_aes(&[byte; 32], &[]).object;
        assert!([last, last.wrapping_add(1)].map(with).contains(&object), "{id}");
        client.encrypted(id, b"whole").unwrap();
    }
}

/// Works until the server is gone.
fn until_killed(config: &ClientConfig, work: Work, prefix: &str, told: &Sender<Acknowledged>) {
    let mut client = Client::connect(config).unwrap();
    for number in 0.. {
        match work(&mut client, &format!("{prefix}-{number}"), told) {
            Ok(()) => {}
            Err(ClientError::Closed | ClientError::Transport(_) | ClientError::Tls(_)) => return,
            Err(err) => panic!("{prefix}-{number}: {err}"),
        }
    }
}

fn check(client: &mut Client, acknowledged: &[Acknowledged]) {
    for item in acknowledged {
        match item {
            Acknowledged::Key(id) => {
                let sealed = client.encrypted(id, b"kept").unwrap();
                assert_eq!(client.decrypted(id, &sealed).unwrap(), b"kept");
            }
            Acknowledged::Pair(id) => {
                client.call(requests::sign_ec(id, b"kept")).unwrap();
            }
            Acknowledged::Replaced(..) => {}
            Acknowledged::Destroyed(id) => {
                let gone = client.call(requests::get(id)).unwrap_err();
                assert_eq!(gone.reason(), Some(ResultReason::ItemNotFound), "{gone}");
            }
        }
    }
}

/// Every object that says it is Active does its work, whoever was told of it.
fn check_active(client: &mut Client, object_type: ObjectType) -> usize {
    let wanted = vec![
        Attribute::new(AttributeKind::State, &State::Active),
        Attribute::new(AttributeKind::ObjectType, &object_type),
    ];
    let found = client.call(requests::locate(wanted)).unwrap().unique_identifiers;
    for id in &found {
        if object_type == ObjectType::SymmetricKey {
            client.encrypted(id, b"works").unwrap();
        } else {
            client.call(requests::sign_ec(id, b"works")).unwrap();
        }
    }
    found.len()
}

/// A key whose Destroy was cut off is whole, or it is destroyed.
fn check_half_destroyed(client: &mut Client, prefix: &str) {
    let wanted = vec![Attribute::new(AttributeKind::State, &State::PreActive)];
    for id in client.call(requests::locate(wanted)).unwrap().unique_identifiers {
        let name = client.call(requests::get_attributes(&id, &[AttributeKind::Name])).unwrap();
        if !format!("{:?}", name.attributes).contains(prefix) {
            continue;
        }
        client.call(requests::activate(&id)).unwrap();
        client.encrypted(&id, b"whole").unwrap();
    }
}

fn keys_in_token(client: &mut Client) -> usize {
    let custody = Value::TextString("token".to_owned());
    let wanted =
        Attribute { name: AttributeName::new(CUSTODY_ATTRIBUTE), index: None, value: custody };
    client.call(requests::locate(vec![wanted])).unwrap().unique_identifiers.len()
}

#[test]
fn killed_server_keeps_what_it_acknowledged_in_the_token() {
    kill_again_and_again("token");
}

#[test]
fn killed_server_keeps_what_it_acknowledged_wrapped() {
    kill_again_and_again("wrapped");
}

fn kill_again_and_again(custody: &str) {
    let trial = Trial::new();
    let server = trial.start();
    // Makes the wrapping key, which stays, as does the one that signs the audit log.
    server.client().make_aes(&[]).unwrap();
    server.stop();
    let of_the_server = trial.token_objects();
    assert_eq!(of_the_server, 2);
    let everywhere =
        format!("symmetric_keys = \"{custody}\"\nprivate_keys = \"{custody}\"\nexport");
    trial.edit_config("export", &everywhere);
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let server = trial.start();
        let (told, news) = channel();
        let config = server.ready().client();
        let works: [(Work, &str); 5] = [
            (make_key, "key"),
            (make_key, "another"),
            (make_pair, "pair"),
            (destroy_key, "doomed"),
            (replace_key, "replaced"),
        ];
        let workers = works.map(|(work, kind)| {
            let (config, told) = (config.clone(), told.clone());
            thread::spawn(move || until_killed(&config, work, &format!("{kind}-{round}"), &told))
        });
        drop(told);
        acknowledged.extend(news.iter().take(ANSWERS + round));
        server.kill();
        // What was answered before the kill arrived counts as well.
        acknowledged.extend(news.iter());
        for worker in workers {
            worker.join().unwrap();
        }
        let server = trial.start();
        let mut client = server.client();
        check(&mut client, &acknowledged);
        check_replaced(&mut client, &acknowledged);
        let keys = check_active(&mut client, ObjectType::SymmetricKey);
        let pairs = check_active(&mut client, ObjectType::PrivateKey);
        let of_kind = |wanted: fn(&Acknowledged) -> bool| {
            acknowledged.iter().filter(|item| wanted(item)).count()
        };
        assert!(keys >= of_kind(|item| matches!(item, Acknowledged::Key(_))));
        assert!(pairs >= of_kind(|item| matches!(item, Acknowledged::Pair(_))));
        check_half_destroyed(&mut client, "doomed");
        // Every key the server knows lies in the token. What a cut-off request left there besides,
        // one key for each client at most, goes when its lease has expired.
        let known = of_the_server + keys_in_token(&mut client);
        let left_over = works.len() * (round + 1);
        let found = trial.token_objects();
        assert!((known..=known + left_over).contains(&found), "round {round}: {found}, {known}");
        server.kill();
    }
}
