//! GCM with IVs and tags of any length; slow and plain.

use subtle::ConstantTimeEq;

use super::block::{Aes, Block, blocks, xor};

/// Encrypts; ciphertext and full tag.
///
/// Spec: SP 800-38D §7.1.
pub(super) fn seal(aes: &Aes, iv: &[u8], aad: &[u8], data: &[u8]) -> (Vec<u8>, Block) {
    let first = first_counter(aes, iv);
    let sealed = aes.apply_counter(step(first), data, step);
    let tag = tag(aes, first, aad, &sealed);
    (sealed, tag)
}

/// Decrypts, if the (possibly shortened) tag is right.
///
/// Spec: SP 800-38D §7.2.
pub(super) fn open(
    aes: &Aes,
    iv: &[u8],
    aad: &[u8],
    sealed: &[u8],
    tag_: &[u8],
) -> Option<Vec<u8>> {
    let first = first_counter(aes, iv);
    let expected = tag(aes, first, aad, sealed);
    let same = expected.get(..tag_.len())?.ct_eq(tag_);
    bool::from(same).then(|| aes.apply_counter(step(first), sealed, step))
}

fn first_counter(aes: &Aes, iv: &[u8]) -> Block {
    let mut counter = [0; 16];
    if iv.len() == 12 {
        counter.iter_mut().zip(iv.iter().chain(&[0, 0, 0, 1])).for_each(|(to, from)| *to = *from);
        return counter;
    }
    ghash(aes, &[], iv, (0, bits(iv)))
}

/// GCM counts in the last 32 bits only.
fn step(counter: Block) -> Block {
    let number = u128::from_be_bytes(counter);
    let low = (number + 1) & 0xFFFF_FFFF;
    (number >> 32 << 32 | low).to_be_bytes()
}

fn tag(aes: &Aes, first: Block, aad: &[u8], sealed: &[u8]) -> Block {
    let hash = ghash(aes, aad, sealed, (bits(aad), bits(sealed)));
    xor(hash, aes.encrypt(first))
}

fn bits(data: &[u8]) -> u64 {
    u64::try_from(data.len() * 8).unwrap_or_default()
}

fn ghash(aes: &Aes, aad: &[u8], data: &[u8], lengths: (u64, u64)) -> Block {
    let key = u128::from_be_bytes(aes.encrypt([0; 16]));
    let last = (u128::from(lengths.0) << 64 | u128::from(lengths.1)).to_be_bytes();
    let all = blocks(aad).chain(blocks(data)).chain([last]);
    let hash = all.fold(0, |hash, block| multiply(hash ^ u128::from_be_bytes(block), key));
    hash.to_be_bytes()
}

/// Multiplication in GF(2^128) with GCM's bit order.
fn multiply(a: u128, b: u128) -> u128 {
    let (mut product, mut power) = (0, b);
    for bit in (0..128).rev() {
        if a >> bit & 1 == 1 {
            product ^= power;
        }
        power = if power & 1 == 1 { power >> 1 ^ 0xE1 << 120 } else { power >> 1 };
    }
    product
}
