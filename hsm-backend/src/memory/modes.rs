//! Block ciphers and their modes, block by block as the standard writes them.

use des::TdesEde3;
use des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use super::block::Aes;
use super::keys::NOT_PERMITTED;
use crate::encoding::feedback::Way;
use crate::error::HsmError;
use crate::job::{BlockCipher, BlockMode, CipherParams};

/// A block cipher with its key.
pub(super) enum BlockKey {
    Aes(Aes),
    Des3(Box<TdesEde3>),
}

impl BlockKey {
    pub(super) fn new(cipher: BlockCipher, key: &[u8]) -> Result<Self, HsmError> {
        match cipher {
            BlockCipher::Aes => Aes::new(key).map(Self::Aes),
            BlockCipher::Des3 => {
                let whole: Vec<u8> = key.iter().chain(key).take(24).copied().collect();
                let des = TdesEde3::new_from_slice(&whole).map_err(|_| NOT_PERMITTED)?;
                Ok(Self::Des3(Box::new(des)))
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Aes(_) => 16,
            Self::Des3(_) => 8,
        }
    }

    pub(super) fn encrypt(&self, block: &[u8]) -> Vec<u8> {
        match self {
            Self::Aes(aes) => aes.encrypt(filled(block)).to_vec(),
            Self::Des3(des) => {
                let mut block = filled::<8>(block).into();
                des.encrypt_block(&mut block);
                block.to_vec()
            }
        }
    }

    fn decrypt(&self, block: &[u8]) -> Vec<u8> {
        match self {
            Self::Aes(aes) => aes.decrypt(filled(block)).to_vec(),
            Self::Des3(des) => {
                let mut block = filled::<8>(block).into();
                des.decrypt_block(&mut block);
                block.to_vec()
            }
        }
    }

    /// Spec: SP 800-38A §6.
    pub(super) fn run(
        &self,
        mode: BlockMode,
        way: Way,
        params: &CipherParams,
        data: &[u8],
    ) -> Vec<u8> {
        let mut chain = params.iv.clone();
        let mut output = Vec::with_capacity(data.len());
        for block in data.chunks(self.bytes()) {
            let made = match (mode, way) {
                (BlockMode::Ecb, Way::Encrypt) => self.encrypt(block),
                (BlockMode::Ecb, Way::Decrypt) => self.decrypt(block),
                (BlockMode::Cbc, Way::Encrypt) => self.encrypt(&xor(block, &chain)),
                (BlockMode::Cbc, Way::Decrypt) => xor(&self.decrypt(block), &chain),
                (BlockMode::Cfb | BlockMode::Ofb | BlockMode::Ctr, _) => {
                    xor(block, &self.encrypt(&chain))
                }
            };
            chain = match (mode, way) {
                (BlockMode::Ecb, _) => chain,
                (BlockMode::Cbc | BlockMode::Cfb, Way::Encrypt) => made.clone(),
                (BlockMode::Cbc | BlockMode::Cfb, Way::Decrypt) => block.to_vec(),
                (BlockMode::Ofb, _) => self.encrypt(&chain),
                (BlockMode::Ctr, _) => next(&chain, params.counter_bits),
            };
            output.extend(made);
        }
        output
    }
}

/// The next counter block: the last `bits` count, bit by bit from the end.
fn next(counter: &[u8], bits: Option<u32>) -> Vec<u8> {
    let mut next = counter.to_vec();
    let all = u32::try_from(8 * counter.len()).unwrap_or_default();
    for bit in 0..bits.unwrap_or(all) {
        let place = counter.len() - 1 - usize::try_from(bit / 8).unwrap_or_default();
        let Some(byte) = next.get_mut(place) else { break };
        *byte ^= 1 << (bit % 8);
        if *byte >> (bit % 8) & 1 == 1 {
            break;
        }
    }
    next
}

fn xor(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}

fn filled<const BYTES: usize>(chunk: &[u8]) -> [u8; BYTES] {
    let mut block = [0; BYTES];
    block.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
    block
}
