//! `docs/OPERATIONS.md` is made from the tables of the code and what SoftHSM2 answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use hsm_backend::pkcs11::{Pkcs11Backend, Pkcs11Config};
use hsm_backend::{
    Capabilities, Curve, EdwardsCurve, HsmBackend, SecretKeyKind, SecretValue, TokenState, Wish,
};
use kmip_core::attribute::CryptographicParameters;
use kmip_core::payload::OPERATIONS;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, HashingAlgorithm, Operation, PaddingMethod,
};
use server::bridge::{cipher, signature};
use server::client::template::NO_PARAMETERS;
use server::operation::{self, OBJECT_TYPES};
use softhsm_tests::token::TestToken;
use softhsm_tests::{docs, program};

/// Set in the child, whose environment names the token's configuration.
const CHILD: &str = "CLAVIGER_TEST_DOCUMENT_CHILD";

fn capabilities() -> Capabilities {
    let pin = SecretValue::new(TestToken::PIN.as_bytes().to_vec());
    let mut config = Pkcs11Config::new(program::softhsm(), pin);
    config.label = Some(TestToken::LABEL.to_owned());
    let backend = Pkcs11Backend::new(config);
    let state = backend.wait_ready(Instant::now() + Duration::from_secs(20));
    let TokenState::Ready(capabilities) = state else { panic!("{}", backend.status_text()) };
    let capabilities = (*capabilities).clone();
    backend.close();
    capabilities
}

fn operations() -> String {
    let mut text = String::from(
        "| operation | since | needs the right to | threads | in a batch with Undo | may be answered later |\n\
         |---|---|---|---|---|---|\n",
    );
    for (operation, since) in OPERATIONS {
        match operation::entry(*operation) {
            Some(entry) => {
                let (action, lane, undo) = (entry.action, entry.lane, entry.undo);
                let undo = if undo == operation::Undo::Possible { "yes" } else { "no" };
                let later = if operation::may_be_later(*operation) { "yes" } else { "no" };
                let row = format!("{action:?} | {lane:?} | {undo} | {later}");
                writeln!(text, "| {operation:?} | {since} | {row} |")
            }
            None => writeln!(text, "| {operation:?} | {since} | not served yet | | | |"),
        }
        .unwrap();
    }
    text
}

fn object_types() -> String {
    OBJECT_TYPES.iter().map(|kind| format!("- {kind:?}\n")).collect()
}

/// What a client asks for, and who serves it.
struct Row {
    asked: String,
    wish: Wish,
}

/// One row for each wish, in the words that ask for it first.
fn distinct(rows: Vec<Row>) -> Vec<Row> {
    let mut seen = std::collections::HashSet::new();
    rows.into_iter().filter(|row| seen.insert(row.wish)).collect()
}

fn modes() -> impl Iterator<Item = BlockCipherMode> {
    BlockCipherMode::TABLE.values.iter().map(|entry| BlockCipherMode(entry.value))
}

fn paddings() -> impl Iterator<Item = PaddingMethod> {
    PaddingMethod::TABLE.values.iter().map(|entry| PaddingMethod(entry.value))
}

fn hashes() -> impl Iterator<Item = HashingAlgorithm> {
    HashingAlgorithm::TABLE.values.iter().map(|entry| HashingAlgorithm(entry.value))
}

/// Every cipher that the bridge makes of some Cryptographic Parameters.
fn ciphers() -> Vec<Row> {
    let mut rows = Vec::new();
    for mode in modes() {
        for padding in paddings() {
            let parameters = CryptographicParameters {
                block_cipher_mode: Some(mode),
                padding_method: Some(padding),
                ..NO_PARAMETERS
            };
            if let Ok(found) = cipher::cipher(CryptographicAlgorithm::AES, &parameters) {
                let asked = format!("AES, {mode:?}, padding {padding:?}");
                rows.push(Row { asked, wish: Wish::Cipher(found.algorithm) });
            }
        }
    }
    for padding in paddings() {
        for hash in hashes() {
            // Only OAEP has hashes.
            let hash = Some(hash).filter(|_| padding == PaddingMethod::OAEP);
            let parameters = CryptographicParameters {
                padding_method: Some(padding),
                hashing_algorithm: hash,
                mask_generator_hashing_algorithm: hash,
                ..NO_PARAMETERS
            };
            if let Ok(found) = cipher::cipher(CryptographicAlgorithm::RSA, &parameters) {
                let with = hash.map_or(String::new(), |hash| format!(" {hash:?}"));
                let asked = format!("RSA, {padding:?}{with}");
                rows.push(Row { asked, wish: Wish::Cipher(found.algorithm) });
            }
        }
    }
    distinct(rows)
}

