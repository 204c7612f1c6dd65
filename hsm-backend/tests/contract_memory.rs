//! The backend contract on the stand-in, and the fault wrapper over it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hsm_backend::fault::{FaultyBackend, Moment, Verb};
use hsm_backend::memory::MemoryBackend;
use hsm_backend::{
    BlockMode, CallContext, CipherAlgorithm, CipherParams, HsmBackend, HsmErrorKind, KeyId,
    KeyPolicy, KeyRef, KeyUsage, Mechanism, Padding, SecretKeyKind, SecretKeySpec, StreamLimits,
    StreamWish, TokenState, contract,
};

fn call() -> CallContext {
    let deadline = Instant::now() + Duration::from_secs(10);
    CallContext { deadline, scope: "test".to_owned(), request_id: 1 }
}

fn generate(backend: &dyn HsmBackend, id: KeyId) -> Result<(), HsmErrorKind> {
    let usage = KeyUsage { encrypt: true, ..KeyUsage::default() };
    let policy = KeyPolicy { usage, sensitive: true, extractable: false, label: "t".to_owned() };
    let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 128 };
    backend.generate_key(&call(), id, spec, &policy).map(drop).map_err(|error| error.kind)
}

#[test]
fn contract_holds_in_memory() {
    contract::run_all(&MemoryBackend::new());
}

#[test]
fn contract_holds_in_memory_with_few_mechanisms() {
    let few = MemoryBackend::capabilities_of(|mechanism| {
        !matches!(
            mechanism,
            Mechanism::RSA_PKCS_PSS
                | Mechanism::RSA_PKCS_OAEP
                | Mechanism::AES_CBC_PAD
                | Mechanism::AES_KEY_WRAP_PAD
                | Mechanism::AES_KEY_WRAP_KWP
                | Mechanism::SHA3_256_HMAC
                | Mechanism::SHA3_256
        )
    });
    assert!(few.cipher(CipherAlgorithm::aes(BlockMode::Cbc, Padding::Pkcs5)).is_some());
    contract::run_all(&MemoryBackend::with_capabilities(few));
}

#[test]
fn memory_is_unavailable_when_told_so() {
    let backend = MemoryBackend::new();
    let id = KeyId([1; 16]);
    generate(&backend, id).unwrap();
    backend.set_available(false);
    assert!(matches!(backend.state(), TokenState::Unavailable));
    assert_eq!(generate(&backend, id), Err(HsmErrorKind::Unavailable));
    backend.set_available(true);
    assert_eq!(backend.key_exists(&call(), id), Ok(true));
}

#[test]
fn fault_strikes_the_nth_call_once() {
    let backend = FaultyBackend::new(Arc::new(MemoryBackend::new()));
    backend.fail_nth(Verb::GenerateKey, 2, HsmErrorKind::Busy, Moment::Before);
    assert_eq!(generate(&backend, KeyId([1; 16])), Ok(()));
    assert_eq!(generate(&backend, KeyId([2; 16])), Err(HsmErrorKind::Busy));
    assert_eq!(backend.key_exists(&call(), KeyId([2; 16])), Ok(false));
    assert_eq!(generate(&backend, KeyId([3; 16])), Ok(()));
    assert_eq!(backend.calls(Verb::GenerateKey), 3);
}

#[test]
fn fault_after_the_call_leaves_its_effect() {
    let backend = FaultyBackend::new(Arc::new(MemoryBackend::new()));
    let id = KeyId([1; 16]);
    backend.fail_nth(Verb::GenerateKey, 1, HsmErrorKind::Deadline, Moment::After);
    assert_eq!(generate(&backend, id), Err(HsmErrorKind::Deadline));
    assert_eq!(backend.key_exists(&call(), id), Ok(true));
    backend.fail_always(Verb::DestroyKey, HsmErrorKind::Device(5));
    let destroyed = backend.destroy_key(&call(), &KeyRef::Token(id));
    assert_eq!(destroyed.unwrap_err().kind, HsmErrorKind::Device(5));
    backend.set_unavailable(true);
    assert!(matches!(backend.state(), TokenState::Unavailable));
    assert!(backend.info().is_none());
    backend.heal();
    assert!(backend.destroy_key(&call(), &KeyRef::Token(id)).is_ok());
}

