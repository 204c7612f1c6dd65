//! Block ciphers in the modes that do not authenticate: by the token's own mechanism, or by block
//! encryptions in the token that are XORed here.

use cryptoki::mechanism::Mechanism as Call;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;

use super::mechanism::{ctr, ctr_params, plain, with_iv};
use super::rv::Fault;
use crate::capability::{Capabilities, CipherPlan, Mechanism};
use crate::encoding::feedback::{self, Blocks, Counter, Way};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{BlockCipher, BlockMode, CipherAlgorithm, CipherParams, Padding, SecretValue};
use wiping::Wiping;

/// Longer inputs go in parts: single calls are 3 to 12 times slower on SoftHSM.
pub(super) const SINGLE_PART_BYTES: usize = 32 << 10;
/// Length of a part.
pub(super) const PART_BYTES: usize = 64 << 10;

/// A block cipher at work.
#[derive(Clone, Copy)]
pub(super) struct BlockJob<'a> {
    pub(super) cipher: BlockCipher,
    pub(super) mode: BlockMode,
    pub(super) plan: CipherPlan,
    pub(super) way: Way,
    pub(super) params: &'a CipherParams,
}

impl BlockJob<'_> {
    /// The mechanism the token is asked for.
    pub(super) const fn mechanism(&self) -> Mechanism {
        match self.way {
            Way::Encrypt => self.plan.mechanism(),
            Way::Decrypt => self.plan.decrypt_mechanism(),
        }
    }

    /// Whether the padding is dealt with here.
    pub(super) const fn pads_here(&self) -> bool {
        match self.plan {
            CipherPlan::PadHere(_) | CipherPlan::XorHere { .. } => true,
            CipherPlan::OnToken(_)
            | CipherPlan::CcmHere { .. }
            | CipherPlan::TweakHere(_)
            | CipherPlan::AsKey(_)
            | CipherPlan::UnpadHere(_) => false,
        }
    }

    /// The outcome for `data`, paddings that are put on here apart.
    pub(super) fn carry_out(
        &self,
        session: &Session,
        handle: ObjectHandle,
        data: &[u8],
    ) -> Result<SecretValue, Fault> {
        if let CipherPlan::XorHere { .. } = self.plan {
            return self.xor_blocks(session, handle, data);
        }
        let iv = &self.params.iv;
        self.with_mechanism(iv, |mechanism| match self.way {
            Way::Encrypt => encrypt_all(session, mechanism, handle, data).map(SecretValue::new),
            Way::Decrypt => decrypt_all(session, mechanism, handle, data, false),
        })
    }

    fn xor_blocks(
        &self,
        session: &Session,
        handle: ObjectHandle,
        data: &[u8],
    ) -> Result<SecretValue, Fault> {
        let block = self.cipher.block_bytes();
        let blocks = Blocks::new(self.way, self.mode, block, self.params, data);
        let chained = matches!(self.mechanism(), Mechanism::AES_CBC | Mechanism::DES3_CBC);
        let iv: &[u8] = if chained { &self.params.iv } else { &[] };
        let mut mask = self
            .with_mechanism(iv, |mechanism| encrypt_blocks(session, mechanism, handle, blocks))?;
        if mask.len() < data.len() {
            return Err(HsmError::new(HsmErrorKind::Device(0), "C_Encrypt").into());
        }
        feedback::xor_onto(&mut mask, data);
        mask.truncate(data.len());
        Ok(mask.into())
    }

    /// Builds the mechanism with its parameters, which must live as long as the call.
    fn with_mechanism<T>(
        &self,
        iv: &[u8],
        work: impl FnOnce(&Call<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mechanism = self.mechanism();
        if mechanism == Mechanism::AES_CTR {
            let counter = ctr_params(iv)?;
            return work(&ctr(mechanism, &counter));
        }
        match (iv.len(), <[u8; 16]>::try_from(iv), <[u8; 8]>::try_from(iv)) {
            (0, ..) => work(&plain(mechanism)),
            (_, Ok(iv), _) => work(&with_iv(mechanism, &iv)),
            (_, _, Ok(iv)) => work(&with_iv(mechanism, &iv)),
            (_, Err(_), Err(_)) => Err(HsmError::new(HsmErrorKind::BadParameter, "iv").into()),
        }
    }
}

/// The best plan for these data: SoftHSM refuses to let a counter wrap (CKR_DATA_LEN_RANGE), others
/// do it, and few were ever tried with a counter of other than 128 bits.
pub(super) fn plan_for(
    capabilities: &Capabilities,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
) -> Option<CipherPlan> {
    let CipherAlgorithm::Block { cipher, mode: BlockMode::Ctr, padding } = algorithm else {
        return capabilities.cipher(algorithm);
    };
    let block = cipher.block_bytes();
    let blocks = match padding {
        Padding::None => data.len().div_ceil(block),
        Padding::Pkcs5
        | Padding::AnsiX923
        | Padding::Iso10126
        | Padding::Zeros
        | Padding::OneAndZeros => data.len() / block + 1,
    };
    let all = u32::try_from(8 * block).ok();
    let odd = params.counter_bits.is_some_and(|bits| Some(bits) != all);
    let special = odd || Counter::new(params).wraps_within(blocks);
    let here = |plan: &&CipherPlan| matches!(plan, CipherPlan::XorHere { .. });
    capabilities.cipher_plans(algorithm).iter().find(|plan| !special || here(plan)).copied()
}

