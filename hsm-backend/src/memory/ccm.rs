//! CCM; slow and plain.

use subtle::ConstantTimeEq;

use super::block::{Aes, Block, blocks, xor};
use crate::job::CipherParams;

/// Encrypts; ciphertext and tag.
///
/// Spec: SP 800-38C §6.1.
pub(super) fn seal(aes: &Aes, params: &CipherParams, data: &[u8]) -> (Vec<u8>, Vec<u8>) {
    (crypt(aes, params, data), tag(aes, params, params.tag_bytes, data))
}

/// Decrypts, if the tag is right.
///
/// Spec: SP 800-38C §6.2.
pub(super) fn open(
    aes: &Aes,
    params: &CipherParams,
    sealed: &[u8],
    given: &[u8],
) -> Option<Vec<u8>> {
    let data = crypt(aes, params, sealed);
    let same = tag(aes, params, given.len(), &data).ct_eq(given);
    bool::from(same).then_some(data)
}

/// Spec: SP 800-38C appendix A.3.
fn counter(params: &CipherParams, number: usize) -> Block {
    let mut block = u128::try_from(number).unwrap_or_default().to_be_bytes();
    let flags = 14 - params.iv.len();
    let head = u8::try_from(flags).into_iter().chain(params.iv.iter().copied());
    block.iter_mut().zip(head).for_each(|(to, from)| *to = from);
    block
}

fn crypt(aes: &Aes, params: &CipherParams, data: &[u8]) -> Vec<u8> {
    let masks = (1..).map(|number| aes.encrypt(counter(params, number)));
    let pairs = data.chunks(16).zip(masks);
    pairs.flat_map(|(piece, mask)| piece.iter().zip(mask).map(|(a, b)| a ^ b)).collect()
}

/// Spec: SP 800-38C appendix A.2.
fn tag(aes: &Aes, params: &CipherParams, bytes: usize, data: &[u8]) -> Vec<u8> {
    let mut first = counter(params, data.len());
    let authenticated = if params.aad.is_empty() { 0 } else { 64 };
    let of_tag = u8::try_from((bytes.max(2) - 2) / 2 * 8).unwrap_or_default();
    if let Some(flags) = first.first_mut() {
        *flags |= authenticated | of_tag;
    }
    let aad = with_length(&params.aad);
    let all = [first].into_iter().chain(blocks(&aad)).chain(blocks(data));
    let sum = all.fold([0; 16], |sum, block| aes.encrypt(xor(sum, block)));
    xor(sum, aes.encrypt(counter(params, 0))).into_iter().take(bytes).collect()
}

fn with_length(aad: &[u8]) -> Vec<u8> {
    let mut encoded = match u16::try_from(aad.len()) {
        Ok(0) => return Vec::new(),
        Ok(short) if short < 0xFF00 => short.to_be_bytes().to_vec(),
        Ok(_) | Err(_) => {
            let long = u32::try_from(aad.len()).unwrap_or(u32::MAX).to_be_bytes();
            [[0xFF, 0xFE].as_slice(), &long].concat()
        }
    };
    encoded.extend_from_slice(aad);
    encoded
}
