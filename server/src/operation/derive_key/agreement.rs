//! Key agreement: what a private key and somebody else's public key have in common.
//!
//! A key that is all of the shared secret comes into being in the token. Of any other length, and
//! as Secret Data, the token gives the secret to the server, which keeps its first bytes: a token
//! would cut it at the front.

use hsm_backend::{
    Agreement, Curve, HsmError, HsmErrorKind, KeyRef, PublicKey, SecretKeyKind, SecretKeySpec,
    SecretValue,
};
use kmip_core::attribute::CryptographicParameters;

use super::super::use_key::{parameters_for, token_key};
use super::super::{OpContext, OpError, public_key};
use super::base::Bases;
use crate::bridge::derivation;

/// The two keys, of one curve that the token agrees on.
pub(super) struct Agreed {
    private: KeyRef,
    peer: PublicKey,
    curve: Curve,
}

impl Agreed {
    /// # Errors
    ///
    /// `InvalidField` for keys that do not go together, `ParametersNotSupported` where the token
    /// lacks the mechanism.
    pub(super) fn of(
        ctx: &OpContext<'_>,
        bases: &Bases,
        given: Option<CryptographicParameters>,
    ) -> Result<Self, OpError> {
        let (private, public) = bases.pair()?;
        derivation::agreement(&parameters_for(private, given)?)?;
        let peer = public_key::public_key(public)?;
        let PublicKey::Ec { curve, .. } = peer else {
            return Err(OpError::InvalidField("no key agreement with such a key"));
        };
        if ctx.capabilities()?.agree(curve).is_none() {
            return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
        }
        Ok(Self { private: token_key(private)?, peer, curve })
    }

    /// The key as the token makes it by itself; `None` where that is no key of this kind.
    pub(super) fn inside(
        &self,
        ctx: &OpContext<'_>,
        spec: SecretKeySpec,
    ) -> Result<Option<Agreement>, OpError> {
        let bytes = self.curve.bytes();
        let whole = usize::try_from(spec.bits).is_ok_and(|bits| bits == 8 * bytes);
        let made = match spec.kind {
            SecretKeyKind::Aes => whole,
            // Shorter ones must be brought with zeros behind them.
            SecretKeyKind::Generic => whole && bytes >= ctx.capabilities()?.mac_min_bytes(),
            SecretKeyKind::Des3 => false,
        };
        let (private, peer) = (self.private.clone(), self.peer.clone());
        Ok(made.then_some(Agreement { private, peer, spec }))
    }

    /// The shared secret, in the server's memory.
    pub(super) fn secret(&self, ctx: &OpContext<'_>) -> Result<SecretValue, OpError> {
        let made = ctx.hsm().agree(&ctx.call(), &self.private, &self.peer);
        Ok(made.map_err(|error| explained(error.into()))?.value)
    }
}

/// A private key that does not go with the public one is the client's mistake, and no lack of
/// permission.
pub(super) fn explained(error: OpError) -> OpError {
    match error {
        OpError::Hsm(HsmError { kind: HsmErrorKind::NotPermitted, .. }) => {
            OpError::InvalidField("the private key does not go with the public one")
        }
        other => other,
    }
}
