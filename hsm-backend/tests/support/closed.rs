//! Sessions that the token closes by itself: it was idle for too long, or its network is back.
#![allow(unsafe_code, reason = "nobody but the library's C interface closes another's session")]

use std::time::{Duration, Instant};

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::Session;
use cryptoki_sys::{CK_FUNCTION_LIST, CK_SESSION_HANDLE, CK_SESSION_INFO, CKR_OK};
use hsm_backend::pkcs11::Pkcs11Backend;
use hsm_backend::{
    HsmBackend, HsmErrorKind, KeyId, KeyPolicy, KeyRef, KeyUsage, SecretKeyKind, SecretKeySpec,
    TokenState, WrappedCustody,
};

use super::{PIN, SoftToken, aes_key, call, encrypt, open, soon};

/// A session of another's in this process, which keeps the login when all others are closed.
pub struct Bystander {
    session: Session,
    functions: CK_FUNCTION_LIST,
}

impl Bystander {
    pub fn enter(token: &SoftToken, label: &str) -> Self {
        let context = Pkcs11::new(token.module()).unwrap();
        let slots = context.get_slots_with_initialized_token().unwrap();
        let is = |slot| context.get_token_info(slot).unwrap().label().trim_end() == label;
        let slot = slots.into_iter().find(|slot| is(*slot)).unwrap();
        let session = context.open_rw_session(slot).unwrap();
        // SAFETY: the library is loaded already, and stays so while its session is open; it sets
        // `list` to a list that lives as long.
        let functions = unsafe {
            let mut list = std::ptr::null_mut();
            let library = cryptoki_sys::Pkcs11::new(token.module()).unwrap();
            assert_eq!(library.C_GetFunctionList(&raw mut list), CKR_OK);
            *list
        };
        Self { session, functions }
    }

    pub fn create(&self, template: &[Attribute]) {
        self.session.create_object(template).unwrap();
    }

    /// How many secret keys there are in the sessions of the process.
    fn session_keys(&self) -> usize {
        let secret = [Attribute::Token(false), Attribute::Class(ObjectClass::SECRET_KEY)];
        self.session.find_objects(&secret).unwrap().len()
    }

    /// The other sessions, oldest first.
    fn others(&self) -> Vec<CK_SESSION_HANDLE> {
        let told = self.functions.C_GetSessionInfo.unwrap();
        let mut info = CK_SESSION_INFO::default();
        // SAFETY: any number may be given; what is no session is refused.
        let mut is_open = |handle| unsafe { told(handle, &raw mut info) } == CKR_OK;
        (1..1_000).filter(|handle| *handle != self.session.handle() && is_open(*handle)).collect()
    }

    fn close(&self, sessions: &[CK_SESSION_HANDLE]) {
        let close = self.functions.C_CloseSession.unwrap();
        for session in sessions {
            // SAFETY: as above.
            assert_eq!(unsafe { close(*session) }, CKR_OK);
        }
    }
}

pub fn wrapped_key(backend: &Pkcs11Backend) -> KeyRef {
    let kek = KeyId([9; 16]);
    backend.make_kek(&call(), kek).unwrap();
    let usage = KeyUsage { encrypt: true, decrypt: true, ..KeyUsage::default() };
    let policy = KeyPolicy { usage, sensitive: true, extractable: true, label: String::new() };
    let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };
    let made = backend.generate_wrapped(&call(), kek, spec, &policy).unwrap().value;
    KeyRef::Wrapped { id: KeyId([8; 16]), kek, kcv: made.kcv, blob: made.blob }
}

/// Sessions that lie idle in the pool, more than one call would come upon.
fn fill_pool(backend: &Pkcs11Backend) {
    while backend.usage().unwrap().sessions_idle < 6 {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| backend.random(&call(), 1 << 20).unwrap());
            }
        });
    }
}

pub fn idle_sessions_that_were_closed_are_replaced(token: &SoftToken) {
    token.provision("idle");
    let mut config = token.config("idle", PIN);
    // Nor is it asked before it is used.
    config.retry_period = Duration::from_secs(60);
    let backend = open(config);
    let keys = [aes_key(&backend, KeyId([7; 16])), wrapped_key(&backend)];
    let sealed = keys.each_ref().map(|key| encrypt(&backend, key));
    let bystander = Bystander::enter(token, "idle");
    fill_pool(&backend);
    let handles = bystander.others();
    // The first one keeps the session objects.
    bystander.close(&handles[1..]);
    assert_eq!(keys.each_ref().map(|key| encrypt(&backend, key)), sealed);
    assert!(backend.random(&call(), 8).is_ok(), "one that nobody has tried since");
    assert!(matches!(backend.state(), TokenState::Ready(_)));
}

pub fn token_whose_sessions_were_all_closed_is_opened_anew(token: &SoftToken) {
    token.provision("closed");
    let mut config = token.config("closed", PIN);
    // The loss is to be found by the calls, not by the watch.
    config.retry_period = Duration::from_secs(60);
    let backend = open(config);
    let keys = [aes_key(&backend, KeyId([7; 16])), wrapped_key(&backend)];
    let sealed = keys.each_ref().map(|key| encrypt(&backend, key));
    let bystander = Bystander::enter(token, "closed");
    bystander.close(&bystander.others());
    assert_eq!(encrypt(&backend, &keys[1]), Err(HsmErrorKind::Unavailable));
    assert!(matches!(backend.wait_ready(soon()), TokenState::Ready(_)));
    assert_eq!(keys.each_ref().map(|key| encrypt(&backend, key)), sealed);
}

pub fn key_is_not_called_absent_after_a_logout(token: &SoftToken) {
    token.provision("logout");
    let mut config = token.config("logout", PIN);
    // The loss is to be found by the calls, not by the watch.
    config.retry_period = Duration::from_secs(60);
    let backend = open(config);
    let known = aes_key(&backend, KeyId([7; 16]));
    let sealed = encrypt(&backend, &known);
    Bystander::enter(token, "logout").session.logout().unwrap();
    let there = backend.key_exists(&call(), KeyId([7; 16]));
    assert_eq!(there.unwrap_err().kind, HsmErrorKind::Unavailable);
    assert!(matches!(backend.wait_ready(soon()), TokenState::Ready(_)));
    assert_eq!(encrypt(&backend, &known), sealed);
}

/// Though no call comes after.
pub fn destroyed_wrapped_key_does_not_stay_in_the_token(token: &SoftToken) {
    token.provision("gone");
    let backend = token.open("gone");
    let key = wrapped_key(&backend);
    let bystander = Bystander::enter(token, "gone");
    let before = bystander.session_keys();
    encrypt(&backend, &key).unwrap();
    assert_eq!(bystander.session_keys(), before + 1, "the key and nothing else");
    backend.destroy_key(&call(), &key).unwrap();
    let deadline = soon();
    while bystander.session_keys() > before {
        assert!(Instant::now() < deadline, "the key is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
}
