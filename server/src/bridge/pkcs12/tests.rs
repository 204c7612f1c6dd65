use hsm_backend::SecretValue;

use super::*;

/// Made by OpenSSL 3.0: a key on P-256 with a certificate of its own, once with its defaults
/// (PBES2, HMAC-SHA-256), once as it was written before (3DES, RC2-40, HMAC-SHA-1).
const MODERN: &str = include_str!("modern.hex");
const LEGACY: &str = include_str!("legacy.hex");
const KEY: &str = include_str!("key.hex");
const RANDOM: Randomness = [[1; 16], [2; 16], [3; 16], [4; 16], [5; 16]];
const ENOUGH: usize = 1_000_000;

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.trim()).unwrap()
}

fn password(text: &str) -> SecretValue {
    SecretValue::new(text.as_bytes().to_vec())
}

fn opened(container: &[u8]) -> Result<Contents, BridgeError> {
    read(container, &password("password"), ENOUGH)
}

#[test]
fn containers_of_another_maker_open_in_old_and_new_forms() {
    for container in [MODERN, LEGACY] {
        let mut contents = opened(&bytes(container)).unwrap();
        let certificate = contents.certificates[0].clone();
        assert!(contents.take_key(Some("other")).is_none());
        let key = contents.take_key(Some("ALIAS")).unwrap();
        assert_eq!(key.key.expose(), bytes(KEY));
        assert_eq!(key.name.as_deref(), Some("alias"));
        assert_eq!(key.local_id, certificate.local_id);
        assert!(key.local_id.is_some());
        assert_eq!(contents.certificates.len(), 1);
    }
}

#[test]
fn what_is_written_is_read_again() {
    let certificates = opened(&bytes(MODERN)).unwrap().certificates;
    let chain = [certificates[0].certificate.clone(), b"the issuer's".to_vec()];
    for chain in [&chain[..], &[]] {
        let key = password("the private key");
        let made = write("alias", &key, chain, &password("password"), RANDOM).unwrap();
        let mut contents = opened(&made).unwrap();
        let found = contents.take_key(None).unwrap();
        assert_eq!(found.key.expose(), key.expose());
        assert_eq!(found.name.as_deref(), Some("alias"));
        let held: Vec<_> = contents.certificates.iter().map(|c| c.certificate.clone()).collect();
        assert_eq!(held, chain);
        let own = contents.certificates.iter().filter(|c| c.local_id == found.local_id).count();
        assert_eq!(own, chain.len().min(1));
    }
}

#[test]
fn wrong_passwords_costs_and_bytes_are_refused() {
    for container in [bytes(MODERN), bytes(LEGACY)] {
        let wrong = read(&container, &password("passwort"), ENOUGH);
        assert_eq!(wrong.unwrap_err(), WRONG_PASSWORD);
        // One byte beyond what either of the derivations may cost.
        let costly = read(&container, &password("password"), 10_000);
        assert_eq!(costly.unwrap_err(), TOO_COSTLY);
        let text = SecretValue::new(vec![0xFF, 0xFE]);
        assert!(read(&container, &text, ENOUGH).is_err());
        for end in 0..container.len() {
            assert!(read(&container[..end], &password("password"), ENOUGH).is_err());
        }
        for place in (0..container.len()).step_by(7) {
            let mut damaged = container.clone();
            damaged[place] ^= 0x41;
            // Whatever comes of it, it is no panic.
            drop(read(&damaged, &password("password"), 20_000));
        }
    }
}