#[test]
fn idle_stream_is_gone() {
    let idle_timeout = Duration::from_millis(30);
    let limits = StreamLimits { max_streams: 1, idle_timeout, ..StreamLimits::default() };
    let backend = MemoryBackend::new().with_stream_limits(limits);
    let id = KeyId([1; 16]);
    generate(&backend, id).unwrap();
    let algorithm = CipherAlgorithm::aes(BlockMode::Ecb, Padding::None);
    let wish = StreamWish::Encrypt { algorithm, params: CipherParams::default() };
    let open = || backend.stream_open(&call(), &KeyRef::Token(id), &wish);
    let first = open().unwrap();
    assert_eq!(open().unwrap_err().kind, HsmErrorKind::Busy);
    std::thread::sleep(Duration::from_millis(40));
    let late = backend.stream_update(&call(), first, &[0; 16]);
    assert_eq!(late.unwrap_err().kind, HsmErrorKind::StreamNotFound);
    assert!(open().is_ok());
}

/// A backend whose streams have these limits, the key that they use, and what they do.
fn streaming(limits: StreamLimits) -> Result<(MemoryBackend, KeyRef, StreamWish), HsmErrorKind> {
    let backend = MemoryBackend::new().with_stream_limits(limits);
    let id = KeyId([1; 16]);
    generate(&backend, id)?;
    let params = CipherParams { iv: vec![7; 12], tag_bytes: 16, ..CipherParams::default() };
    let wish = StreamWish::Encrypt { algorithm: CipherAlgorithm::AesGcm, params };
    Ok((backend, KeyRef::Token(id), wish))
}

fn call_of(scope: &str) -> CallContext {
    CallContext { scope: scope.to_owned(), ..call() }
}

#[test]
fn scope_with_most_streams_makes_room_for_another() {
    let limits = StreamLimits { max_streams: 3, ..StreamLimits::default() };
    let (backend, key, wish) = streaming(limits).unwrap();
    let open = |scope| backend.stream_open(&call_of(scope), &key, &wish);
    let greedy = [(); 3].map(|()| open("greedy").unwrap());
    assert_eq!(open("greedy").unwrap_err().kind, HsmErrorKind::Busy);
    let modest = open("modest").unwrap();
    let gone = backend.stream_update(&call_of("greedy"), greedy[0], b"part");
    assert_eq!(gone.unwrap_err().kind, HsmErrorKind::StreamNotFound, "the one idle longest");
    assert_eq!(open("modest").unwrap_err().kind, HsmErrorKind::Busy, "it would have most itself");
    backend.stream_finish(&call_of("greedy"), greedy[1], b"last", &[]).unwrap();
    backend.stream_finish(&call_of("modest"), modest, b"last", &[]).unwrap();
}

#[test]
fn scope_that_holds_most_makes_room_for_another() {
    let limits = StreamLimits { max_held_bytes: 1000, ..StreamLimits::default() };
    let (backend, key, wish) = streaming(limits).unwrap();
    let open = |scope| backend.stream_open(&call_of(scope), &key, &wish).unwrap();
    let hold = |scope, stream, bytes| {
        let held = backend.stream_update(&call_of(scope), stream, &vec![0; bytes]);
        held.map(drop).map_err(|error| error.kind)
    };
    let [first, second, third] = [(); 3].map(|()| open("greedy"));
    hold("greedy", first, 500).unwrap();
    hold("greedy", second, 400).unwrap();
    assert_eq!(hold("greedy", third, 101), Err(HsmErrorKind::Busy));
    let modest = open("modest");
    hold("modest", modest, 101).unwrap();
    assert_eq!(hold("greedy", first, 1), Err(HsmErrorKind::StreamNotFound));
    hold("greedy", second, 1).unwrap();
    assert_eq!(hold("modest", modest, 500), Err(HsmErrorKind::Busy), "it would hold most itself");
}
