//! Doing it: each subject is tried once with its outcome checked, and can then be repeated.

use std::time::{Duration, Instant};

use hsm_backend::{
    Curve, HashAlgorithm, HsmError, KeyPairSpec, KeyRef, KeyUsage, MacAlgorithm, PublicKey,
    SecretKeyKind, SecretKeySpec, SignAlgorithm, SignInput, Wish, WrapAlgorithm, software,
};

use super::keys::{AES, Role, Side, ThrowAway, Workbench, encrypting, fresh_id, shut};
use super::sealed;
use super::stop::Stop;
use super::words::{Subject, curve_for};

/// What is signed and MACed.
pub(super) const TEXT: [u8; 1024] = [0x5A; 1024];
/// The message of RFC 4493 §4, example 2, and its CMAC.
const CMAC_TEXT: [u8; 16] = [
    0x6B, 0xC1, 0xBE, 0xE2, 0x2E, 0x40, 0x9F, 0x96, 0xE9, 0x3D, 0x7E, 0x11, 0x73, 0x93, 0x17, 0x2A,
];
const CMAC: [u8; 16] = [
    0x07, 0x0A, 0x16, 0xB4, 0x6B, 0x4D, 0x41, 0x44, 0xF7, 0x9B, 0xDD, 0x9D, 0xD0, 0x4A, 0x28, 0x7C,
];

