//! What an IV is made of: its length, the fields of a constructed one, and CTR's counter.

use hsm_backend::{BlockCipher, BlockMode, CipherAlgorithm};
use kmip_core::attribute::CryptographicParameters;

use crate::bridge::BridgeError;
use crate::bridge::constructed::Fields;

/// The length of a GCM or CCM nonce, where the client leaves it to us.
const NONCE_BYTES: usize = 12;
/// The bits of a block counter that begins with a value of its own, where the client says
/// nothing: those of RFC 3686.
const COUNTER_BITS: u32 = 32;

/// How CTR counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// Counter Length; absent: the whole block, or all that the IV leaves of it.
    pub bits: Option<u32>,
    /// Initial Counter Value; where it is given, the IV is only what stands before the counter.
    pub first: Option<u32>,
}

/// What an IV is made of.
pub(super) struct Layout {
    /// Length of an IV made here, in bytes; 0 where the mode has none.
    pub(super) iv_bytes: usize,
    pub(super) fields: Option<Fields>,
    pub(super) counter: Counter,
}

impl Layout {
    pub(super) fn of(
        algorithm: CipherAlgorithm,
        parameters: &CryptographicParameters,
    ) -> Result<Self, BridgeError> {
        match algorithm {
            CipherAlgorithm::Block { cipher, mode: BlockMode::Ctr, .. } => {
                Self::of_ctr(algorithm, cipher, parameters)
            }
            CipherAlgorithm::AesGcm | CipherAlgorithm::AesCcm => {
                Self::of_aead(algorithm, parameters)
            }
            _ => {
                let usual = match algorithm {
                    CipherAlgorithm::Block { cipher, mode, .. } if mode.has_iv() => {
                        cipher.block_bytes()
                    }
                    CipherAlgorithm::AesXts => BlockCipher::Aes.block_bytes(),
                    _ => 0,
                };
                let iv_bytes = iv_length(parameters, algorithm, usual)?;
                Ok(Self { iv_bytes, fields: None, counter: Counter::default() })
            }
        }
    }

    /// The nonce of GCM and CCM is the two fields, and nothing else.
    fn of_aead(
        algorithm: CipherAlgorithm,
        parameters: &CryptographicParameters,
    ) -> Result<Self, BridgeError> {
        let told = iv_length(parameters, algorithm, NONCE_BYTES)?;
        let both =
            parameters.fixed_field_length.is_some() && parameters.invocation_field_length.is_some();
        let room = (parameters.iv_length.is_some() || !both).then(|| bits_of(told));
        let fields = Fields::of(parameters, room)?;
        let iv_bytes = match fields.map(whole_bytes).transpose()? {
            Some(bytes) if fits_aead(algorithm, bytes) => bytes,
            Some(_) => return Err(BridgeError::Invalid("the fields do not make an IV")),
            None => told,
        };
        Ok(Self { iv_bytes, fields, counter: Counter::default() })
    }

    /// The fields of CTR are what its counter leaves of the block. The IV is the whole block,
    /// unless the counter's first value is told apart from it.
    fn of_ctr(
        algorithm: CipherAlgorithm,
        cipher: BlockCipher,
        parameters: &CryptographicParameters,
    ) -> Result<Self, BridgeError> {
        let mut counter = counter(algorithm, parameters)?;
        let block = bits_of(cipher.block_bytes());
        let both =
            parameters.fixed_field_length.is_some() && parameters.invocation_field_length.is_some();
        let counted = counter.bits.or((counter.first.is_some() && !both).then_some(COUNTER_BITS));
        let fields = Fields::of(parameters, counted.map(|bits| block - bits))?;
        if let Some(fields) = fields {
            let bits = fields.bits().and_then(|bits| block.checked_sub(bits));
            let bits = bits.filter(|bits| *bits > 0);
            counter.bits = Some(bits.ok_or(BridgeError::Invalid("no room for the counter"))?);
        }
        let apart = counter.first.map(|_| counter.bits.unwrap_or(COUNTER_BITS).div_ceil(8));
        let apart = apart.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
        if let Some(fields) = fields.filter(|_| counter.first.is_some()) {
            whole_bytes(fields)?;
        }
        let usual = cipher.block_bytes().saturating_sub(apart);
        Ok(Self { iv_bytes: iv_length(parameters, algorithm, usual)?, fields, counter })
    }
}

fn bits_of(bytes: usize) -> u32 {
    u32::try_from(bytes.saturating_mul(8)).unwrap_or(u32::MAX)
}

fn whole_bytes(fields: Fields) -> Result<usize, BridgeError> {
    let bits = fields.bits().filter(|bits| bits.is_multiple_of(8));
    let bytes = bits.and_then(|bits| usize::try_from(bits / 8).ok());
    bytes.ok_or(BridgeError::Invalid("the fields are no whole bytes"))
}

const fn fits_aead(algorithm: CipherAlgorithm, bytes: usize) -> bool {
    match algorithm {
        CipherAlgorithm::AesCcm => 7 <= bytes && bytes <= 13,
        _ => 1 <= bytes && bytes <= 256,
    }
}

/// Counter Length is in bits; a counter with a value of its own has whole bytes.
fn counter(
    algorithm: CipherAlgorithm,
    parameters: &CryptographicParameters,
) -> Result<Counter, BridgeError> {
    let CipherAlgorithm::Block { cipher, mode: BlockMode::Ctr, .. } = algorithm else {
        return Ok(Counter::default());
    };
    let most = u32::try_from(8 * cipher.block_bytes()).unwrap_or(0);
    let first = parameters.initial_counter_value.map(u32::try_from).transpose();
    let first = first.map_err(|_| BridgeError::Invalid("negative counter"))?;
    let bits = parameters.counter_length.map(u32::try_from).transpose();
    let bits = bits.map_err(|_| BridgeError::Invalid("invalid counter length"))?;
    let whole = |bits: u32| first.is_none() || bits.is_multiple_of(8);
    if bits.is_some_and(|bits| !(1..=most).contains(&bits) || !whole(bits)) {
        return Err(BridgeError::Invalid("invalid counter length"));
    }
    Ok(Counter { bits, first })
}

/// IV Length is in bits by the text of the specification; OpenBao and others send bytes.
fn iv_length(
    parameters: &CryptographicParameters,
    algorithm: CipherAlgorithm,
    default: usize,
) -> Result<usize, BridgeError> {
    let Some(length) = parameters.iv_length else { return Ok(default) };
    let length = usize::try_from(length).map_err(|_| BridgeError::Invalid("negative IV length"))?;
    let in_bits = length >= 64 && length.is_multiple_of(8);
    let bytes = if in_bits { length / 8 } else { length };
    let fits = match algorithm {
        CipherAlgorithm::AesGcm | CipherAlgorithm::AesCcm => fits_aead(algorithm, bytes),
        _ => bytes == default,
    };
    if fits { Ok(bytes) } else { Err(BridgeError::Invalid("IV length does not fit the mode")) }
}
