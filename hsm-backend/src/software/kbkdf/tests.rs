use super::*;
use crate::job::HashAlgorithm;
use crate::software::hmac;

const FIXED: &[u8] = b"label\0context";

fn derive(mode: KbkdfMode, counter_bits: u32, iv: &[u8], bytes: usize) -> Result<String, HsmError> {
    let key: Vec<u8> = (0..32).collect();
    let kdf = Kbkdf { mode, counter_bits, iv, fixed: FIXED };
    let derived = kdf.derive(bytes, |input| -> Result<SecretValue, HsmError> {
        hmac(HashAlgorithm::Sha256, &key, input).map(SecretValue::new)
    })?;
    Ok(derived.expose().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Computed with the KBKDFHMAC of Python's `cryptography`.
#[test]
fn counter_mode_matches_an_independent_library() {
    let answers = [
        (8, "4bd3daf42359d2678ec6cdcb6e4090219a69a2cc31cafb17e9fc8f76972668db13c99b89b347bf7d"),
        (16, "072b2e654c0dbdd440edefb9ddcaf8209ad315158f780aed2f7fe7ee3a6456fa0dbf93c853985e3a"),
        (24, "08d94c0460f3fd6b4a1d0eece23afb2326d561e6151a28d26cb10b1a9069ef1bfb4a52441608497a"),
        (32, "18b8910606f09c475658fb393a63521855b7deee922916562c76d87ba4f91aa88d4d4fe95ec82226"),
    ];
    for (bits, answer) in answers {
        assert_eq!(derive(KbkdfMode::Counter, bits, &[], 40).unwrap(), answer);
    }
}

/// With a counter: OpenSSL's KBKDF. Without: the formula in Python's `hmac`.
#[test]
fn feedback_mode_matches_an_independent_library() {
    let iv: Vec<u8> = (100..132).collect();
    let answer = "34fd318cd25c3b1961253b9e47dc5b242d9b019bc4e0d1fb9e03023de117ba24493fd16cd3bf9819";
    assert_eq!(derive(KbkdfMode::Feedback, 32, &iv, 40).unwrap(), answer);
    let bare = "8f59e7b5a0844bdf632c592f5c0507cab2da64b1cf89506bf2118baed8279ba77f73671b4e6c312d";
    assert_eq!(derive(KbkdfMode::Feedback, 0, &[], 40).unwrap(), bare);
}

/// The formula in Python's `hmac`.
#[test]
fn double_pipeline_matches_the_formula() {
    let answer = "80d3e0462dfaf65bdca1b3602dd52bd373e6c927a1a184164c6b71fe08fc665b5bb5a1a7788f40db";
    assert_eq!(derive(KbkdfMode::DoublePipeline, 32, &[], 40).unwrap(), answer);
    let bare = "7f73671b4e6c312d6c6e7e41af209da1bfc2e510bdd4a9f7e9f51e5b8f617ae011401b5e6fc08647";
    assert_eq!(derive(KbkdfMode::DoublePipeline, 0, &[], 40).unwrap(), bare);
}

#[test]
fn counter_that_is_too_short_or_of_another_length_is_refused() {
    assert!(derive(KbkdfMode::Counter, 8, &[], 255 * 32).is_ok());
    let over = derive(KbkdfMode::Counter, 8, &[], 255 * 32 + 1).unwrap_err();
    assert_eq!(over.kind, HsmErrorKind::BadLength);
    for (mode, bits) in [(KbkdfMode::Counter, 0), (KbkdfMode::Feedback, 12)] {
        assert_eq!(derive(mode, bits, &[], 32).unwrap_err().kind, HsmErrorKind::BadParameter);
    }
    assert_eq!(derive(KbkdfMode::Feedback, 0, &[], 0).unwrap_err().kind, HsmErrorKind::BadLength);
}