fn signatures() -> Vec<Row> {
    let mut rows = Vec::new();
    let kinds = [
        (CryptographicAlgorithm::RSA, Some(PaddingMethod::PKCS1V1_5)),
        (CryptographicAlgorithm::RSA, Some(PaddingMethod::PSS)),
        (CryptographicAlgorithm::ECDSA, None),
    ];
    for (algorithm, padding_method) in kinds {
        for hash in hashes() {
            let parameters = CryptographicParameters {
                padding_method,
                hashing_algorithm: Some(hash),
                ..NO_PARAMETERS
            };
            if let Ok(found) = signature::scheme(algorithm, &parameters, None, 256) {
                let padding = padding_method.map_or(String::new(), |method| format!(" {method:?}"));
                let asked = format!("{algorithm:?}{padding}, {hash:?}");
                rows.push(Row { asked, wish: Wish::Sign(found.algorithm) });
            }
        }
    }
    for algorithm in [CryptographicAlgorithm::Ed25519, CryptographicAlgorithm::Ed448] {
        if let Ok(found) = signature::scheme(algorithm, &NO_PARAMETERS, None, 256) {
            rows.push(Row { asked: format!("{algorithm:?}"), wish: Wish::Sign(found.algorithm) });
        }
    }
    distinct(rows)
}

fn macs() -> Vec<Row> {
    let mut rows = Vec::new();
    for entry in CryptographicAlgorithm::TABLE.values {
        let algorithm = CryptographicAlgorithm(entry.value);
        if let Ok(found) = signature::mac(algorithm, &NO_PARAMETERS) {
            rows.push(Row { asked: format!("{algorithm:?}"), wish: Wish::Mac(found) });
        }
        for mode in modes() {
            let parameters =
                CryptographicParameters { block_cipher_mode: Some(mode), ..NO_PARAMETERS };
            if let Ok(found) = signature::mac(algorithm, &parameters) {
                rows.push(Row {
                    asked: format!("{algorithm:?}, {mode:?}"),
                    wish: Wish::Mac(found),
                });
            }
        }
    }
    // Hashes whose HMAC has no name of its own: any HMAC key serves.
    let key = CryptographicAlgorithm::HMAC_SHA256;
    let own = signature::mac(key, &NO_PARAMETERS).ok();
    for hash in HashingAlgorithm::TABLE.values {
        let hash = HashingAlgorithm(hash.value);
        let parameters = CryptographicParameters { hashing_algorithm: Some(hash), ..NO_PARAMETERS };
        let found = signature::mac(key, &parameters).ok().filter(|found| Some(*found) != own);
        let asked = format!("any HMAC key, {hash:?}");
        rows.extend(found.map(|found| Row { asked, wish: Wish::Mac(found) }));
    }
    distinct(rows)
}

fn keys() -> Vec<Row> {
    let row = |asked: &str, wish| Row { asked: asked.to_owned(), wish };
    let curve = |asked, curve| row(asked, Wish::GenerateEc(curve));
    vec![
        row("AES", Wish::GenerateSecret(SecretKeyKind::Aes)),
        row("HMAC", Wish::GenerateSecret(SecretKeyKind::Generic)),
        row("RSA", Wish::GenerateRsa),
        curve("EC P-256", Curve::P256),
        curve("EC P-384", Curve::P384),
        curve("EC P-521", Curve::P521),
        row("Ed25519", Wish::GenerateEdwards(EdwardsCurve::Ed25519)),
        row("Ed448", Wish::GenerateEdwards(EdwardsCurve::Ed448)),
    ]
}

/// What Derive Key asks of a token by a wish of its own.
fn agreements() -> Vec<Row> {
    let curves = [
        ("P-256", Curve::P256),
        ("P-384", Curve::P384),
        ("P-521", Curve::P521),
        ("secp256k1", Curve::Secp256k1),
    ];
    let row = |(name, curve)| Row {
        asked: format!("Asymmetric Key, ECDH on {name}"),
        wish: Wish::Agree(curve),
    };
    curves.map(row).into()
}

fn algorithms(capabilities: &Capabilities) -> String {
    use Operation as Op;
    let sections: [(&[Op], Vec<Row>); 5] = [
        (&[Op::Create, Op::CreateKeyPair], keys()),
        (&[Op::Encrypt, Op::Decrypt], ciphers()),
        (&[Op::Sign, Op::SignatureVerify], signatures()),
        (&[Op::MAC, Op::MACVerify], macs()),
        (&[Op::DeriveKey], agreements()),
    ];
    let mut text = String::new();
    for (operations, rows) in sections {
        assert!(operations.iter().all(|operation| operation::entry(*operation).is_some()));
        let names = operations.iter().map(|operation| format!("{operation:?}"));
        writeln!(text, "### {}\n", names.collect::<Vec<_>>().join(", ")).unwrap();
        text.push_str("| asked for | on SoftHSM2 | beside the token |\n|---|---|---|\n");
        for row in rows {
            let served = capabilities.row(row.wish);
            let mechanism = served.mechanism.map_or_else(
                || "not served: no mechanism".to_owned(),
                |mechanism| format!("`{mechanism}`"),
            );
            writeln!(text, "| {} | {mechanism} | {} |", row.asked, served.note).unwrap();
        }
        text.push('\n');
    }
    text
}

#[test]
fn operations_document_is_what_the_tables_say() {
    if std::env::var_os(CHILD).is_none() {
        let token = TestToken::new();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "operations_document_is_what_the_tables_say", "--nocapture"])
            .env("SOFTHSM2_CONF", token.conf())
            .env(CHILD, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let document = program::repository().join("docs/OPERATIONS.md");
    let parts = BTreeMap::from([
        ("operations", operations()),
        ("object types", object_types()),
        ("algorithms", algorithms(&capabilities())),
    ]);
    for (name, part) in parts {
        docs::check_part(&document, name, &part);
    }
}
