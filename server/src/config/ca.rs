//! `[ca]`: the server's own CA.

use hsm_backend::{Curve, EdwardsCurve, KeyPairSpec};
use serde::{Deserialize, Serialize};

use super::error::Problem;
use crate::ca::AuthorityRules;

/// `[ca]` as written.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawCa {
    pub(crate) common_name: String,
    pub(crate) key: RawCaKey,
    pub(crate) valid_days: u32,
    pub(crate) certificate_days: u32,
    pub(crate) max_certificate_days: u32,
}

impl Default for RawCa {
    fn default() -> Self {
        Self {
            common_name: "Claviger CA".to_owned(),
            key: RawCaKey::EcP384,
            valid_days: 3_650,
            certificate_days: 365,
            max_certificate_days: 1_095,
        }
    }
}

/// `ca.key`
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum RawCaKey {
    #[serde(rename = "ec-p256")]
    EcP256,
    #[serde(rename = "ec-p384")]
    EcP384,
    #[serde(rename = "ec-p521")]
    EcP521,
    #[serde(rename = "ed25519")]
    Ed25519,
    #[serde(rename = "rsa-3072")]
    Rsa3072,
    #[serde(rename = "rsa-4096")]
    Rsa4096,
}

impl RawCaKey {
    fn spec(self) -> KeyPairSpec {
        let rsa = |bits| KeyPairSpec::Rsa { bits, public_exponent: vec![1, 0, 1] };
        match self {
            Self::EcP256 => KeyPairSpec::Ec(Curve::P256),
            Self::EcP384 => KeyPairSpec::Ec(Curve::P384),
            Self::EcP521 => KeyPairSpec::Ec(Curve::P521),
            Self::Ed25519 => KeyPairSpec::Edwards(EdwardsCurve::Ed25519),
            Self::Rsa3072 => rsa(3_072),
            Self::Rsa4096 => rsa(4_096),
        }
    }
}

/// Longest common name of RFC 5280, appendix A.1.
const MAX_NAME_CHARACTERS: usize = 64;
/// Certificates that outlive their algorithms help nobody.
const MAX_DAYS: u32 = 36_500;

pub(super) fn checked(raw: RawCa) -> Result<AuthorityRules, Problem> {
    let within = |key: &str, value: u32, max: u32| {
        if (1..=max).contains(&value) {
            return Ok(value);
        }
        Err(Problem::new(format!("ca.{key}"), format!("{value} is not between 1 and {max}")))
    };
    let characters = raw.common_name.chars().count();
    if !(1..=MAX_NAME_CHARACTERS).contains(&characters) {
        let text = format!("is not 1 to {MAX_NAME_CHARACTERS} characters");
        return Err(Problem::new("ca.common_name", text));
    }
    let days = within("valid_days", raw.valid_days, MAX_DAYS)?;
    let max_certificate_days = within("max_certificate_days", raw.max_certificate_days, MAX_DAYS)?;
    Ok(AuthorityRules {
        common_name: raw.common_name,
        key: raw.key.spec(),
        days,
        default_certificate_days: within(
            "certificate_days",
            raw.certificate_days,
            max_certificate_days,
        )?,
        max_certificate_days,
    })
}