/// C_Encrypt of blocks that are made as they are needed.
fn encrypt_blocks(
    session: &Session,
    mechanism: &Call<'_>,
    handle: ObjectHandle,
    mut blocks: Blocks<'_>,
) -> Result<Wiping, Fault> {
    let mut piece = Vec::with_capacity(blocks.left().min(PART_BYTES));
    let secret = blocks.are_secret();
    let output = encrypt_pieces(session, mechanism, handle, &mut blocks, &mut piece);
    if secret {
        drop(Wiping::new(piece));
    }
    output
}

fn encrypt_pieces(
    session: &Session,
    mechanism: &Call<'_>,
    handle: ObjectHandle,
    blocks: &mut Blocks<'_>,
    piece: &mut Vec<u8>,
) -> Result<Wiping, Fault> {
    if blocks.left() <= SINGLE_PART_BYTES {
        blocks.fill(piece, SINGLE_PART_BYTES);
        return Ok(Wiping::new(session.encrypt(mechanism, handle, piece)?));
    }
    session.encrypt_init(mechanism, handle)?;
    blocks.fill(piece, PART_BYTES);
    // Where this is all, nothing is copied.
    let mut output = Wiping::new(session.encrypt_update(piece)?);
    while blocks.left() > 0 {
        reserve(&mut output, blocks.left() + 32);
        blocks.fill(piece, PART_BYTES);
        output.extend_from_slice(&Wiping::new(session.encrypt_update(piece)?));
    }
    output.extend_from_slice(&Wiping::new(session.encrypt_final()?));
    Ok(output)
}

/// Makes room without leaving a copy behind.
fn reserve(bytes: &mut Wiping, more: usize) {
    if bytes.capacity() - bytes.len() < more {
        let mut wider = Wiping::new(Vec::with_capacity(bytes.len() + more));
        wider.extend_from_slice(bytes);
        *bytes = wider;
    }
}

/// C_Encrypt, in parts where the data are long.
pub(super) fn encrypt_all(
    session: &Session,
    mechanism: &Call<'_>,
    handle: ObjectHandle,
    data: &[u8],
) -> Result<Vec<u8>, Fault> {
    if data.len() <= SINGLE_PART_BYTES {
        return Ok(session.encrypt(mechanism, handle, data)?);
    }
    let mut output = Vec::with_capacity(data.len() + 32);
    encrypt_parts(session, mechanism, handle, data, |part| output.extend_from_slice(&part))?;
    Ok(output)
}

/// C_Encrypt of what makes a key stream: with it, a ciphertext is the text.
pub(super) fn encrypt_secret(
    session: &Session,
    mechanism: &Call<'_>,
    handle: ObjectHandle,
    blocks: &[u8],
) -> Result<Wiping, Fault> {
    if blocks.len() <= SINGLE_PART_BYTES {
        return Ok(Wiping::new(session.encrypt(mechanism, handle, blocks)?));
    }
    let mut output = Wiping::new(Vec::with_capacity(blocks.len() + 32));
    encrypt_parts(session, mechanism, handle, blocks, |part| {
        output.extend_from_slice(&Wiping::new(part));
    })?;
    Ok(output)
}

/// The last block that C_Encrypt gives out: the MAC, where blocks are chained. The others are let go
/// as they come.
pub(super) fn encrypt_last<const BYTES: usize>(
    session: &Session,
    mechanism: &Call<'_>,
    handle: ObjectHandle,
    blocks: &[u8],
) -> Result<[u8; BYTES], Fault> {
    let mut last = Vec::new();
    // A token may keep a block back until the end.
    let mut keep = |part: Vec<u8>| {
        last.extend(part);
        last.drain(..last.len().saturating_sub(BYTES));
    };
    if blocks.len() <= SINGLE_PART_BYTES {
        keep(session.encrypt(mechanism, handle, blocks)?);
    } else {
        encrypt_parts(session, mechanism, handle, blocks, keep)?;
    }
    let short = |_| HsmError::new(HsmErrorKind::Device(0), "C_Encrypt").into();
    <[u8; BYTES]>::try_from(last).map_err(short)
}

fn encrypt_parts(
    session: &Session,
    mechanism: &Call<'_>,
    handle: ObjectHandle,
    data: &[u8],
    mut take: impl FnMut(Vec<u8>),
) -> Result<(), Fault> {
    session.encrypt_init(mechanism, handle)?;
    for part in data.chunks(PART_BYTES) {
        take(session.encrypt_update(part)?);
    }
    take(session.encrypt_final()?);
    Ok(())
}

/// C_Decrypt, in parts where the data are long.
///
/// `whole` keeps an authenticated text in one piece: nothing comes out before the tag is checked
/// anyway, and not every token can tell the length in parts.
pub(super) fn decrypt_all(
    session: &Session,
    mechanism: &Call<'_>,
    handle: ObjectHandle,
    data: &[u8],
    whole: bool,
) -> Result<SecretValue, Fault> {
    if whole || data.len() <= SINGLE_PART_BYTES {
        return Ok(SecretValue::new(session.decrypt(mechanism, handle, data)?));
    }
    let mut output = Wiping::new(Vec::with_capacity(data.len() + 32));
    session.decrypt_init(mechanism, handle)?;
    for part in data.chunks(PART_BYTES) {
        output.extend_from_slice(&Wiping::new(session.decrypt_update(part)?));
    }
    output.extend_from_slice(&Wiping::new(session.decrypt_final()?));
    Ok(output.into())
}
