//! Application Data that the server makes, where a client gives an application namespace alone.
//!
//! Spec: KMIP 1.4 §3.36 and §4.25.

use kmip_core::attribute::{ApplicationSpecificInformation, AttributeKind as Kind};
use kmip_core::ttlv::Value;
use kmip_core::types::ProtocolVersion;

use crate::object::{AttributeSet, Instance};
use crate::operation::{OpError, birth};

/// Where the server knows what Application Data are: keys of tape libraries.
pub(in crate::operation) const NAMESPACES: &[&str] =
    &["LIBRARY-LTO", "LIBRARY-LTO4", "LIBRARY-LTO5", "LIBRARY-LTO6"];

/// Bytes of a key identifier: as many as the authenticated key-associated data of LTO4 hold, the
/// least of them all.
const KEY_IDENTIFIER_BYTES: usize = 12;

/// What is stored for an Application Specific Information: what is given, and the data to it.
///
/// # Errors
///
/// `NamespaceNotSupported` where the data are missing and the namespace is another's.
pub(in crate::operation) fn complete(given: &Value) -> Result<Value, OpError> {
    let information: ApplicationSpecificInformation = given
        .to(ProtocolVersion::NEWEST)
        .map_err(|_| OpError::InvalidField("malformed application specific information"))?;
    if information.application_data.is_some() {
        return Ok(given.clone());
    }
    if !NAMESPACES.contains(&information.application_namespace.as_str()) {
        return Err(OpError::NamespaceNotSupported);
    }
    let application_data = Some(key_identifier()?);
    Ok(Value::of(&ApplicationSpecificInformation { application_data, ..information }))
}

/// Completes those of a new object.
///
/// # Errors
///
/// As [`complete`].
pub(in crate::operation) fn complete_all(set: &mut AttributeSet) -> Result<(), OpError> {
    let found = set.all(Kind::ApplicationSpecificInformation).cloned().collect::<Vec<_>>();
    for Instance { name, index, value } in found {
        set.replace(&name, index, complete(&value)?);
    }
    Ok(())
}

/// As the tape library profile writes what stands on the tape: two upper-case digits for each byte.
fn key_identifier() -> Result<String, OpError> {
    let random = birth::random_id()?;
    Ok(hex::encode_upper(random.get(..KEY_IDENTIFIER_BYTES).unwrap_or(&random)))
}
