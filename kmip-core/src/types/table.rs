//! What every table of named numbers has in common.

use super::ProtocolVersion;

/// One line of a table.
#[derive(Clone, Copy, Debug)]
pub struct EnumValue {
    /// Spec name in its XML spelling.
    pub name: &'static str,
    /// The number on the wire.
    pub value: u32,
    /// The first version that has it.
    pub since: ProtocolVersion,
}

/// A table of named numbers: an enumeration, or the bits of a mask.
#[derive(Clone, Copy, Debug)]
pub struct EnumTable {
    /// Name of the enumeration or mask.
    pub name: &'static str,
    /// Whether the values are bits.
    pub is_mask: bool,
    /// The lines.
    pub values: &'static [EnumValue],
}

/// Spellings other than the specification's own that its test cases use.
const ALIASES: &[(&str, &str, &str)] = &[
    ("CryptographicUsageMask", "ContentCommitment", "ContentCommitmentNonRepudiation"),
    ("DigitalSignatureAlgorithm", "MD2WithRSAEncryption", "MD2WithRSAEncryptionPKCS_1V1_5"),
    ("DigitalSignatureAlgorithm", "MD5WithRSAEncryption", "MD5WithRSAEncryptionPKCS_1V1_5"),
    ("DigitalSignatureAlgorithm", "RSASSA_PSS", "RSASSA_PSSPKCS_1V2_1"),
    ("DigitalSignatureAlgorithm", "SHA_1WithRSAEncryption", "SHA_1WithRSAEncryptionPKCS_1V1_5"),
    ("DigitalSignatureAlgorithm", "SHA_224WithRSAEncryption", "SHA_224WithRSAEncryptionPKCS_1V1_5"),
    ("DigitalSignatureAlgorithm", "SHA_256WithRSAEncryption", "SHA_256WithRSAEncryptionPKCS_1V1_5"),
    ("DigitalSignatureAlgorithm", "SHA_384WithRSAEncryption", "SHA_384WithRSAEncryptionPKCS_1V1_5"),
    ("DigitalSignatureAlgorithm", "SHA_512WithRSAEncryption", "SHA_512WithRSAEncryptionPKCS_1V1_5"),
    ("HashingAlgorithm", "SHA3_224", "SHA_3_224"),
    ("HashingAlgorithm", "SHA3_256", "SHA_3_256"),
    ("HashingAlgorithm", "SHA3_384", "SHA_3_384"),
    ("HashingAlgorithm", "SHA3_512", "SHA_3_512"),
    ("MaskGenerator", "MFG1", "MGF1"),
];

impl EnumTable {
    /// The line of `value`.
    #[must_use]
    pub fn entry(&self, value: u32) -> Option<&'static EnumValue> {
        self.values.iter().find(|entry| entry.value == value)
    }

    /// Name of `value`.
    #[must_use]
    pub fn name_of(&self, value: u32) -> Option<&'static str> {
        self.entry(value).map(|entry| entry.name)
    }

    /// Number named `name`, in the specification's spelling or a known other one.
    #[must_use]
    pub fn value_of(&self, name: &str) -> Option<u32> {
        let alias = ALIASES.iter().find(|(table, alias, _)| *table == self.name && *alias == name);
        let name = alias.map_or(name, |(_, _, canonical)| canonical);
        self.values.iter().find(|entry| entry.name == name).map(|entry| entry.value)
    }

    /// The names of the bits in `bits`, and what is left in hex, joined by blanks.
    #[must_use]
    pub fn mask_text(&self, bits: u32) -> String {
        let mut left = bits;
        let mut names: Vec<String> = Vec::new();
        for entry in self.values.iter().filter(|entry| bits & entry.value == entry.value) {
            left &= !entry.value;
            names.push(entry.name.to_owned());
        }
        if left != 0 {
            names.push(format!("0x{left:08X}"));
        }
        names.join(" ")
    }
}
