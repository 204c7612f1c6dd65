//! Modes made of block encryptions that the token does in one call: what it is to encrypt, and
//! what the data are XORed with.

use wiping::Wiping;

use crate::job::{BlockMode, CipherParams};

/// Which way the data go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Encrypt,
    Decrypt,
}

/// The blocks to be encrypted, piece by piece, so that XORing the result with `data` is the mode's
/// outcome: in CBC with the IV for CFB encryption and OFB, in ECB for CFB decryption and CTR.
///
/// - CFB encryption: P xor CBC(IV, 0 || P without its last block), for C_i-1 xor 0 and then
///   E(C_i-1) xor P_i is how both chain.
/// - CFB decryption: C xor ECB(IV || C without its last block).
/// - OFB: P xor CBC(IV, 0 || 0 ...).
/// - CTR: P xor ECB(counter blocks).
///
/// Spec: SP 800-38A §6.3 to §6.5.
pub(crate) struct Blocks<'a> {
    source: Source<'a>,
    secret: bool,
    block: usize,
    /// Bytes still to come.
    left: usize,
}

enum Source<'a> {
    Zeros,
    /// One block, and behind it the text.
    Text {
        first: Option<Vec<u8>>,
        text: &'a [u8],
    },
    Counter(Counter),
}

impl<'a> Blocks<'a> {
    /// The blocks for `data`: one at least, so that an empty text asks the token for its leave, too.
    pub(crate) fn new(
        way: Way,
        mode: BlockMode,
        block: usize,
        params: &CipherParams,
        data: &'a [u8],
    ) -> Self {
        let source = match (mode, way) {
            (BlockMode::Cfb, Way::Encrypt) => {
                Source::Text { first: Some(vec![0; block]), text: data }
            }
            (BlockMode::Cfb, Way::Decrypt) => {
                Source::Text { first: Some(params.iv.clone()), text: data }
            }
            (BlockMode::Ctr, _) => Source::Counter(Counter::new(params)),
            (BlockMode::Ecb | BlockMode::Cbc | BlockMode::Ofb, _) => Source::Zeros,
        };
        let secret = (mode, way) == (BlockMode::Cfb, Way::Encrypt);
        Self { source, secret, block, left: data.len().div_ceil(block).max(1) * block }
    }

    /// Whether they are the text, which nobody may find.
    pub(crate) const fn are_secret(&self) -> bool {
        self.secret
    }

    /// How many bytes are still to come.
    pub(crate) const fn left(&self) -> usize {
        self.left
    }

    /// Replaces what is in `piece` by the next blocks, at most `bytes`, which are whole blocks.
    pub(crate) fn fill(&mut self, piece: &mut Vec<u8>, bytes: usize) {
        let bytes = bytes.min(self.left);
        self.left -= bytes;
        piece.clear();
        match &mut self.source {
            Source::Zeros => {}
            Source::Text { first, text } => {
                piece.extend(first.take().unwrap_or_default());
                let (now, later) = text.split_at(text.len().min(bytes.saturating_sub(piece.len())));
                piece.extend_from_slice(now);
                *text = later;
            }
            Source::Counter(counter) => {
                piece.resize(bytes, 0);
                counter.write(piece, self.block);
            }
        }
        piece.resize(bytes, 0);
    }
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
        BlockMode::Ofb => {
            let mut iv = last(input).unwrap_or_default();
            xor_onto(&mut iv, &last(output).unwrap_or_default());
            iv
        }
        BlockMode::Ctr => {
            let mut counter = Counter::new(params);
            counter.add(u128::try_from(input.len() / block).unwrap_or_default());
            counter.bytes()
        }
    }
}

/// `data` XORed with as much of `mask`.
pub(crate) fn xor(data: &[u8], mask: &[u8]) -> Wiping {
    Wiping::new(data.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect())
}

/// XORs `data` onto the beginning of `mask`.
pub(crate) fn xor_onto(mask: &mut [u8], data: &[u8]) {
    mask.iter_mut().zip(data).for_each(|(mask, byte)| *mask ^= byte);
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

    /// Fills `piece` with blocks of 8 or 16 bytes, and counts on.
    fn write(&mut self, piece: &mut [u8], block: usize) {
        let Self { fixed, mut count, mask, .. } = *self;
        let (pairs, _) = piece.as_chunks_mut::<16>();
        if block == 16 {
            for block in pairs {
                *block = (fixed | count).to_be_bytes();
                count = count.wrapping_add(1) & mask;
            }
        } else {
            for block in piece.chunks_exact_mut(block) {
                let whole = (fixed | count).to_be_bytes();
                block.iter_mut().rev().zip(whole.iter().rev()).for_each(|(to, from)| *to = *from);
                count = count.wrapping_add(1) & mask;
            }
        }
        self.count = count;
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
        let of = |way, length: usize, piece: usize| {
            let data = vec![7; length];
            let mut blocks = Blocks::new(way, BlockMode::Cfb, 8, &params(vec![1; 8], None), &data);
            let (mut all, mut next) = (Vec::new(), Vec::new());
            while blocks.left() > 0 {
                blocks.fill(&mut next, piece);
                all.extend_from_slice(&next);
            }
            all
        };
        for piece in [8, 16, 64] {
            assert_eq!(of(Way::Encrypt, 0, piece), [0; 8]);
            assert_eq!(of(Way::Encrypt, 8, piece), [0; 8]);
            assert_eq!(of(Way::Encrypt, 9, piece), [[0; 8], [7; 8]].concat());
            assert_eq!(of(Way::Decrypt, 16, piece), [[1; 8], [7; 8]].concat());
            assert_eq!(of(Way::Decrypt, 24, piece), [[1; 8], [7; 8], [7; 8]].concat());
        }
    }

    #[test]
    fn blocks_count_on_from_piece_to_piece() {
        let counter = params([vec![0; 15], vec![0xFE]].concat(), Some(8));
        let mut blocks = Blocks::new(Way::Encrypt, BlockMode::Ctr, 16, &counter, &[0; 40]);
        let mut piece = Vec::new();
        blocks.fill(&mut piece, 32);
        assert_eq!((piece.get(15), piece.get(31)), (Some(&0xFE), Some(&0xFF)));
        blocks.fill(&mut piece, 32);
        assert_eq!(piece, [0; 16]);
        assert_eq!(blocks.left(), 0);
    }
}
