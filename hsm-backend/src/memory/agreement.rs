//! Key agreement.

use super::keys::{NOT_PERMITTED, Store, UNSUPPORTED};
use super::{MemoryBackend, custody, import};
use crate::backend::{
    Agreement, CallContext, Generated, KeyAgreement, KeyId, KeyRef, Output, WrappedKey,
};
use crate::capability::{Capabilities, Mechanism};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{Curve, KeyMaterial, KeyPolicy, PublicKey, SecretValue};
use crate::keycheck;

impl KeyAgreement for MemoryBackend {
    fn derive_key(
        &self,
        call: &CallContext,
        id: KeyId,
        agreement: &Agreement,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        let (material, mechanism) = whole(store, &capabilities, agreement)?;
        let value = import::import_key(store, id, &material, policy)?;
        Ok(Output { value, mechanism })
    }

    fn derive_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        agreement: &Agreement,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        let (material, mechanism) = whole(store, &capabilities, agreement)?;
        let value = custody::import_wrapped(store, &capabilities, kek, &material, policy)?.value;
        Ok(Output { value, mechanism })
    }

    fn agree(
        &self,
        call: &CallContext,
        private: &KeyRef,
        peer: &PublicKey,
    ) -> Result<Output<SecretValue>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        let (value, mechanism) = secret(store, &capabilities, private, peer)?;
        Ok(Output { value, mechanism })
    }
}

fn whole(
    store: &Store,
    capabilities: &Capabilities,
    agreement: &Agreement,
) -> Result<(KeyMaterial, Mechanism), HsmError> {
    let (curve, _) = keycheck::checked_peer(&agreement.peer)?;
    keycheck::check_agreed(curve, agreement.spec)?;
    let (value, mechanism) = secret(store, capabilities, &agreement.private, &agreement.peer)?;
    Ok((KeyMaterial::Secret { kind: agreement.spec.kind, value }, mechanism))
}

fn secret(
    store: &Store,
    capabilities: &Capabilities,
    private: &KeyRef,
    peer: &PublicKey,
) -> Result<(SecretValue, Mechanism), HsmError> {
    let (curve, point) = keycheck::checked_peer(peer)?;
    let mechanism = capabilities.agree(curve).ok_or(UNSUPPORTED)?.mechanism();
    match &*store.usable(private, |usage| usage.derive)? {
        KeyMaterial::EcPrivate { curve: own, d } if *own == curve => {
            Ok((shared(curve, d.expose(), point)?, mechanism))
        }
        KeyMaterial::Secret { .. }
        | KeyMaterial::RsaPrivate(_)
        | KeyMaterial::EcPrivate { .. }
        | KeyMaterial::EdwardsPrivate { .. } => Err(NOT_PERMITTED),
    }
}

macro_rules! shared_on {
    ($curve:ident, $d:expr, $point:expr) => {{
        use $curve::elliptic_curve::point::AffineCoordinates;
        let bad_key = |_| HsmError::new(HsmErrorKind::BadKey, "key agreement");
        let key = $curve::SecretKey::from_slice($d).map_err(bad_key)?;
        let peer = $curve::PublicKey::from_sec1_bytes($point).map_err(bad_key)?;
        let shared = peer.to_projective() * *key.to_nonzero_scalar();
        shared.to_affine().x().to_vec()
    }};
}

fn shared(curve: Curve, d: &[u8], point: &[u8]) -> Result<SecretValue, HsmError> {
    Ok(SecretValue::new(match curve {
        Curve::P256 => shared_on!(p256, d, point),
        Curve::P384 => shared_on!(p384, d, point),
        Curve::P521 => shared_on!(p521, d, point),
        Curve::Secp256k1 => shared_on!(k256, d, point),
    }))
}
