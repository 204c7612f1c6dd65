//! `claviger hash-password`: the Argon2id hash of a password, for the configuration.

use std::io::{self, BufRead, IsTerminal};

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use zeroize::Zeroizing;

/// Longest password, in bytes.
pub const MAX_PASSWORD_BYTES: usize = 1_024;

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum HashPasswordError {
    /// The terminal or the input fails.
    #[error("cannot read the password: {0}")]
    Input(#[from] io::Error),
    /// The password was typed twice, and not alike.
    #[error("the two passwords differ")]
    Differ,
    /// There is none, or too long a one.
    #[error("a password has 1 to {MAX_PASSWORD_BYTES} bytes")]
    Length,
    /// The hash cannot be computed.
    #[error("cannot hash the password: {0}")]
    Hash(argon2::password_hash::Error),
}

/// Asks for a password at the terminal, twice, or reads the first line of what is piped in, and
/// returns its hash in PHC form.
///
/// # Errors
///
/// [`HashPasswordError`].
pub fn ask() -> Result<String, HashPasswordError> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return first_line(stdin.lock());
    }
    let password = Zeroizing::new(rpassword::prompt_password("Password: ")?);
    let again = Zeroizing::new(rpassword::prompt_password("Again: ")?);
    if password != again {
        return Err(HashPasswordError::Differ);
    }
    hash(password.as_bytes())
}

fn first_line(input: impl BufRead) -> Result<String, HashPasswordError> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_PASSWORD_BYTES + 2));
    let limit = u64::try_from(MAX_PASSWORD_BYTES + 2).unwrap_or(u64::MAX);
    input.take(limit).read_until(b'\n', &mut line)?;
    let text = line.strip_suffix(b"\n").unwrap_or(&line);
    hash(text.strip_suffix(b"\r").unwrap_or(text))
}

fn hash(password: &[u8]) -> Result<String, HashPasswordError> {
    if !(1..=MAX_PASSWORD_BYTES).contains(&password.len()) {
        return Err(HashPasswordError::Length);
    }
    let hash = Argon2::default().hash_password(password).map_err(HashPasswordError::Hash)?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordVerifier;
    use argon2::password_hash::phc::PasswordHash;

    use super::*;

    #[test]
    fn first_line_is_hashed_without_its_end() {
        for input in ["sesame", "sesame\n", "sesame\r\nmore\n"] {
            let hash = first_line(input.as_bytes()).unwrap();
            assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
            let hash = PasswordHash::new(&hash).unwrap();
            assert!(Argon2::default().verify_password(b"sesame", &hash).is_ok());
        }
    }

    #[test]
    fn empty_and_endless_passwords_are_refused() {
        for input in [String::new(), "\n".to_owned(), "x".repeat(MAX_PASSWORD_BYTES + 1)] {
            let refused = first_line(input.as_bytes());
            assert!(matches!(refused, Err(HashPasswordError::Length)));
        }
    }
}
