//! The specification's names as they are typed: in any case, with or without hyphens.

use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask, EnumTable, ObjectType, RecommendedCurve,
    RevocationReasonCode, State,
};

/// Finds what is typed in a table of the specification.
fn find(table: EnumTable, typed: &str) -> Result<u32, String> {
    let wanted = bare(typed);
    let known = table.values.iter().find(|entry| bare(entry.name) == wanted);
    known.map(|entry| entry.value).ok_or_else(|| {
        let names: Vec<_> = table.values.iter().map(|entry| typable(entry.name)).collect();
        format!("it is none of {}", names.join(", "))
    })
}

fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// `SymmetricKey` becomes symmetric-key, `HMAC_SHA256` hmac-sha256.
pub(crate) fn typable(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    let mut before = None;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '_' {
            text.push('-');
        } else {
            let starts_word = letter.is_ascii_uppercase()
                && before.is_some_and(|before: char| {
                    before.is_ascii_lowercase()
                        || before.is_ascii_uppercase()
                            && letters.peek().is_some_and(char::is_ascii_lowercase)
                });
            if starts_word {
                text.push('-');
            }
            text.push(letter.to_ascii_lowercase());
        }
        before = Some(letter);
    }
    text
}

macro_rules! words {
    ($( $function:ident: $table:ident; )*) => { $(
        pub(super) fn $function(typed: &str) -> Result<$table, String> {
            find($table::TABLE, typed).map($table)
        }
    )* };
}

words! {
    algorithm: CryptographicAlgorithm;
    curve: RecommendedCurve;
    object_type: ObjectType;
    state: State;
    reason: RevocationReasonCode;
    usage: CryptographicUsageMask;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_they_are_typed() {
        assert_eq!(algorithm("aes"), Ok(CryptographicAlgorithm::AES));
        assert_eq!(algorithm("hmac-sha256"), Ok(CryptographicAlgorithm::HMAC_SHA256));
        assert_eq!(object_type("symmetric-key"), Ok(ObjectType::SymmetricKey));
        assert_eq!(usage("mac-generate"), Ok(CryptographicUsageMask::MACGenerate));
        assert_eq!(state("pre-active"), Ok(State::PreActive));
        assert_eq!(curve("P-256"), Ok(RecommendedCurve::P_256));
    }

    #[test]
    fn unknown_name_is_answered_with_the_known_ones() {
        assert!(usage("sing").unwrap_err().contains("sign, verify, encrypt"));
    }

    #[test]
    fn names_are_shown_as_they_are_typed() {
        let shown = ["SymmetricKey", "MACGenerate", "HMAC_SHA256", "CACompromise", "AES"];
        let shown = shown.map(typable);
        assert_eq!(shown, ["symmetric-key", "mac-generate", "hmac-sha256", "ca-compromise", "aes"]);
    }
}
