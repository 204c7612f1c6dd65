//! The library: loading, choosing the token, logging in, provisioning.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::RvError;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Limit, Slot, TokenInfo as CkTokenInfo};
use cryptoki::types::{AuthPin, RawAuthPin};

use super::rv::Fault;
use super::{Pkcs11Config, keys, lock};
use crate::backend::{KeyId, TokenInfo};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{HashAlgorithm, SecretValue};
use crate::software::digest_parts;

/// Why a token cannot be used, in words for the operator.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) reason: String,
    pub(super) pin_rejected: bool,
}

impl Refusal {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), pin_rejected: false }
    }

    fn pin(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), pin_rejected: true }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::new(fault.error.to_string())
    }
}

impl From<cryptoki::error::Error> for Refusal {
    fn from(error: cryptoki::error::Error) -> Self {
        Fault::from(error).into()
    }
}

/// Loads the library; it stays loaded for good, for unloading is where libraries crash.
pub(super) fn load(module: &Path) -> Result<Pkcs11, Refusal> {
    let library = Pkcs11::new(module).map_err(|error| {
        Refusal::new(format!("cannot load PKCS#11 module {}: {error}", module.display()))
    })?;
    std::mem::forget(library.clone());
    Ok(library)
}

/// C_Initialize. A library somebody else in this process has initialised is refused: its login is
/// theirs, and their C_Finalize would end our calls.
pub(super) fn initialize(library: &Pkcs11) -> Result<(), Refusal> {
    let fault = match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) => return Ok(()),
        Err(error) => Fault::from(error),
    };
    if fault.rv == Some(RvError::CryptokiAlreadyInitialized) {
        return Err(Refusal::new("the PKCS#11 module is already in use in this process"));
    }
    Err(fault.into())
}

/// The one initialised token with the configured label and serial number.
pub(super) fn find_token(
    library: &Pkcs11,
    config: &Pkcs11Config,
) -> Result<(Slot, CkTokenInfo), Refusal> {
    let all = tokens(library)?;
    let shown = shown(&all);
    let mut found = all.into_iter().filter(|(_, info)| {
        let is = |wanted: &Option<String>, have: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted.trim_end() == have.trim_end())
        };
        is(&config.label, info.label()) && is(&config.serial, info.serial_number())
    });
    let given = [("label", &config.label), ("serial", &config.serial)];
    let given =
        given.iter().filter_map(|(what, text)| Some(format!("{what} {:?}", text.as_ref()?)));
    let given = given.collect::<Vec<_>>().join(" and ");
    let wanted = if given.is_empty() { given } else { format!(" with {given}") };
    match (found.next(), found.next()) {
        (Some(token), None) => Ok(token),
        (None, _) => Err(Refusal::new(format!("no token{wanted}; {shown}"))),
        (Some(_), Some(_)) => Err(Refusal::new(format!("more than one token{wanted}; {shown}"))),
    }
}

/// The most tokens that a refusal names.
const MOST_SHOWN: usize = 8;

/// What tokens there are, for whoever has misspelt one.
fn shown(tokens: &[(Slot, CkTokenInfo)]) -> String {
    let one = |(_, info): &(Slot, CkTokenInfo)| {
        let TokenInfo { label, serial, .. } = describe(info);
        format!("label {label:?} with serial {serial:?}")
    };
    let named = tokens.iter().take(MOST_SHOWN).map(one).collect::<Vec<_>>().join(", ");
    match tokens.len() {
        0 => "the library shows none; does it find its own configuration?".to_owned(),
        count if count > MOST_SHOWN => format!("of {count}, the library shows {named} ..."),
        _ => format!("the library shows {named}"),
    }
}

fn tokens(library: &Pkcs11) -> Result<Vec<(Slot, CkTokenInfo)>, Refusal> {
    let slots = library.get_slots_with_token()?;
    let infos = slots.into_iter().filter_map(|s| library.get_token_info(s).ok().map(|i| (s, i)));
    Ok(infos.filter(|(_, info)| info.token_initialized()).collect())
}

/// The token's description in our words.
pub(super) fn describe(info: &CkTokenInfo) -> TokenInfo {
    let firmware = info.firmware_version();
    TokenInfo {
        label: info.label().trim_end().to_owned(),
        serial: info.serial_number().trim_end().to_owned(),
        manufacturer: info.manufacturer_id().trim_end().to_owned(),
        model: info.model().trim_end().to_owned(),
        firmware: format!("{}.{}", firmware.major(), firmware.minor()),
        max_sessions: match info.max_session_count() {
            Limit::Max(most) => Some(most),
            Limit::Unavailable | Limit::Infinite => None,
        },
    }
}

/// PINs refused in this process, as hashes with the token's serial number. Tokens lock or erase
/// themselves after a few wrong PINs, so each is tried once however often we reconnect.
static REJECTED_PINS: Mutex<Option<HashSet<Vec<u8>>>> = Mutex::new(None);

fn pin_mark(serial: &str, pin: &SecretValue) -> Result<Vec<u8>, Refusal> {
    let parts: [&[u8]; 3] = [serial.as_bytes(), &[0], pin.expose()];
    digest_parts(HashAlgorithm::Sha256, &parts).map_err(|error| Refusal::new(error.to_string()))
}

