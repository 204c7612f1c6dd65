//! CCM made of two calls to the token: the last block of a CBC encryption is the MAC; of the
//! encrypted counter blocks the first masks the MAC, and the others are the key stream.
//!
//! Both calls are encryptions whichever way the data go, and none of what they give out leaves this
//! crate unmasked.

use subtle::ConstantTimeEq;
use wiping::Wiping;

use super::feedback::xor;
use super::{bad_length, bad_parameter};
use crate::backend::Encrypted;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{CipherParams, SecretValue};

const BLOCK: usize = 16;
/// What a flags byte says of a message that has additional data.
const HAS_AAD: u8 = 0x40;
/// Longest additional data whose length is written in two bytes.
const SHORT_AAD_BYTES: u16 = 0xFEFF;
/// What stands before a length of four bytes.
const LONG_AAD_MARK: [u8; 2] = [0xFF, 0xFE];

/// What goes into the MAC beside the text.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    nonce: &'a [u8],
    aad: &'a [u8],
    tag_bytes: usize,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(params: &'a CipherParams, tag_bytes: usize) -> Self {
        Self { nonce: &params.iv, aad: &params.aad, tag_bytes }
    }
}

/// Encrypts: `stream` encrypts blocks, each for itself; `mac` chains them from a block of zeros on,
/// and gives the last.
///
/// Spec: SP 800-38C §6.1.
///
/// # Errors
///
/// `BadParameter` and `BadLength` for what the format has no room for; those of the calls; `Device`
/// where the token gives too little.
pub(crate) fn seal<E: From<HsmError>>(
    frame: Frame<'_>,
    text: &[u8],
    stream: impl FnOnce(&[u8]) -> Result<Wiping, E>,
    mac: impl FnOnce(&[u8]) -> Result<[u8; BLOCK], E>,
) -> Result<Encrypted, E> {
    let blocks = mac_blocks(frame, text)?;
    let masks = Masks::new(frame, text.len(), stream)?;
    let data = std::mem::take(&mut *xor(text, masks.of_text()));
    let tag = masks.tag(frame, mac(&blocks)?);
    Ok(Encrypted { data, tag })
}

/// Decrypts; `None` where the tag is wrong. The calls are those of [`seal`].
///
/// A text whose tag is wrong is wiped, and takes as long as one whose tag is right.
///
/// Spec: SP 800-38C §6.2.
///
/// # Errors
///
/// As [`seal`].
pub(crate) fn open<E: From<HsmError>>(
    frame: Frame<'_>,
    sealed: &[u8],
    tag: &[u8],
    stream: impl FnOnce(&[u8]) -> Result<Wiping, E>,
    mac: impl FnOnce(&[u8]) -> Result<[u8; BLOCK], E>,
) -> Result<Option<SecretValue>, E> {
    let masks = Masks::new(frame, sealed.len(), stream)?;
    let mut text = xor(sealed, masks.of_text());
    let expected = masks.tag(frame, mac(&mac_blocks(frame, &text)?)?);
    let same = bool::from(expected.ct_eq(tag));
    Ok(same.then(|| SecretValue::new(std::mem::take(&mut *text))))
}

/// The encrypted counter blocks.
struct Masks(Wiping);

impl Masks {
    fn new<E: From<HsmError>>(
        frame: Frame<'_>,
        text_bytes: usize,
        stream: impl FnOnce(&[u8]) -> Result<Wiping, E>,
    ) -> Result<Self, E> {
        let counters = counter_blocks(frame, text_bytes)?;
        let masks = stream(&counters)?;
        let whole = masks.len() == counters.len();
        let short = || HsmError::new(HsmErrorKind::Device(0), "ccm").into();
        if whole { Ok(Self(masks)) } else { Err(short()) }
    }

    fn of_text(&self) -> &[u8] {
        self.0.get(BLOCK..).unwrap_or_default()
    }

    fn tag(&self, frame: Frame<'_>, mac: [u8; BLOCK]) -> Vec<u8> {
        let mac = mac.get(..frame.tag_bytes).unwrap_or_default();
        xor(mac, &self.0).to_vec()
    }
}

/// What is chained: the first block, the additional data behind their length, and the text; each of
/// the latter filled with zeros to whole blocks.
///
/// Spec: SP 800-38C appendix A.2.
fn mac_blocks(frame: Frame<'_>, text: &[u8]) -> Result<Wiping, HsmError> {
    let of_tag = match u8::try_from(frame.tag_bytes) {
        Ok(bytes @ (4 | 6 | 8 | 10 | 12 | 14 | 16)) => (bytes - 2) * 4,
        _ => return Err(bad_parameter("ccm: tag length")),
    };
    let of_aad = if frame.aad.is_empty() { 0 } else { HAS_AAD };
    let first = block(frame.nonce, of_aad | of_tag, text.len())?;
    let length = aad_length(frame.aad)?;
    let aad_bytes = (length.len() + frame.aad.len()).next_multiple_of(BLOCK);
    // Never grown, so that no copy of the text is left behind.
    let all = BLOCK + aad_bytes + text.len().next_multiple_of(BLOCK);
    let mut blocks = Wiping::new(Vec::with_capacity(all));
    blocks.extend_from_slice(&first);
    blocks.extend_from_slice(&length);
    blocks.extend_from_slice(frame.aad);
    blocks.resize(BLOCK + aad_bytes, 0);
    blocks.extend_from_slice(text);
    blocks.resize(all, 0);
    Ok(blocks)
}

/// The length of additional data as it stands before them; none, where there are none.
///
/// Eight bytes of length, for 4 GiB and more, are of no use here.
fn aad_length(aad: &[u8]) -> Result<Vec<u8>, HsmError> {
    match u16::try_from(aad.len()) {
        Ok(0) => Ok(Vec::new()),
        Ok(short) if short <= SHORT_AAD_BYTES => Ok(short.to_be_bytes().to_vec()),
        Ok(_) | Err(_) => {
            let long = u32::try_from(aad.len()).map_err(|_| bad_length("ccm: additional data"))?;
            Ok([LONG_AAD_MARK.as_slice(), &long.to_be_bytes()].concat())
        }
    }
}

/// The counter blocks for the MAC and a text of that length.
///
/// Spec: SP 800-38C appendix A.3.
fn counter_blocks(frame: Frame<'_>, text_bytes: usize) -> Result<Vec<u8>, HsmError> {
    let last = text_bytes.div_ceil(BLOCK);
    let mut blocks = Vec::with_capacity(BLOCK * (last + 1));
    for number in 0..=last {
        blocks.extend_from_slice(&block(frame.nonce, 0, number)?);
    }
    Ok(blocks)
}

/// Flags, the nonce, and a number that fills what the nonce leaves of the block.
fn block(nonce: &[u8], flags: u8, number: usize) -> Result<[u8; BLOCK], HsmError> {
    let room = match nonce.len() {
        bytes @ 7..=13 => 15 - bytes,
        _ => return Err(bad_parameter("ccm: nonce length")),
    };
    let number = u128::try_from(number).map_err(|_| bad_length("ccm"))?;
    if number >> (8 * room) > 0 {
        return Err(bad_length("ccm"));
    }
    let flags = flags | u8::try_from(room - 1).map_err(|_| bad_length("ccm"))?;
    let mut block = number.to_be_bytes();
    let head = [flags].into_iter().chain(nonce.iter().copied());
    block.iter_mut().zip(head).for_each(|(to, from)| *to = from);
    Ok(block)
}

#[cfg(test)]
mod tests;
