//! Attribute templates. Every usage flag is set: tokens' defaults differ, and are generous.

use cryptoki::object::{Attribute, KeyType, ObjectClass};

use crate::backend::KeyId;
use crate::custody::Contents;
use crate::encoding::der::{ec_params, edwards_params};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{Curve, EdwardsCurve, KeyPolicy, KeyUsage, RsaPrivateParts, SecretKeyKind};
use crate::limits::MAX_LABEL_BYTES;

/// Refuses a label longer than 255 bytes.
pub(super) fn check_label(policy: &KeyPolicy) -> Result<(), HsmError> {
    if policy.label.len() <= MAX_LABEL_BYTES {
        return Ok(());
    }
    Err(HsmError::new(HsmErrorKind::BadParameter, "CKA_LABEL"))
}

/// CKK of a secret key of this many bytes.
const fn key_type(kind: SecretKeyKind, bytes: usize) -> KeyType {
    match kind {
        SecretKeyKind::Aes => KeyType::AES,
        SecretKeyKind::Des3 if bytes == 16 => KeyType::DES2,
        SecretKeyKind::Des3 => KeyType::DES3,
        SecretKeyKind::Generic => KeyType::GENERIC_SECRET,
    }
}

/// A secret key, save its value or length.
pub(super) fn secret(
    kind: SecretKeyKind,
    bytes: usize,
    id: KeyId,
    policy: &KeyPolicy,
) -> Vec<Attribute> {
    let mut template =
        vec![Attribute::Class(ObjectClass::SECRET_KEY), Attribute::KeyType(key_type(kind, bytes))];
    template.extend(common(id, policy));
    template.extend(secret_usage(token_usage(kind, policy.usage)));
    template
}

/// A key of this kind that lives in the session only, save its value or length.
pub(super) fn in_session(
    contents: Contents,
    usage: KeyUsage,
    sensitive: bool,
    extractable: bool,
) -> Vec<Attribute> {
    let policy = KeyPolicy { usage, sensitive, extractable, label: String::new() };
    passing(in_token(contents, KeyId([0; 16]), &policy))
}

/// A token object of this kind, save its value or length.
pub(super) fn in_token(contents: Contents, id: KeyId, policy: &KeyPolicy) -> Vec<Attribute> {
    match contents {
        Contents::Secret(spec) => {
            let bytes = usize::try_from(spec.bits / 8).unwrap_or_default();
            secret(spec.kind, bytes, id, policy)
        }
        Contents::Rsa { .. } => rsa_private(id, policy),
        Contents::Ec(_) => ec_private(id, policy),
        Contents::Edwards(_) => edwards_private(id, policy),
    }
}

/// `template` with what `wanted` says of the attributes that both have.
pub(super) fn reworked(mut template: Vec<Attribute>, wanted: &[Attribute]) -> Vec<Attribute> {
    for attribute in &mut template {
        let kind = attribute.attribute_type();
        if let Some(other) = wanted.iter().find(|other| other.attribute_type() == kind) {
            attribute.clone_from(other);
        }
    }
    template
}

/// The template of a token object, for one that lives in the session and has no name.
pub(super) fn passing(template: Vec<Attribute>) -> Vec<Attribute> {
    let named = |attribute: &Attribute| matches!(attribute, Attribute::Id(_) | Attribute::Label(_));
    let mut template = template;
    template.retain(|attribute| !named(attribute));
    for attribute in &mut template {
        if let Attribute::Token(token) = attribute {
            *token = false;
        }
    }
    template
}

/// What the token must let a key do for the plans that serve `usage`.
///
/// CFB, OFB, CTR and CCM are made of block encryptions where the token lacks them, so a block cipher's
/// key that decrypts must be allowed to encrypt, too. CKA_DECRYPT stays true to the policy; that
/// a key which only decrypts does not encrypt is for the caller to see to.
const fn token_usage(kind: SecretKeyKind, usage: KeyUsage) -> KeyUsage {
    match kind {
        SecretKeyKind::Aes | SecretKeyKind::Des3 => {
            KeyUsage { encrypt: usage.encrypt || usage.decrypt, ..usage }
        }
        SecretKeyKind::Generic => usage,
    }
}

fn common(id: KeyId, policy: &KeyPolicy) -> [Attribute; 6] {
    [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(policy.sensitive),
        Attribute::Extractable(policy.extractable),
        Attribute::Id(id.0.to_vec()),
        Attribute::Label(policy.label.clone().into_bytes()),
    ]
}

fn secret_usage(usage: KeyUsage) -> [Attribute; 7] {
    [
        Attribute::Encrypt(usage.encrypt),
        Attribute::Decrypt(usage.decrypt),
        Attribute::Sign(usage.sign),
        Attribute::Verify(usage.verify),
        Attribute::Wrap(usage.wrap),
        Attribute::Unwrap(usage.unwrap),
        Attribute::Derive(usage.derive),
    ]
}

/// A private key, save its parts.
fn private(key_type: KeyType, id: KeyId, policy: &KeyPolicy) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(key_type),
        Attribute::Decrypt(policy.usage.decrypt),
        Attribute::Sign(policy.usage.sign),
        Attribute::SignRecover(false),
        Attribute::Unwrap(policy.usage.unwrap),
        Attribute::Derive(policy.usage.derive),
    ];
    template.extend(common(id, policy));
    template
}