/// Logs in, unless that PIN was refused before or the token warns that one more is the last.
pub(super) fn login(
    session: &Session,
    info: &CkTokenInfo,
    pin: &SecretValue,
) -> Result<(), Refusal> {
    let mark = pin_mark(info.serial_number(), pin)?;
    if lock(&REJECTED_PINS).as_ref().is_some_and(|marks| marks.contains(&mark)) {
        return Err(Refusal::pin("the PIN was refused before: correct it, then restart"));
    }
    if info.user_pin_locked() {
        return Err(Refusal::pin("the user PIN is locked"));
    }
    if info.user_pin_final_try() {
        return Err(Refusal::pin("one PIN try is left; log in by hand to reset the counter"));
    }
    let secret = RawAuthPin::new(Box::new(pin.expose().to_vec()));
    let Err(error) = session.login_with_raw(UserType::User, &secret) else { return Ok(()) };
    let fault = Fault::from(error);
    if fault.error.kind == HsmErrorKind::PinRejected {
        lock(&REJECTED_PINS).get_or_insert_default().insert(mark);
        return Err(Refusal::pin(
            "the PIN was refused; it is not tried again: correct it, then restart",
        ));
    }
    // CKR_USER_ALREADY_LOGGED_IN comes here too: we have just initialised the library, so the
    // login would be somebody else's and our PIN unproven.
    Err(fault.into())
}

/// Refuses a token that lacks a key which the right one has: what was made in it would be lost with
/// the next change of tokens.
pub(super) fn expect_key(session: &Session, info: &CkTokenInfo, id: KeyId) -> Result<(), Refusal> {
    if !keys::objects(session, id)?.is_empty() {
        return Ok(());
    }
    let TokenInfo { label, serial, .. } = describe(info);
    Err(Refusal::new(format!(
        "the token with label {label:?}, serial {serial:?} lacks the key that this server made in its token"
    )))
}

/// Initialises a free slot's token with `label` and sets its user PIN.
///
/// For trials: an HSM's own tools do this in production. The library must not be in use in this
/// process.
///
/// Spec: PKCS#11 2.40 §5.5, C_InitToken and C_InitPIN.
///
/// # Errors
///
/// `NotPermitted` where a token with that label exists, `Unavailable` where the library cannot be
/// loaded or is in use, `Unsupported` where there is no free slot, or the token's refusal.
pub fn provision_token(
    module: &Path,
    label: &str,
    so_pin: &SecretValue,
    user_pin: &SecretValue,
) -> Result<TokenInfo, HsmError> {
    with_library(module, |library| provision(library, label, so_pin, user_pin))
}

/// Does `work` with the library to itself.
fn with_library<T>(
    module: &Path,
    work: impl FnOnce(&Pkcs11) -> Result<T, Fault>,
) -> Result<T, HsmError> {
    let unavailable = |refusal: Refusal| {
        tracing::warn!(reason = refusal.reason, "cannot use the PKCS#11 module");
        HsmError::new(HsmErrorKind::Unavailable, "C_Initialize")
    };
    let library = load(module).map_err(unavailable)?;
    initialize(&library).map_err(unavailable)?;
    let done = work(&library);
    if let Err(error) = library.finalize() {
        tracing::warn!(%error, "C_Finalize failed");
    }
    done.map_err(|fault| fault.error)
}

fn provision(
    library: &Pkcs11,
    label: &str,
    so_pin: &SecretValue,
    user_pin: &SecretValue,
) -> Result<TokenInfo, Fault> {
    let failed = |kind| Fault::from(HsmError::new(kind, "provision_token"));
    if label.is_empty() || label.len() > 32 {
        return Err(failed(HsmErrorKind::BadParameter));
    }
    let mut free = None;
    for slot in library.get_slots_with_token()? {
        let info = library.get_token_info(slot)?;
        if info.token_initialized() && info.label().trim_end() == label {
            return Err(failed(HsmErrorKind::NotPermitted));
        }
        if !info.token_initialized() {
            free = free.or(Some(slot));
        }
    }
    let slot = free.ok_or_else(|| failed(HsmErrorKind::Unsupported))?;
    let pin = |pin: &SecretValue| {
        let text =
            core::str::from_utf8(pin.expose()).map_err(|_| failed(HsmErrorKind::BadParameter));
        text.map(|text| AuthPin::new(text.into()))
    };
    let (so_pin, user_pin) = (pin(so_pin)?, pin(user_pin)?);
    library.init_token(slot, &so_pin, label)?;
    // SoftHSM moves an initialised token to a slot number made of its serial.
    let (slot, info) = initialised(library, label)?;
    let session = library.open_rw_session(slot)?;
    session.login(UserType::So, Some(&so_pin))?;
    session.init_pin(&user_pin)?;
    session.logout()?;
    Ok(info)
}

fn initialised(library: &Pkcs11, label: &str) -> Result<(Slot, TokenInfo), Fault> {
    for slot in library.get_slots_with_token()? {
        let info = library.get_token_info(slot)?;
        if info.token_initialized() && info.label().trim_end() == label {
            return Ok((slot, describe(&info)));
        }
    }
    Err(HsmError::new(HsmErrorKind::Unavailable, "provision_token").into())
}
