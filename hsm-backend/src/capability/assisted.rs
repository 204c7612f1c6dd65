//! What assisted custody could serve: wishes that no token call can be put together for, but that
//! this crate can carry out on a key's value.

use super::rules;
use super::table::Wish;
use crate::job::MacAlgorithm;

/// Whether a key's value, decrypted here for one call, would serve `wish`.
///
/// Only HMACs with a hash that is computed here: every other algorithm of a secret key is native to
/// most tokens or can be composed in the token, and private keys never leave it.
#[must_use]
pub fn assists(wish: Wish) -> bool {
    match wish {
        Wish::Mac(MacAlgorithm::Hmac(hash)) => rules::hash_row(hash).is_some_and(|row| row.here),
        Wish::Mac(MacAlgorithm::AesCmac)
        | Wish::Cipher(_)
        | Wish::Sign(_)
        | Wish::Wrap(_)
        | Wish::DigestKey(_)
        | Wish::GenerateSecret(_)
        | Wish::GenerateRsa
        | Wish::GenerateEc(_)
        | Wish::GenerateEdwards(_)
        | Wish::Agree(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::HashAlgorithm;
    use crate::software;

    #[test]
    fn assists_with_every_hmac_that_software_computes() {
        for row in &rules::HASHES {
            let computed = software::hmac(row.hash, b"key", b"data").is_ok();
            assert_eq!(assists(Wish::Mac(MacAlgorithm::Hmac(row.hash))), computed);
        }
        assert!(!assists(Wish::Mac(MacAlgorithm::Hmac(HashAlgorithm::Md5))));
        assert!(!assists(Wish::GenerateRsa));
    }
}
