//! What needs no token: hashing, verifying, encrypting with a public key, HMACs of given keys.

mod digest;
mod edwards;
mod encrypt;
mod kbkdf;
mod mac;
pub(crate) mod modexp;
mod pbkdf2;
pub mod split;
mod verify;

pub use digest::{Hasher, digest};
pub(crate) use digest::{digest_input, digest_parts};
pub use encrypt::encrypt_public;
pub(crate) use encrypt::fill_random;
pub use kbkdf::{Kbkdf, KbkdfMode};
pub use mac::hmac;
pub use pbkdf2::pbkdf2;
pub use verify::verify;
