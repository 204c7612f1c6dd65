//! What the operator states of the token's validations, for Query.

use kmip_core::payload::ValidationInformation;
use kmip_core::types::{ValidationAuthorityType, ValidationType};

use super::check::Checked;
use super::error::Problem;
use super::raw::{RawAuthority, RawValidated, RawValidation};

/// Highest level of any standard, with room.
const MAX_LEVEL: u32 = 100;

/// The validations as KMIP tells them.
///
/// # Errors
///
/// [`Problem`], for a version that is no number or two, and for a level that cannot be.
pub(super) fn checked(raw: Vec<RawValidation>) -> Checked<Vec<ValidationInformation>> {
    let numbered = raw.into_iter().enumerate();
    numbered.map(|(index, raw)| one(&format!("token.validation[{index}]"), raw)).collect()
}

fn one(key: &str, raw: RawValidation) -> Checked<ValidationInformation> {
    let (version_major, version_minor) = version(&raw.version).ok_or_else(|| {
        Problem::new(format!("{key}.version"), "is neither a number, like 3, nor two, like 3.1")
    })?;
    let level = Some(raw.level).filter(|level| *level <= MAX_LEVEL);
    let level = level.and_then(|level| i32::try_from(level).ok()).ok_or_else(|| {
        Problem::new(format!("{key}.level"), format!("{} is above {MAX_LEVEL}", raw.level))
    })?;
    Ok(ValidationInformation {
        authority_type: match raw.authority {
            RawAuthority::NistCmvp => ValidationAuthorityType::NISTCMVP,
            RawAuthority::CommonCriteria => ValidationAuthorityType::CommonCriteria,
            RawAuthority::Unspecified => ValidationAuthorityType::Unspecified,
        },
        authority_country: raw.country,
        authority_uri: raw.authority_uri,
        version_major,
        version_minor,
        validation_type: match raw.of {
            RawValidated::Hardware => ValidationType::Hardware,
            RawValidated::Software => ValidationType::Software,
            RawValidated::Firmware => ValidationType::Firmware,
            RawValidated::Hybrid => ValidationType::Hybrid,
        },
        level,
        certificate_identifier: raw.certificate,
        certificate_uri: raw.certificate_uri,
        vendor_uri: raw.vendor_uri,
        profiles: raw.profiles,
    })
}

/// `3` or `3.1`.
fn version(text: &str) -> Option<(i32, Option<i32>)> {
    let number = |text: &str| text.parse::<u16>().ok().map(i32::from);
    match text.split_once('.') {
        None => Some((number(text)?, None)),
        Some((major, minor)) => Some((number(major)?, Some(number(minor)?))),
    }
}