/// Why a try did not come out well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// The token, or a check before it, said no.
    #[error("{0}")]
    Refused(#[from] HsmError),
    /// The token answered, and the answer is wrong.
    #[error("{0}")]
    Wrong(&'static str),
}

/// Work that can be repeated.
pub(super) type Work<'w> = Box<dyn Fn() -> Result<(), Failure> + 'w>;

/// Tries `subject` once, checks the outcome, and gives the work to be timed.
pub(super) fn begin<'w>(bench: &'w Workbench<'_>, subject: Subject) -> Result<Work<'w>, Failure> {
    match subject {
        Subject::Wish(Wish::Cipher(algorithm)) => sealed::begin(bench, algorithm),
        Subject::Wish(Wish::Sign(algorithm)) => sign(bench, algorithm),
        Subject::Wish(Wish::Mac(algorithm)) => mac(bench, algorithm),
        Subject::Wish(Wish::Wrap(algorithm)) => wrap(bench, algorithm),
        Subject::Wish(Wish::DigestKey(hash)) => digest_key(bench, hash),
        Subject::Wish(Wish::GenerateSecret(kind)) => generate(bench, kind),
        Subject::Wish(Wish::GenerateRsa) => pair(bench, bench.rsa_spec()),
        Subject::Wish(Wish::GenerateEc(curve)) => pair(bench, KeyPairSpec::Ec(curve)),
        Subject::Wish(Wish::GenerateEdwards(curve)) => pair(bench, KeyPairSpec::Edwards(curve)),
        Subject::Wish(Wish::Agree(curve)) => agree(bench, curve),
        Subject::WrappedCustody => custody(bench),
        Subject::Random => random(bench),
    }
}

/// How often a second `work` gets done; it is done once at least.
pub(super) fn rate(work: &Work<'_>, time: Duration, stop: &Stop) -> Result<f64, Failure> {
    let (begun, mut count) = (Instant::now(), 0_u32);
    loop {
        work()?;
        count += 1;
        let took = begun.elapsed();
        if took >= time || stop.is_asked() {
            return Ok(f64::from(count) / took.as_secs_f64().max(f64::MIN_POSITIVE));
        }
    }
}

pub(super) fn check(holds: bool, otherwise: &'static str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure::Wrong(otherwise)) }
}

fn sign<'w>(bench: &'w Workbench<'_>, wish: SignAlgorithm) -> Result<Work<'w>, Failure> {
    let role = match wish {
        SignAlgorithm::Ecdsa(hash) => Role::Ec(curve_of(bench, hash)),
        SignAlgorithm::EcdsaRaw => Role::Ec(Curve::P256),
        SignAlgorithm::EdDsa(curve) => Role::Edwards(curve),
        SignAlgorithm::RsaPkcs1(_) | SignAlgorithm::RsaPkcs1Raw | SignAlgorithm::RsaPss { .. } => {
            Role::Rsa
        }
    };
    let pair = bench.key(role)?;
    let make = move || {
        let (key, input) = (&pair.key, SignInput::Message(&TEXT));
        let made = bench.hsm.sign(&bench.call(), key, wish, None, input)?.value;
        Ok::<_, Failure>((made, pair.public.clone()))
    };
    let (signature, public) = make()?;
    let public = public.ok_or(Failure::Wrong("the pair has no public half"))?;
    let input = SignInput::Message(&TEXT);
    let good = software::verify(&public, wish, None, input, &signature)?;
    check(good, "the signature does not verify with the public key")?;
    Ok(Box::new(move || make().map(drop)))
}

/// The curve that suits the hash, or another if the token lacks that one.
fn curve_of(bench: &Workbench<'_>, hash: HashAlgorithm) -> Curve {
    let there = |curve: &Curve| bench.capabilities.generate_ec(*curve).is_some();
    let best = curve_for(hash);
    let mut all = [best, Curve::P256, Curve::P384, Curve::P521].into_iter();
    all.find(there).unwrap_or(best)
}

fn mac<'w>(bench: &'w Workbench<'_>, wish: MacAlgorithm) -> Result<Work<'w>, Failure> {
    let key = bench.key(match wish {
        MacAlgorithm::Hmac(_) => Role::Hmac,
        MacAlgorithm::AesCmac => Role::Cmac,
    })?;
    let make = {
        let key = key.clone();
        move |data: &[u8]| {
            let made = bench.hsm.mac(&bench.call(), &key.key, wish, data);
            made.map(|made| made.value).map_err(Failure::from)
        }
    };
    let made = make(&CMAC_TEXT)?;
    let expected = match (key.value, wish) {
        (Some(value), MacAlgorithm::Hmac(hash)) => software::hmac(hash, value, &CMAC_TEXT)?,
        (Some(_), MacAlgorithm::AesCmac) => CMAC.to_vec(),
        // The key was made in the token: the MAC can only be compared with itself.
        (None, _) => make(&CMAC_TEXT)?,
    };
    check(made == expected, "the MAC is not what it should be")?;
    Ok(Box::new(move || make(&TEXT).map(drop)))
}

fn wrap<'w>(bench: &'w Workbench<'_>, wish: WrapAlgorithm) -> Result<Work<'w>, Failure> {
    let (wrapping, target) = (bench.key(Role::Wrapping)?, bench.key(Role::Wrapped)?);
    let make = {
        let (wrapping, target) = (wrapping.clone(), target.clone());
        move || {
            let made = bench.hsm.wrap_key(&bench.call(), &wrapping.key, &target.key, wish);
            made.map(|made| made.value).map_err(Failure::from)
        }
    };
    let blob = make()?;
    let (id, back) = bench.adopt()?;
    let policy = shut(encrypting());
    bench.hsm.unwrap_key(&bench.call(), &wrapping.key, &blob, wish, id, AES, &policy)?;
    let same = sealed::crossed(bench, &target.key, &back.key)?;
    check(same, "the key that was unwrapped is another one")?;
    Ok(Box::new(move || make().map(drop)))
}

fn digest_key<'w>(bench: &'w Workbench<'_>, hash: HashAlgorithm) -> Result<Work<'w>, Failure> {
    let key = bench.key(Role::Hmac)?;
    let expected = key.value.map(|value| software::digest(hash, value)).transpose()?;
    let make = move || bench.hsm.digest_key(&bench.call(), &key.key, hash).map_err(Failure::from);
    let made = make()?;
    let good = expected.map_or(made.len() == hash.bytes(), |expected| made == expected);
    check(good, "the digest of the key is not what it should be")?;
    Ok(Box::new(move || make().map(drop)))
}

/// Every length that clients ask for is made once; the longest is timed.
fn generate<'w>(bench: &'w Workbench<'_>, kind: SecretKeyKind) -> Result<Work<'w>, Failure> {
    let (lengths, usage): (&[u32], _) = match kind {
        SecretKeyKind::Aes => (&[128, 192, 256], encrypting()),
        SecretKeyKind::Des3 => (&[192], encrypting()),
        SecretKeyKind::Generic => {
            (&[160, 256, 512], KeyUsage { sign: true, ..KeyUsage::default() })
        }
    };
    let policy = shut(usage);
    let make = move |bits| gone(bench, bench.generate(SecretKeySpec { kind, bits }, &policy)?);
    for bits in lengths {
        make(*bits)?;
    }
    let longest = lengths.last().copied().unwrap_or_default();
    Ok(Box::new(move || make(longest)))
}

/// Destroys a key, and sees that it was there before and is not after.
fn gone(bench: &Workbench<'_>, made: ThrowAway<'_>) -> Result<(), Failure> {
    let KeyRef::Token(id) = made.key else { return Ok(()) };
    check(bench.hsm.key_exists(&bench.call(), id)?, "the key that was made is not there")?;
    bench.hsm.destroy_key(&bench.call(), &made.key)?;
    check(!bench.hsm.key_exists(&bench.call(), id)?, "the key that was destroyed is still there")
}

fn pair<'w>(bench: &'w Workbench<'_>, spec: KeyPairSpec) -> Result<Work<'w>, Failure> {
    Ok(Box::new(move || {
        let made = bench.signing_pair(&spec)?;
        let fits = match (&made.public, &spec) {
            (Some(PublicKey::Ec { curve, .. }), KeyPairSpec::Ec(wanted)) => curve == wanted,
            (Some(PublicKey::Edwards { curve, .. }), KeyPairSpec::Edwards(wanted)) => {
                curve == wanted
            }
            (Some(PublicKey::Rsa { modulus, .. }), KeyPairSpec::Rsa { bits, .. }) => {
                u32::try_from(8 * modulus.len()).is_ok_and(|found| found == *bits)
            }
            (Some(_) | None, _) => false,
        };
        check(fits, "the public key is not of the pair that was asked for")?;
        gone(bench, made)
    }))
}

/// Both parties must come to the same secret.
fn agree<'w>(bench: &'w Workbench<'_>, curve: Curve) -> Result<Work<'w>, Failure> {
    let (ours, theirs) = (
        bench.key(Role::Agreeing(curve, Side::Ours))?,
        bench.key(Role::Agreeing(curve, Side::Theirs))?,
    );
    let make = |private: &ThrowAway<'_>, peer: &ThrowAway<'_>| {
        let peer = peer.public.as_ref().ok_or(Failure::Wrong("the pair has no public half"))?;
        let made = bench.hsm.agree(&bench.call(), &private.key, peer)?;
        Ok::<_, Failure>(made.value)
    };
    check(make(&ours, &theirs)? == make(&theirs, &ours)?, "the two sides disagree")?;
    Ok(Box::new(move || make(&ours, &theirs).map(drop)))
}

fn custody<'w>(bench: &'w Workbench<'_>) -> Result<Work<'w>, Failure> {
    let (id, kek) = bench.kek()?;
    let policy = shut(encrypting());
    let make = move || {
        // The wrapping key is needed as long as this is.
        let _kek = &kek;
        let made = bench.hsm.generate_wrapped(&bench.call(), id, AES, &policy);
        made.map(|made| made.value).map_err(Failure::from)
    };
    let made = make()?;
    let live = || {
        let (kcv, blob) = (made.kcv.clone(), made.blob.clone());
        let key = KeyRef::Wrapped { id: fresh_id()?, kek: id, kcv, blob };
        Ok::<_, Failure>(bench.throw_away(key))
    };
    let same = sealed::crossed(bench, &live()?.key, &live()?.key)?;
    check(same, "the wrapped key came back as another one")?;
    Ok(Box::new(move || make().map(drop)))
}

fn random<'w>(bench: &'w Workbench<'_>) -> Result<Work<'w>, Failure> {
    let make = move || bench.hsm.random(&bench.call(), 32).map_err(Failure::from);
    check(make()? != make()?, "the random numbers repeat")?;
    Ok(Box::new(move || make().map(drop)))
}
