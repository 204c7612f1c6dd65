//! What scopes and roles may be called.

/// What is said of a text that [`is_name`] denies.
pub const NAME_RULE: &str = "is not 1 to 64 of A-Z a-z 0-9 . _ -, or is . or ..";

/// Whether `text` may be the name of a scope or a role: 1 to 64 of `A-Z a-z 0-9 . _ -`, but neither `.`
/// nor `..`, which whoever carries a path may take out of it.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(allowed) && !matches!(text, "." | "..")
}
