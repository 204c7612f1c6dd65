//! A key out of a password.

use hmac::SimpleHmac;

use super::mac::per_hash;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{HashAlgorithm, SecretValue};

/// `bytes` bytes out of `password`, by PBKDF2 with the HMAC over `hash`.
///
/// It takes `iterations` HMACs for each block of output: the caller bounds both.
///
/// Spec: RFC 8018 §5.2.
///
/// # Errors
///
/// `Unsupported` for MD5, `BadParameter` for no iterations.
pub fn pbkdf2(
    hash: HashAlgorithm,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    bytes: usize,
) -> Result<SecretValue, HsmError> {
    let unfit = HsmError::new(HsmErrorKind::BadParameter, "pbkdf2");
    if iterations == 0 {
        return Err(unfit);
    }
    let mut derived = wiping::Wiping::new(vec![0; bytes]);
    per_hash!(hash, H => {
        pbkdf2::pbkdf2::<SimpleHmac<H>>(password, salt, iterations, &mut derived)
            .map_err(|_| unfit)
    })?;
    Ok(derived.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &SecretValue) -> String {
        bytes.expose().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 6070 (SHA-1, the salt and password with a zero inside among them), RFC 7914 §11 (SHA-256).
    #[test]
    fn pbkdf2_matches_the_known_answers_of_rfc_6070_and_rfc_7914() {
        let long =
            (b"passwordPASSWORDpassword".as_slice(), b"saltSALTsaltSALTsaltSALTsaltSALTsalt");
        let sha1: [(&[u8], &[u8], u32, &str); 5] = [
            (b"password", b"salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
            (b"password", b"salt", 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
            (b"password", b"salt", 4096, "4b007901b765489abead49d926f721d065a429c1"),
            (long.0, long.1, 4096, "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"),
            (b"pass\0word", b"sa\0lt", 4096, "56fa6aa75548099dcc37d7f03425e0c3"),
        ];
        for (password, salt, iterations, answer) in sha1 {
            let bytes = answer.len() / 2;
            let key = pbkdf2(HashAlgorithm::Sha1, password, salt, iterations, bytes).unwrap();
            assert_eq!(hex(&key), answer);
        }
        let key = pbkdf2(HashAlgorithm::Sha256, b"passwd", b"salt", 1, 64).unwrap();
        let answer = "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
                      49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783";
        assert_eq!(hex(&key), answer);
    }

    #[test]
    fn pbkdf2_refuses_md5_and_no_iterations() {
        assert!(pbkdf2(HashAlgorithm::Md5, b"p", b"s", 1, 16).is_err());
        assert!(pbkdf2(HashAlgorithm::Sha1, b"p", b"s", 0, 16).is_err());
    }
}
