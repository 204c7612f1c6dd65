//! Derive Key: a new key or secret out of others.
//!
//! The token computes whatever takes its keys. What comes out is in the server's memory until it is
//! in its custody, so the scope must have assisted mode; but for a key agreement, whose outcome may
//! stay in the token.
//!
//! Spec: KMIP 1.4 §4.6.

mod agreement;
mod base;

use hsm_backend::software::{self, Kbkdf, KbkdfMode};
use hsm_backend::{HsmErrorKind, MacAlgorithm, SecretValue, assisted};
use kmip_core::attribute::{CryptographicParameters, UniqueIdentifier};
use kmip_core::payload::{DerivationParameters, DeriveKeyRequest, DeriveKeyResponse};
use kmip_core::types::SecretDataType;

use super::new_secret::NewSecret;
use super::use_key::{algorithm_of, parameters_for};
use super::{OpContext, OpError, destroy, encrypt, mac, template, value};
use crate::bridge::derivation::{self, Computation, Method, Rule};
use crate::object::ManagedObject;
use agreement::Agreed;
use base::Bases;

/// Derives the object and answers with its identifier.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: DeriveKeyRequest,
) -> Result<DeriveKeyResponse, OpError> {
    let rule = Rule::of(request.derivation_method)?;
    let parameters = request.derivation_parameters;
    let bases = Bases::load(ctx, request.unique_identifiers)?;
    bases.check(rule.takes, parameters.derivation_data.is_some())?;
    rule.check(&parameters)?;
    let given = template::collect(ctx, Some(&request.template_attribute))?;
    let wanted = NewSecret::of(ctx, request.object_type, given, SecretDataType::Seed)?;
    let uid = match rule.method {
        Method::Agreement => agreed(ctx, &bases, parameters, wanted)?,
        Method::Computed(how) => computed(ctx, &bases, parameters, wanted, how)?,
    };
    if let Err(error) = bases.link_to(ctx, &uid) {
        destroy::erase(ctx, &uid)?;
        return Err(error);
    }
    ctx.set_placeholder(Some(uid.clone()));
    Ok(DeriveKeyResponse { unique_identifier: uid, template_attribute: None })
}

/// Brings a secret into being that is computed here.
fn computed(
    ctx: &mut OpContext<'_>,
    bases: &Bases,
    parameters: DerivationParameters,
    wanted: NewSecret,
    how: Computation,
) -> Result<UniqueIdentifier, OpError> {
    let bytes = wanted.bytes();
    require_assisted(ctx, bases, Method::Computed(how))?;
    bases.spend(ctx, bytes)?;
    let derived = Derivation { ctx, bases, parameters, bytes }.run(how)?;
    wanted.bear(ctx, shortened(derived, bytes)?, &bases.links())
}

/// Brings a secret into being that two keys agree on: in the token, where that is possible.
fn agreed(
    ctx: &mut OpContext<'_>,
    bases: &Bases,
    parameters: DerivationParameters,
    wanted: NewSecret,
) -> Result<UniqueIdentifier, OpError> {
    let bytes = wanted.bytes();
    let agreed = Agreed::of(ctx, bases, parameters.cryptographic_parameters)?;
    let inside = match wanted.key() {
        Some(spec) => agreed.inside(ctx, spec)?,
        None => None,
    };
    if let Some(agreement) = inside {
        bases.spend(ctx, bytes)?;
        let made = wanted.bear_agreed(ctx, &agreement, &bases.links());
        return made.map_err(agreement::explained);
    }
    require_assisted(ctx, bases, Method::Agreement)?;
    bases.spend(ctx, bytes)?;
    let secret = agreed.secret(ctx)?;
    wanted.bear(ctx, shortened(secret, bytes)?, &bases.links())
}

/// What is derived is a secret made here, in the server's memory: the scope must allow it.
fn require_assisted(ctx: &OpContext<'_>, bases: &Bases, method: Method) -> Result<(), OpError> {
    let scope = ctx.grant()?.scope();
    let request = ctx.request_id();
    if !ctx.rules()?.custody.assisted {
        tracing::info!(request, ?method, "no assisted mode: a derived key would be in memory");
        return Err(OpError::ParametersNotSupported("the scope has no assisted mode"));
    }
    let objects: Vec<&str> = bases.all().map(|base| base.uid.as_str()).collect();
    let scope = scope.as_str();
    tracing::info!(request, scope, ?objects, ?method, "assisted: derived value in memory");
    Ok(())
}

/// The first `bytes` of what a method gave.
fn shortened(derived: SecretValue, bytes: usize) -> Result<SecretValue, OpError> {
    let wanted = derived.expose().get(..bytes);
    wanted
        .map(|wanted| SecretValue::new(wanted.to_vec()))
        .ok_or(OpError::CryptographicFailure("the method does not give as much"))
}

/// One derivation under way.
struct Derivation<'a, 'b> {
    ctx: &'a mut OpContext<'b>,
    bases: &'a Bases,
    parameters: DerivationParameters,
    bytes: usize,
}

impl Derivation<'_, '_> {
    fn run(self, how: Computation) -> Result<SecretValue, OpError> {
        match how {
            Computation::Pbkdf2 => self.pbkdf2(),
            Computation::Hash => self.hash(),
            Computation::Hmac => self.hmac(),
            Computation::Encrypt => self.encrypt(),
            Computation::Kbkdf(mode) => self.kbkdf(mode),
        }
    }

    /// The parameters given, else those of `base`.
    fn parameters_for(&self, base: &ManagedObject) -> Result<CryptographicParameters, OpError> {
        parameters_for(base, self.parameters.cryptographic_parameters.clone())
    }

