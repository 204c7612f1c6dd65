//! Modes made of block encryptions that the token does in one call: what it is to encrypt, and
//! what the data are XORed with.

use zeroize::Zeroizing;

use crate::job::{BlockMode, CipherParams};

/// Which way the data go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Encrypt,
    Decrypt,
}

/// The blocks to be encrypted, so that XORing the result with `data` is the mode's outcome: in
/// CBC with the IV for CFB encryption and OFB, in ECB for CFB decryption and CTR.
///
/// - CFB encryption: P xor CBC(IV, 0 || P without its last block), for C_i-1 xor 0 and then
///   E(C_i-1) xor P_i is how both chain.
/// - CFB decryption: C xor ECB(IV || C without its last block).
/// - OFB: P xor CBC(IV, 0 || 0 ...).
/// - CTR: P xor ECB(counter blocks).
///
/// One block at least, so that an empty text asks the token for its leave, too.
///
/// Spec: SP 800-38A §6.3 to §6.5.
pub(crate) fn blocks(
    way: Way,
    mode: BlockMode,
    block: usize,
    params: &CipherParams,
    data: &[u8],
) -> Zeroizing<Vec<u8>> {
    let count = data.len().div_ceil(block).max(1);
    let mut blocks = Zeroizing::new(Vec::with_capacity(count * block));
    let earlier = data.get(..(count - 1) * block).unwrap_or_default();
    match (mode, way) {
        (BlockMode::Cfb, Way::Encrypt) => {
            blocks.resize(block, 0);
            blocks.extend_from_slice(earlier);
        }
        (BlockMode::Cfb, Way::Decrypt) => {
            blocks.extend_from_slice(&params.iv);
            blocks.extend_from_slice(earlier);
        }
        (BlockMode::Ctr, _) => {
            let mut counter = Counter::new(params);
            for _ in 0..count {
                blocks.extend_from_slice(&counter.bytes());
                counter.add(1);
            }
        }
        (BlockMode::Ecb | BlockMode::Cbc | BlockMode::Ofb, _) => blocks.resize(count * block, 0),
    }
    blocks
}

/// The IV for what follows `input`, which are whole blocks that became `output`.
pub(crate) fn next_iv(
    way: Way,
    mode: BlockMode,
    block: usize,
    params: &CipherParams,
    input: &[u8],
    output: &[u8],
) -> Vec<u8> {
    let last = |bytes: &[u8]| bytes.get(bytes.len().saturating_sub(block)..).map(<[u8]>::to_vec);
    let sealed = match way {
        Way::Encrypt => output,
        Way::Decrypt => input,
    };
    match mode {
        BlockMode::Ecb => Vec::new(),
        BlockMode::Cbc | BlockMode::Cfb => last(sealed).unwrap_or_default(),
        BlockMode::Ofb => last(&xor(input, output)).unwrap_or_default(),
        BlockMode::Ctr => {
            let mut counter = Counter::new(params);
            counter.add(u128::try_from(input.len() / block).unwrap_or_default());
            counter.bytes()
        }
    }
}

/// `data` XORed with as much of `mask`.
pub(crate) fn xor(data: &[u8], mask: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(data.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect())
}

/// The counter block of CTR: the last bits count, the others stay.
pub(crate) struct Counter {
    fixed: u128,
    count: u128,
    mask: u128,
    bytes: usize,
}

impl Counter {
    /// The first counter block.
    pub(crate) fn new(params: &CipherParams) -> Self {
        let number = params.iv.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        let all = u32::try_from(params.iv.len() * 8).unwrap_or(128);
        let bits = params.counter_bits.unwrap_or(all).min(128);
        let mask = if bits == 128 { u128::MAX } else { (1 << bits) - 1 };
        Self { fixed: number & !mask, count: number & mask, mask, bytes: params.iv.len() }
    }

    /// Counts on, from the maximum to zero.
    pub(crate) const fn add(&mut self, blocks: u128) {
        self.count = self.count.wrapping_add(blocks) & self.mask;
    }

    /// Whether `blocks` from here on pass the maximum.
    pub(crate) fn wraps_within(&self, blocks: usize) -> bool {
        let last = u128::try_from(blocks).unwrap_or(u128::MAX).saturating_sub(1);
        last > self.mask - self.count
    }

    /// The block.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let whole = (self.fixed | self.count).to_be_bytes();
        whole.get(16 - self.bytes.min(16)..).unwrap_or_default().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(iv: Vec<u8>, counter_bits: Option<u32>) -> CipherParams {
        CipherParams { iv, counter_bits, ..CipherParams::default() }
    }

    #[test]
    fn counter_counts_in_its_bits_only() {
        let mut counter = Counter::new(&params(vec![0xFF; 8], Some(12)));
        counter.add(2);
        assert_eq!(counter.bytes(), [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF0, 0x01]);
        let mut whole = Counter::new(&params(vec![0xFF; 16], None));
        whole.add(1);
        assert_eq!(whole.bytes(), [0; 16]);
    }

    #[test]
    fn counter_tells_when_it_wraps() {
        let counter = Counter::new(&params([vec![0; 15], vec![0xFE]].concat(), Some(8)));
        assert!(!counter.wraps_within(0) && !counter.wraps_within(2) && counter.wraps_within(3));
    }

    #[test]
    fn blocks_leave_out_the_last_block_of_the_text() {
        let of = |way, length: usize| {
            let data = vec![7; length];
            blocks(way, BlockMode::Cfb, 8, &params(vec![1; 8], None), &data).to_vec()
        };
        assert_eq!(of(Way::Encrypt, 0), [0; 8]);
        assert_eq!(of(Way::Encrypt, 8), [0; 8]);
        assert_eq!(of(Way::Encrypt, 9), [[0; 8], [7; 8]].concat());
        assert_eq!(of(Way::Decrypt, 16), [[1; 8], [7; 8]].concat());
    }
}
