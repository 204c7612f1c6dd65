//! Consistent and inconsistent keys.

use super::*;
use crate::job::SecretKeyKind;

const N: &str = "d87ae7d8353661c6f9adbff9a6e46a9ab07575cdd1b1e440eb3d39babd8cd774eb95c1a6d585c387 \
    b73e22c26a529aa3eb7d353164299f1ae5cbbf666d06111cd74dff0d698aef9bb57b6c9edb54314a \
    c5132234a56819c3067206af8c43cdfa58007a56606bcae9364ed41c6c5451b30445038130a1d998 \
    5281cdd0b3adc111";
const D: &str = "9051efe578ceebd9fbc92aa66f42f1bc75a3a3de8bcbed809cd37bd1d3b33a4df263d66f3903d7af \
    cf7ec1d6f18c6717f25378cb981bbf6743dd2a4448aeb612000ea54ad6ad58672886a5158198e66c \
    c80d36def25aaa0922556ca1533442ed8f0a19107fe1818cbfaa469158ab38d3a08d7de989421449 \
    d9bf7d8ecb8daec3";
const P: &str = "f53f6d8b0ca975316f89cf7fb83d335cff2024da0cebf1a20dcc00528dcf8e484434ee977fad6359 \
    f73dea498a8d37283e94cb5531bc5a75cabdb576849357af";
const Q: &str = "e1f899921add75cf8927a57ee0b1a44a99df2b0c2cf429134525e36b01a5db4dbd3c662620ec253c \
    1f917ff8dcc6454d54dbfb4db10260b3c124dc03fdc5e33f";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).map(|d| d.to_le_bytes()[0]).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A 1024-bit key with e = 3, which the customary recovery of primes cannot do.
fn small_exponent() -> RsaPrivateParts {
    RsaPrivateParts {
        modulus: hex(N),
        public_exponent: vec![3],
        private_exponent: SecretValue::new(hex(D)),
        crt: None,
    }
}

#[test]
fn checked_recovers_primes_of_a_small_exponent_key() {
    let material = checked(&KeyMaterial::RsaPrivate(small_exponent())).unwrap();
    let KeyMaterial::RsaPrivate(parts) = material else { panic!("another kind") };
    let crt = parts.crt.unwrap();
    let mut primes = [crt.prime_p.expose().to_vec(), crt.prime_q.expose().to_vec()];
    primes.sort();
    let mut expected = [hex(P), hex(Q)];
    expected.sort();
    assert_eq!(primes, expected);
}

#[test]
fn checked_accepts_its_own_answer_and_rejects_each_changed_part() {
    let Ok(KeyMaterial::RsaPrivate(whole)) = checked(&KeyMaterial::RsaPrivate(small_exponent()))
    else {
        panic!("refused")
    };
    assert!(checked(&KeyMaterial::RsaPrivate(whole.clone())).is_ok());
    let spoil = |change: &dyn Fn(&mut RsaPrivateParts, &mut RsaCrtParts)| {
        let mut parts = whole.clone();
        let mut crt = parts.crt.take().unwrap();
        change(&mut parts, &mut crt);
        parts.crt = Some(crt);
        checked(&KeyMaterial::RsaPrivate(parts)).map(drop)
    };
    let other = |value: &SecretValue| {
        let mut bytes = value.expose().to_vec();
        bytes[7] ^= 4;
        SecretValue::new(bytes)
    };
    assert!(spoil(&|_, _| ()).is_ok());
    assert!(spoil(&|parts, _| parts.modulus[20] ^= 1).is_err());
    assert!(spoil(&|parts, _| parts.private_exponent = other(&parts.private_exponent)).is_err());
    assert!(spoil(&|parts, _| parts.public_exponent = vec![5]).is_err());
    assert!(spoil(&|_, crt| crt.prime_p = other(&crt.prime_p)).is_err());
    assert!(spoil(&|_, crt| crt.exponent_p = other(&crt.exponent_p)).is_err());
    assert!(spoil(&|_, crt| crt.exponent_q = other(&crt.exponent_q)).is_err());
    assert!(spoil(&|_, crt| crt.coefficient = other(&crt.coefficient)).is_err());
}

#[test]
fn checked_rejects_rubbish_without_primes() {
    for change in [0, 5, 60] {
        let mut parts = small_exponent();
        let mut d = parts.private_exponent.expose().to_vec();
        d[change] ^= 2;
        parts.private_exponent = SecretValue::new(d);
        assert!(checked(&KeyMaterial::RsaPrivate(parts)).is_err());
    }
}

#[test]
fn checked_rejects_wrong_lengths_and_scalars_out_of_range() {
    let aes = |bytes| KeyMaterial::Secret {
        kind: SecretKeyKind::Aes,
        value: SecretValue::new(vec![1; bytes]),
    };
    assert!(checked(&aes(16)).is_ok());
    assert!(checked(&aes(17)).is_err());
    let ec = |d: Vec<u8>| KeyMaterial::EcPrivate { curve: Curve::P256, d: SecretValue::new(d) };
    assert!(checked(&ec(vec![0; 32])).is_err());
    assert!(checked(&ec(vec![0xFF; 32])).is_err());
    assert!(checked(&ec(vec![1; 33])).is_err());
    let Ok(KeyMaterial::EcPrivate { d, .. }) = checked(&ec(vec![9])) else { panic!("refused") };
    assert_eq!(d.expose().len(), 32);
}