/// The private half of an RSA pair to be generated.
pub(super) fn rsa_private(id: KeyId, policy: &KeyPolicy) -> Vec<Attribute> {
    private(KeyType::RSA, id, policy)
}

/// The private half of a pair to be generated on a curve.
pub(super) fn ec_private(id: KeyId, policy: &KeyPolicy) -> Vec<Attribute> {
    private(KeyType::EC, id, policy)
}

/// The private half of a pair to be generated on a curve of Edwards form.
pub(super) fn edwards_private(id: KeyId, policy: &KeyPolicy) -> Vec<Attribute> {
    private(KeyType::EC_EDWARDS, id, policy)
}

/// A public half that lives only until it has been read: the server keeps public keys.
///
/// The private halves match by CKA_ID, so a persistent one carries the same id for its removal.
pub(super) fn public(key_type: KeyType, id: KeyId, persistent: bool) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(key_type),
        Attribute::Token(persistent),
        Attribute::Private(false),
        Attribute::Id(id.0.to_vec()),
        Attribute::Encrypt(false),
        Attribute::Verify(true),
        Attribute::VerifyRecover(false),
        Attribute::Wrap(false),
        Attribute::Derive(false),
    ]
}

/// The parts of an RSA private key.
pub(super) fn rsa_parts(id: KeyId, policy: &KeyPolicy, parts: &RsaPrivateParts) -> Vec<Attribute> {
    let mut template = rsa_private(id, policy);
    template.extend([
        Attribute::Modulus(parts.modulus.clone()),
        Attribute::PublicExponent(parts.public_exponent.clone()),
        Attribute::PrivateExponent(parts.private_exponent.expose().to_vec()),
    ]);
    if let Some(crt) = &parts.crt {
        template.extend([
            Attribute::Prime1(crt.prime_p.expose().to_vec()),
            Attribute::Prime2(crt.prime_q.expose().to_vec()),
            Attribute::Exponent1(crt.exponent_p.expose().to_vec()),
            Attribute::Exponent2(crt.exponent_q.expose().to_vec()),
            Attribute::Coefficient(crt.coefficient.expose().to_vec()),
        ]);
    }
    template
}

/// The scalar of a private key on a curve.
pub(super) fn ec_parts(id: KeyId, policy: &KeyPolicy, curve: Curve, d: &[u8]) -> Vec<Attribute> {
    let mut template = ec_private(id, policy);
    template.extend([Attribute::EcParams(ec_params(curve).to_vec()), Attribute::Value(d.to_vec())]);
    template
}

/// The seed of a private key on a curve of Edwards form.
pub(super) fn edwards_parts(
    id: KeyId,
    policy: &KeyPolicy,
    curve: EdwardsCurve,
    seed: &[u8],
) -> Vec<Attribute> {
    let mut template = edwards_private(id, policy);
    let parameters = Attribute::EcParams(edwards_params(curve).to_vec());
    template.extend([parameters, Attribute::Value(seed.to_vec())]);
    template
}

/// A generic secret that lives in the session only, to be wrapped.
pub(super) fn passing_secret(value: &[u8]) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(true),
        Attribute::Value(value.to_vec()),
    ];
    template.extend(secret_usage(KeyUsage::default()));
    template
}

/// A generic secret that lives in the session only, unwrapped to be read.
pub(super) fn arriving_secret() -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
    ];
    template.extend(secret_usage(KeyUsage::default()));
    template
}

/// Wipes the values a template carries.
pub(super) fn wipe(template: &mut [Attribute]) {
    use zeroize::Zeroize;
    for attribute in template {
        match attribute {
            Attribute::Value(secret)
            | Attribute::PrivateExponent(secret)
            | Attribute::Prime1(secret)
            | Attribute::Prime2(secret)
            | Attribute::Exponent1(secret)
            | Attribute::Exponent2(secret)
            | Attribute::Coefficient(secret) => secret.zeroize(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_sets_every_usage_flag_explicitly() {
        let policy = KeyPolicy {
            usage: KeyUsage { encrypt: true, ..KeyUsage::default() },
            sensitive: true,
            extractable: false,
            label: "a".to_owned(),
        };
        let template = secret(SecretKeyKind::Aes, 32, KeyId([1; 16]), &policy);
        assert!(template.contains(&Attribute::Encrypt(true)));
        for flag in [Attribute::Decrypt(false), Attribute::Wrap(false), Attribute::Derive(false)] {
            assert!(template.contains(&flag), "{flag:?}");
        }
    }

    #[test]
    fn secret_lets_a_decrypting_block_key_encrypt_blocks() {
        let policy = KeyPolicy {
            usage: KeyUsage { decrypt: true, ..KeyUsage::default() },
            sensitive: true,
            extractable: false,
            label: "a".to_owned(),
        };
        let encrypts = |kind, bytes| {
            secret(kind, bytes, KeyId([1; 16]), &policy).contains(&Attribute::Encrypt(true))
        };
        assert!(encrypts(SecretKeyKind::Aes, 16) && encrypts(SecretKeyKind::Des3, 24));
        assert!(!encrypts(SecretKeyKind::Generic, 16));
    }
}