    /// The Derivation Data, or the Secret Data that stand for them.
    fn data(&self) -> Result<SecretValue, OpError> {
        self.bases.data(self.ctx, self.parameters.derivation_data.as_ref())
    }

    fn pbkdf2(self) -> Result<SecretValue, OpError> {
        let base = self.bases.first()?;
        let hash = derivation::password_hash(&self.parameters_for(base)?)?;
        let count = self.parameters.iteration_count.unwrap_or(0);
        let blocks = self.bytes.div_ceil(hash.bytes());
        let cost = usize::try_from(count).unwrap_or(0).saturating_mul(blocks);
        if !(1..=self.ctx.services().bounds.max_derivation_iterations).contains(&cost) {
            return Err(OpError::InvalidField("iterations: none, or more than are allowed here"));
        }
        let password = in_memory(self.ctx, base)?;
        let salt = self.parameters.salt.as_deref().unwrap_or_default();
        Ok(software::pbkdf2(hash, password.expose(), salt, count.unsigned_abs(), self.bytes)?)
    }

    /// Of a key in the token, the token makes the hash.
    fn hash(self) -> Result<SecretValue, OpError> {
        let hash = derivation::hash(&self.parameters_for(self.bases.first()?)?)?;
        let data = match self.bases.key() {
            Some(key) => {
                if let Some(held) = base::hashed_by_token(self.ctx, key, hash)? {
                    let digest = self.ctx.hsm().digest_key(&self.ctx.call(), &held, hash)?;
                    return Ok(SecretValue::new(digest));
                }
                in_memory(self.ctx, key)?
            }
            None => self.data()?,
        };
        Ok(SecretValue::new(software::digest(hash, data.expose())?))
    }

    fn hmac(self) -> Result<SecretValue, OpError> {
        let key = self.bases.key_to_use()?;
        let algorithm = derivation::prf(algorithm_of(key)?, &self.parameters_for(key)?)?;
        let prf = Prf::of(self.ctx, key, algorithm)?;
        prf.compute(self.ctx, self.data()?.expose())
    }

    fn encrypt(self) -> Result<SecretValue, OpError> {
        let key = self.bases.key_to_use()?;
        let cipher = derivation::cipher(algorithm_of(key)?, &self.parameters_for(key)?)?;
        let iv = self.parameters.initialization_vector.clone().unwrap_or_default();
        match (cipher.iv_bytes, iv.is_empty()) {
            (0, false) => return Err(OpError::InvalidField("this mode takes no IV")),
            (0, true) | (_, false) => {}
            (_, true) => return Err(OpError::InvalidMessage("no initialization vector")),
        }
        let params = cipher.params(iv, Vec::new())?;
        let held = encrypt::servable(self.ctx, key, &cipher)?;
        let (call, data) = (self.ctx.call(), self.data()?);
        let made =
            self.ctx.hsm().encrypt(&call, &held, cipher.algorithm, &params, data.expose())?;
        Ok(SecretValue::new(made.value.data))
    }

    fn kbkdf(self, mode: KbkdfMode) -> Result<SecretValue, OpError> {
        let key = self.bases.key_to_use()?;
        let mut parameters = self.parameters_for(key)?;
        let counter_bits = derivation::counter_bits(mode, &mut parameters)?;
        let prf = Prf::of(self.ctx, key, derivation::prf(algorithm_of(key)?, &parameters)?)?;
        let iv = self.parameters.initialization_vector.as_deref().unwrap_or_default();
        let fixed = self.data()?;
        let kdf = Kbkdf { mode, counter_bits, iv, fixed: fixed.expose() };
        kdf.derive(self.bytes, |input| prf.compute(self.ctx, input))
    }
}

/// A pseudorandom function, and who computes it.
struct Prf<'a> {
    key: &'a ManagedObject,
    algorithm: MacAlgorithm,
    maker: PrfMaker,
}

enum PrfMaker {
    /// As MAC would.
    Mac(mac::Maker),
    /// The server, where the token lacks the mechanism and lets the key out.
    Memory(SecretValue),
}

impl<'a> Prf<'a> {
    fn of(
        ctx: &OpContext<'_>,
        key: &'a ManagedObject,
        algorithm: MacAlgorithm,
    ) -> Result<Self, OpError> {
        let maker =
            if base::makes(key, algorithm) { mac::maker(ctx, key, algorithm).ok() } else { None };
        let maker = match maker {
            Some(maker) => PrfMaker::Mac(maker),
            None => PrfMaker::Memory(in_memory(ctx, key)?),
        };
        Ok(Self { key, algorithm, maker })
    }

    fn compute(&self, ctx: &OpContext<'_>, data: &[u8]) -> Result<SecretValue, OpError> {
        let mac = match &self.maker {
            PrfMaker::Mac(maker) => mac::make(ctx, self.key, maker, self.algorithm, data)?,
            PrfMaker::Memory(key) => assisted::mac(self.algorithm, key.clone(), data)?,
        };
        Ok(SecretValue::new(mac))
    }
}

/// The value of a base, which a scope with assisted mode has in memory where its token gives it.
fn in_memory(ctx: &OpContext<'_>, base: &ManagedObject) -> Result<SecretValue, OpError> {
    let (request, object) = (ctx.request_id(), base.uid.as_str());
    tracing::info!(request, object, "assisted: base object in memory");
    value::in_memory(ctx, base).map_err(|error| match error {
        OpError::Hsm(cause)
            if matches!(cause.kind, HsmErrorKind::NotExtractable | HsmErrorKind::NotPermitted) =>
        {
            OpError::ParametersNotSupported("the HSM lacks the mechanism, and keeps the key")
        }
        other => other,
    })
}
