//! Veeam Backup & Replication: KMIP 1.4, RSA pairs that protect the keys of backups.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask, KeyFormatType, ObjectType, Operation,
    ProtocolVersion, ResultReason, RevocationReasonCode, Tag,
};
use rustls::SupportedProtocolVersion;
use softhsm_tests::docs;
use softhsm_tests::server::Trial;

use crate::client::{self, Client, Version};
use crate::ground::Ground;
use crate::replay::items::{item, kind, name, reason, structure, uid, with};
use crate::replay::{Line, Manner, Payload, Way, Wire};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "veeam",
    name: "Veeam Backup & Replication",
    version: || Version::Replayed("12"),
    use_case: "encrypted backups",
    needs: "`export=true`; a server certificate that names lists of revoked ones",
    tests: &[("guide", guide)],
};

const HOST: &str = "kmip.example.com";

fn guide() {
    let ground = Ground::configured(CLIENT.id, &[], configure);
    ground.follow_guide();
    let folder = ground.folder();
    let files = ["veeam/client.pem", "veeam/client.key"].map(|file| folder.join(file));
    let way = |versions: &[&'static SupportedProtocolVersion]| {
        let ca = folder.join("claviger-ca.pem");
        Way::with(&ground, &ca, &files, versions).naming(HOST)
    };
    certificate_says_where_revoked_ones_are_listed(&way(rustls::ALL_VERSIONS));
    for version in rustls::ALL_VERSIONS {
        sessions_are_resumed(&way(&[version]));
    }
    protects_backups(&way(rustls::ALL_VERSIONS));
}

/// As the guide has it: its `[tls]` takes the place of the trial's, which names files.
fn configure(trial: &Trial) {
    let text = client::guide(CLIENT.id);
    let toml = docs::blocks_of(&text, "toml").concat();
    let (tls, internal_ca) = toml.split_once("[internal_ca]").unwrap();
    trial.edit_config("certificate = \"pki/server.pem\"\nprivate_key = \"pki/server.key\"\n", "");
    trial.edit_config("[tls]\n", tls.trim_end_matches('\n'));
    trial.edit_config("client_ca", "\nclient_ca");
    trial.append_config(&format!("[internal_ca]{internal_ca}"));
}

fn certificate_says_where_revoked_ones_are_listed(way: &Way) {
    let der = Wire::open(way).server_certificate();
    let mut openssl = Command::new("openssl")
        .args(["x509", "-inform", "DER", "-noout", "-subject", "-text"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    openssl.stdin.take().unwrap().write_all(&der).unwrap();
    let said = String::from_utf8(openssl.wait_with_output().unwrap().stdout).unwrap();
    let subject = said.lines().find(|line| line.starts_with("subject=")).unwrap();
    assert!(subject.ends_with(HOST), "{subject}");
    assert!(said.contains(&format!("DNS:{HOST}")), "{said}");
    assert!(said.contains("CRL Distribution Points"), "{said}");
    assert!(said.contains("URI:http://kmip.example.com:9696/v1/kmip/ca/crl"), "{said}");
}

/// The client's certificate stays known in a resumed session.
fn sessions_are_resumed(way: &Way) {
    let mut first = line(way);
    assert!(!first.is_resumed());
    assert!(find(&mut first, "nothing").ids().is_empty());
    let mut second = line(way);
    assert!(second.is_resumed());
    assert!(find(&mut second, "nothing").ids().is_empty());
}

fn protects_backups(way: &Way) {
    let mut line = line(way);
    assert!(find(&mut line, "veeam-1").ids().is_empty());
    let (private, public) = make(&mut line, "veeam-1");
    for id in [&private, &public] {
        line.ask(Operation::Activate, vec![uid(id)]);
    }
    assert_eq!(find(&mut line, "veeam-1").ids(), [private.as_str()]);
    assert_eq!(find(&mut line, "veeam-1-public").ids(), [public.as_str()]);
    belongs_together(fetch(&mut line, &private), fetch(&mut line, &public));

    // What waits goes at once; what is in use is revoked before.
    let (waits, _) = make(&mut line, "veeam-2");
    line.ask(Operation::Destroy, vec![uid(&waits)]);
    let refusal = line.refused(Operation::Destroy, vec![uid(&private)]);
    assert_eq!(refusal.reason, ResultReason::PermissionDenied);
    for id in [&private, &public] {
        let why = reason(RevocationReasonCode::Superseded, "replaced");
        line.ask(Operation::Revoke, vec![uid(id), why]);
        line.ask(Operation::Destroy, vec![uid(id)]);
    }
    assert!(find(&mut line, "veeam-1").ids().is_empty());
}

fn line(way: &Way) -> Line {
    Line::open(way, &Manner::plain(ProtocolVersion::V1_4))
}

fn find(line: &mut Line, of: &str) -> Payload {
    line.ask(Operation::Locate, vec![name(of)])
}

/// A pair that signs: the identifiers of its private and its public key.
fn make(line: &mut Line, of: &str) -> (String, String) {
    let common = vec![
        with("Cryptographic Algorithm", &CryptographicAlgorithm::RSA),
        with("Cryptographic Length", &2048),
    ];
    let half = |of: &str, usage: CryptographicUsageMask| {
        vec![name(of), with("Cryptographic Usage Mask", &usage)]
    };
    let public_name = format!("{of}-public");
    let answer = line.ask(
        Operation::CreateKeyPair,
        vec![
            structure(Tag::CommonTemplateAttribute, common),
            structure(Tag::PrivateKeyTemplateAttribute, half(of, CryptographicUsageMask::Sign)),
            structure(
                Tag::PublicKeyTemplateAttribute,
                half(&public_name, CryptographicUsageMask::Verify),
            ),
        ],
    );
    let id = |tag| crate::replay::answer::text(answer.only(tag)).to_owned();
    (id(Tag::PrivateKeyUniqueIdentifier), id(Tag::PublicKeyUniqueIdentifier))
}

/// The key, in DER.
fn fetch(line: &mut Line, id: &str) -> Vec<u8> {
    let pkcs_1 = item(Tag::KeyFormatType, &KeyFormatType::PKCS_1);
    let answer = line.ask(Operation::Get, vec![uid(id), pkcs_1]);
    let types = [ObjectType::PrivateKey, ObjectType::PublicKey].map(kind);
    assert!(types.contains(&answer.0[0]));
    answer.material()
}

/// The public half of the private key is the public key.
fn belongs_together(private: Vec<u8>, public: Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, der: &[u8]| std::fs::write(folder.path().join(name), der).unwrap();
    write("private.der", &private);
    write("public.der", &public);
    let rsa = |arguments: &[&str]| modulus(folder.path(), arguments);
    let one = rsa(&["-in", "private.der"]);
    assert_eq!(one, rsa(&["-RSAPublicKey_in", "-in", "public.der"]));
    assert!(one.starts_with(b"Modulus="));
}

fn modulus(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut openssl = Command::new("openssl");
    openssl.args(["rsa", "-inform", "DER", "-noout", "-modulus"]).args(arguments);
    openssl.current_dir(folder).output().unwrap().stdout
}
