//! AES on single blocks, and the modes made of them.

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};

use super::keys::NOT_PERMITTED;
use crate::error::HsmError;

pub(super) type Block = [u8; 16];

/// AES with any key length.
pub(super) enum Aes {
    Short(Box<Aes128>),
    Middle(Box<Aes192>),
    Long(Box<Aes256>),
}

impl Aes {
    pub(super) fn new(key: &[u8]) -> Result<Self, HsmError> {
        let aes = match key.len() {
            16 => Aes128::new_from_slice(key).map(|aes| Self::Short(Box::new(aes))),
            24 => Aes192::new_from_slice(key).map(|aes| Self::Middle(Box::new(aes))),
            _ => Aes256::new_from_slice(key).map(|aes| Self::Long(Box::new(aes))),
        };
        aes.map_err(|_| NOT_PERMITTED)
    }

    pub(super) fn encrypt(&self, block: Block) -> Block {
        let mut block = block.into();
        match self {
            Self::Short(aes) => aes.encrypt_block(&mut block),
            Self::Middle(aes) => aes.encrypt_block(&mut block),
            Self::Long(aes) => aes.encrypt_block(&mut block),
        }
        block.into()
    }

    pub(super) fn decrypt(&self, block: Block) -> Block {
        let mut block = block.into();
        match self {
            Self::Short(aes) => aes.decrypt_block(&mut block),
            Self::Middle(aes) => aes.decrypt_block(&mut block),
            Self::Long(aes) => aes.decrypt_block(&mut block),
        }
        block.into()
    }

    /// XORs the key stream from `counter` on; `step` makes the next counter.
    pub(super) fn apply_counter(
        &self,
        counter: Block,
        data: &[u8],
        step: fn(Block) -> Block,
    ) -> Vec<u8> {
        let mut counter = counter;
        let mut output = Vec::with_capacity(data.len());
        for piece in data.chunks(16) {
            let stream = self.encrypt(counter);
            output.extend(piece.iter().zip(stream).map(|(byte, mask)| byte ^ mask));
            counter = step(counter);
        }
        output
    }
}

pub(super) fn xor(a: Block, b: Block) -> Block {
    (u128::from_be_bytes(a) ^ u128::from_be_bytes(b)).to_be_bytes()
}

/// The blocks of `data`, the last filled with zeros.
pub(super) fn blocks(data: &[u8]) -> impl Iterator<Item = Block> {
    data.chunks(16).map(|chunk| {
        let mut block = [0; 16];
        block.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        block
    })
}
