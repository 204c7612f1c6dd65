//! The token's random generator.

use super::token::{Doubt, Token};
use crate::backend::CallContext;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::SecretValue;
use crate::limits::{MAX_RANDOM_BYTES, check_data};

/// Random bytes, at most 1 MiB.
///
/// Spec: PKCS#11 2.40 §5.14, C_GenerateRandom.
pub(super) fn random(
    token: &Token,
    call: &CallContext,
    bytes: usize,
) -> Result<SecretValue, HsmError> {
    let too_many = HsmError::new(HsmErrorKind::BadLength, "random");
    let length = u32::try_from(bytes).ok().filter(|_| bytes <= MAX_RANDOM_BYTES).ok_or(too_many)?;
    if length == 0 {
        return Ok(SecretValue::new(Vec::new()));
    }
    let value = token.run(call, Doubt::Device, |s| Ok(s.generate_random_vec(length)?))?;
    Ok(SecretValue::new(value))
}

/// Mixes in a seed; a token that takes none takes 0 bytes.
///
/// Spec: PKCS#11 2.40 §5.14, C_SeedRandom.
pub(super) fn seed(token: &Token, call: &CallContext, seed: &[u8]) -> Result<usize, HsmError> {
    check_data(seed)?;
    if seed.is_empty() {
        return Ok(0);
    }
    match token.run(call, Doubt::Device, |session| Ok(session.seed_random(seed)?)) {
        Ok(()) => Ok(seed.len()),
        Err(error) if error.kind == HsmErrorKind::Unsupported => Ok(0),
        Err(error) => Err(error),
    }
}
