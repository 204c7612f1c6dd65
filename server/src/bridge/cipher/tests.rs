//! Parameters that are honoured, and parameters that are refused.

use super::*;
use crate::bridge::no_parameters;

fn of_mode(mode: BlockCipherMode) -> CryptographicParameters {
    CryptographicParameters { block_cipher_mode: Some(mode), ..no_parameters() }
}

fn aes_cipher(parameters: &CryptographicParameters) -> Result<Cipher, BridgeError> {
    cipher(CryptographicAlgorithm::AES, parameters)
}

#[test]
fn cipher_does_not_pad_unless_asked() {
    let cbc = of_mode(BlockCipherMode::CBC);
    assert_eq!(
        aes_cipher(&cbc).unwrap().algorithm,
        CipherAlgorithm::aes(BlockMode::Cbc, Padding::None)
    );
    let padded = CryptographicParameters { padding_method: Some(PaddingMethod::PKCS5), ..cbc };
    assert_eq!(
        aes_cipher(&padded).unwrap().algorithm,
        CipherAlgorithm::aes(BlockMode::Cbc, Padding::Pkcs5)
    );
}

#[test]
fn cipher_refuses_what_it_cannot_honour() {
    let ctr = of_mode(BlockCipherMode::CTR);
    for refused in [
        CryptographicParameters { counter_length: Some(0), ..ctr.clone() },
        CryptographicParameters { counter_length: Some(129), ..ctr.clone() },
        CryptographicParameters { initial_counter_value: Some(-1), ..ctr.clone() },
        CryptographicParameters {
            initial_counter_value: Some(1),
            counter_length: Some(31),
            ..ctr.clone()
        },
        CryptographicParameters { tag_length: Some(16), ..ctr.clone() },
        CryptographicParameters { counter_length: Some(128), ..of_mode(BlockCipherMode::CBC) },
        CryptographicParameters { initial_counter_value: Some(1), ..of_mode(BlockCipherMode::GCM) },
        CryptographicParameters { tag_length: Some(5), ..of_mode(BlockCipherMode::CCM) },
        CryptographicParameters {
            padding_method: Some(PaddingMethod::PKCS5),
            ..of_mode(BlockCipherMode::NISTKeyWrap)
        },
        CryptographicParameters { iv_length: Some(8), ..of_mode(BlockCipherMode::NISTKeyWrap) },
        CryptographicParameters { fixed_field_length: Some(32), ..ctr.clone() },
        CryptographicParameters { fixed_field_length: Some(32), ..of_mode(BlockCipherMode::OFB) },
        CryptographicParameters { invocation_field_length: Some(64), ..ctr.clone() },
        CryptographicParameters { iv_length: Some(12), ..ctr },
        CryptographicParameters {
            padding_method: Some(PaddingMethod::PKCS5),
            ..of_mode(BlockCipherMode::GCM)
        },
        CryptographicParameters {
            padding_method: Some(PaddingMethod::SSL3),
            ..of_mode(BlockCipherMode::CBC)
        },
        of_mode(BlockCipherMode::PCBC),
        CryptographicParameters {
            cryptographic_algorithm: Some(CryptographicAlgorithm::RSA),
            ..of_mode(BlockCipherMode::CBC)
        },
        no_parameters(),
    ] {
        assert!(aes_cipher(&refused).is_err(), "{refused:?}");
    }
}

#[test]
fn cipher_reads_iv_length_in_bits_and_in_bytes() {
    for length in [12, 96] {
        let gcm = of_mode(BlockCipherMode::GCM);
        let gcm = CryptographicParameters { iv_length: Some(length), ..gcm };
        assert_eq!(aes_cipher(&gcm).unwrap().iv_bytes, 12);
    }
}

#[test]
fn cipher_answers_general_failure_to_tag_lengths_out_of_range() {
    for length in [0, 1, 17, 32, -1] {
        let gcm = of_mode(BlockCipherMode::GCM);
        let gcm = CryptographicParameters { tag_length: Some(length), ..gcm };
        assert!(matches!(aes_cipher(&gcm), Err(BridgeError::OutOfRange(_))), "{length}");
    }
}

#[test]
fn cipher_keeps_the_mgf_hash_apart_from_the_message_hash() {
    use kmip_core::types::HashingAlgorithm;
    let oaep = CryptographicParameters {
        padding_method: Some(PaddingMethod::OAEP),
        hashing_algorithm: Some(HashingAlgorithm::SHA_256),
        mask_generator_hashing_algorithm: Some(HashingAlgorithm::SHA_384),
        ..no_parameters()
    };
    let cipher = cipher(CryptographicAlgorithm::RSA, &oaep).unwrap();
    let expected =
        CipherAlgorithm::RsaOaep { hash: HashAlgorithm::Sha256, mgf: HashAlgorithm::Sha384 };
    assert_eq!(cipher.algorithm, expected);
}

#[test]
fn cipher_takes_every_mode_with_every_padding() {
    for (kmip_mode, mode) in MODES {
        for (method, padding) in PADDINGS {
            let asked =
                CryptographicParameters { padding_method: Some(*method), ..of_mode(*kmip_mode) };
            let (mode, padding) = (*mode, *padding);
            for (name, cipher_) in [
                (CryptographicAlgorithm::AES, BlockCipher::Aes),
                (CryptographicAlgorithm::DES3, BlockCipher::Des3),
            ] {
                let wish = CipherAlgorithm::Block { cipher: cipher_, mode, padding };
                assert_eq!(cipher(name, &asked).map(|cipher| cipher.algorithm), Ok(wish));
            }
        }
    }
    for (mode, algorithm) in UNPADDED {
        assert_eq!(aes_cipher(&of_mode(*mode)).map(|cipher| cipher.algorithm), Ok(*algorithm));
        assert!(cipher(CryptographicAlgorithm::DES3, &of_mode(*mode)).is_err());
    }
}

#[test]
fn params_puts_the_initial_counter_behind_the_nonce() {
    let of = |first, bits| {
        let asked = CryptographicParameters {
            initial_counter_value: first,
            counter_length: bits,
            ..of_mode(BlockCipherMode::CTR)
        };
        aes_cipher(&asked).unwrap()
    };
    let rfc3686 = of(Some(1), Some(32));
    assert_eq!(rfc3686.iv_bytes, 12);
    let params = rfc3686.params(vec![7; 12], Vec::new()).unwrap();
    assert_eq!(params.iv, [[7; 12].as_slice(), &[0, 0, 0, 1]].concat());
    assert_eq!(params.counter_bits, Some(32));
    assert!(rfc3686.params(vec![7; 16], Vec::new()).is_err());
    assert!(rfc3686.params(vec![7; 8], Vec::new()).is_err());
    let by_iv = of(Some(0x102), None).params(vec![7; 14], Vec::new()).unwrap();
    assert_eq!((by_iv.iv[14..].to_vec(), by_iv.counter_bits), (vec![1, 2], Some(16)));
    assert!(of(Some(0x1_0000), None).params(vec![7; 14], Vec::new()).is_err());
    let whole = of(None, Some(64)).params(vec![7; 16], Vec::new()).unwrap();
    assert_eq!((whole.iv, whole.counter_bits), (vec![7; 16], Some(64)));
}
