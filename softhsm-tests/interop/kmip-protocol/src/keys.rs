//! A key pair from its making to its end, and what is refused on the way.

use std::thread;

use kmip_protocol::client::{Client, Error};
use kmip_protocol::types::common::{AttributeValue, KeyMaterial, NameValue, State};
use kmip_protocol::types::response::ManagedObject;
use kmip_protocol::types::traits::ReadWrite;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;

use crate::{Step, ensure, objects, say};

/// How many signatures each of two threads asks for on the one connection.
const EACH: usize = 10;

type PublicKey = PKey<Public>;

/// Makes an RSA key pair, uses it in every way there is, and destroys it.
pub(crate) fn life_of_a_pair<T: ReadWrite + Send + 'static>(client: &Client<T>) -> Step {
    let (private, public) =
        client.create_rsa_key_pair(2048, "new-private".into(), "new-public".into())?;
    ensure(private != public, "one identifier for two keys")?;
    say("create_rsa_key_pair", "two identifiers");
    let key = public_key(client, &public)?;
    objects::given("the private key", client.get_key(&private))?;
    rename(client, &public, "walk-public")?;
    rename(client, &private, "walk-private")?;
    objects::locate(client, "walk-private", &private)?;
    refused("sign before Activate", client.sign(&private, b"too early"))?;
    client.activate_key(&private)?;
    say("activate_key", objects::state(client, &private)?);
    signatures(client, &private, &key)?;
    two_threads(client, &private, &key)?;
    objects::attributes(client, &private)?;
    end(client, &private, &public)
}

fn public_key<T: ReadWrite>(client: &Client<T>, id: &str) -> Step<PublicKey> {
    let got = client.get_key(id)?;
    ensure(got.unique_identifier == *id, "another key")?;
    let ManagedObject::PublicKey(key) = got.cryptographic_object else {
        return Err("no public key".into());
    };
    let KeyMaterial::Bytes(bytes) = key.key_block.key_value.key_material else {
        return Err("no encoded key".into());
    };
    let rsa = Rsa::public_key_from_der_pkcs1(&bytes)?;
    say("get_key", format!("{} of {} bits", key.key_block.key_format_type, rsa.size() * 8));
    Ok(PKey::from_rsa(rsa)?)
}

fn rename<T: ReadWrite>(client: &Client<T>, id: &str, name: &str) -> Step {
    let changed = client.rename_key(id, name.to_owned())?;
    let AttributeValue::Name(NameValue(found), _) = changed.attribute.value else {
        return Err("no name came back".into());
    };
    ensure(found == name, "another name came back")?;
    say("rename_key", found);
    Ok(())
}

fn signatures<T: ReadWrite>(client: &Client<T>, private: &str, key: &PublicKey) -> Step {
    // As much as the longest manifest of a repository, and nothing at all.
    for length in [0, 1, 5, 4_096, 1_000_000] {
        let data = vec![0x5a; length];
        let signed = client.sign(private, &data)?;
        ensure(signed.unique_identifier == *private, "signed with another key")?;
        ensure(verifies(key, &data, &signed.signature_data)?, "a wrong signature")?;
        say("sign", format!("{length} bytes, verified"));
    }
    Ok(())
}

fn two_threads<T>(client: &Client<T>, private: &str, key: &PublicKey) -> Step
where
    T: ReadWrite + Send + 'static,
{
    let start = |name: &'static str| {
        let (client, private) = (client.clone(), private.to_owned());
        thread::spawn(move || {
            let message = |number| format!("{name} {number}").into_bytes();
            let sign = |number| client.sign(&private, &message(number));
            let signed =
                (0..EACH).map(|number| Ok((message(number), sign(number)?.signature_data)));
            signed.collect::<Result<Vec<_>, Error>>()
        })
    };
    let threads = [start("first"), start("second")];
    let mut good = 0;
    for thread in threads {
        for (data, signature) in thread.join().map_err(|_| "a thread has panicked")?? {
            good += usize::from(verifies(key, &data, &signature)?);
        }
    }
    say("two threads", format!("{good} of {} signatures verified", 2 * EACH));
    ensure(good == 2 * EACH, "answers were mixed up")
}

fn verifies(key: &PublicKey, data: &[u8], signature: &[u8]) -> Step<bool> {
    let mut verifier = Verifier::new(MessageDigest::sha256(), key)?;
    verifier.update(data)?;
    Ok(verifier.verify(signature)?)
}

fn end<T: ReadWrite>(client: &Client<T>, private: &str, public: &str) -> Step {
    refused("destroy_key of an active key", client.destroy_key(private))?;
    client.revoke_key(private)?;
    let state = objects::state(client, private)?;
    ensure(state == State::Deactivated, "still in use")?;
    say("revoke_key", state);
    refused("sign after Revoke", client.sign(private, b"too late"))?;
    client.destroy_key(private)?;
    client.destroy_key(public)?;
    say("destroy_key", "both");
    match client.get_key(public) {
        Err(Error::ItemNotFound(why)) => {
            say("get_key of a destroyed key", format!("not found: {why}"))
        }
        other => return Err(format!("it should be gone: {other:?}").into()),
    }
    Ok(())
}

/// What must be refused by the server, in words, on a connection that goes on.
fn refused<R>(step: &str, answer: Result<R, Error>) -> Step {
    match answer {
        Err(Error::ServerError(why)) => {
            say(step, format!("refused: {why}"));
            Ok(())
        }
        Err(other) => Err(format!("{step}: {other:?}").into()),
        Ok(_) => Err(format!("{step} was not refused").into()),
    }
}
