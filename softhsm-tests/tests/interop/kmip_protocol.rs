//! NLnet Labs' crate `kmip-protocol`, the client in Krill and Cascade.

use softhsm_tests::{docs, program};

use crate::client::{self, Client, Version};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "kmip-protocol",
    name: "kmip-protocol",
    version: || Version::Released("0.4.3".to_owned()),
    use_case: "programs in Rust, Krill, Cascade",
    needs: "a key on P-256 for the client where its TLS is rustls",
    tests: &[
        ("guide", guide),
        ("guide_shows_code_that_is_compiled", code_is_compiled),
        ("walks_over_rustls_where_the_role_may_export", rustls_and_export),
        ("walks_over_tls_1_2", tls_1_2),
        ("is_refused_in_words", refusals),
    ],
};

/// What a walk says, but for how it is connected and what Get gives.
const WALK: &str = "\
query: Claviger 0.1.0
diagnosis: 9 and 9 characters
versions: 1.4 1.3 1.2 1.1 1.0
rng_retrieve: 32 bytes, then 32 others
create_rsa_key_pair: two identifiers
get_key: PKCS1 of 2048 bits
get_key of the private key: {private}
rename_key: walk-public
rename_key: walk-private
locate: one, then none
sign before Activate: refused: Operation Sign failed: the object's state forbids this
activate_key: Active
sign: 0 bytes, verified
sign: 1 bytes, verified
sign: 5 bytes, verified
sign: 4096 bytes, verified
sign: 1000000 bytes, verified
two threads: 20 of 20 signatures verified
attributes: added, changed, deleted
destroy_key of an active key: refused: Operation Destroy failed: the object's state forbids this
revoke_key: Deactivated
sign after Revoke: refused: Operation Sign failed: the object's state forbids this
destroy_key: both
get_key of a destroyed key: not found: Operation Get failed: no such object
create: PreActive
get_key of a registered key: {symmetric}
connection errors: 0
";

const KEPT: &str = "refused: Operation Get failed: the object is not extractable";

/// Has OpenSSL speak no newer TLS; the crate has no setting for it.
const OLD_TLS: &str = "\
openssl_conf = start
[start]
ssl_conf = tls
[tls]
system_default = old
[old]
MaxProtocol = TLSv1.2
";

fn ground() -> Ground {
    let program = program::cache().join("kmip-protocol/target/debug/kmip-walk");
    assert!(program.is_file(), "{}: run ./test interop, which builds it", program.display());
    Ground::new(CLIENT.id, &[("kmip-walk", program)])
}

/// The part of the guide that makes scope, role and credential, and then these lines.
fn prepared_and(lines: &str) -> String {
    let guide = client::guide(CLIENT.id);
    format!("{}\n{lines}", docs::blocks(&guide).first().unwrap())
}

/// A walk, from where it is connected.
fn assert_walked(said: &str, connected: &str, private: &str, symmetric: &str) {
    let (_, walk) = said.split_once("connected: ").unwrap();
    let whole = WALK.replace("{private}", private).replace("{symmetric}", symmetric);
    assert_eq!(walk, format!("{connected}\n{whole}"));
}

fn guide() {
    assert_walked(&ground().follow_guide(), "TLSv1.3", KEPT, KEPT);
}

fn code_is_compiled() {
    let guide = client::guide(CLIENT.id);
    let source = program::repository().join("softhsm-tests/interop/kmip-protocol/src/connect.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let shown = guide.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next());
    let shown = shown.expect("the guide shows no code");
    let lines = |text: &str| text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
    assert!(lines(&source).contains(&lines(shown)), "this is not in the program:\n{shown}");
}

fn rustls_and_export() {
    let ground = ground();
    let said = ground.succeed(&prepared_and(
        "claviger role set rpki signer export=true
         kmip-walk rustls localhost 5696 claviger-data/pki/ca.pem signer/client.pem signer/client.key",
    ));
    assert_walked(&said, "rustls", "PrivateKey", "SymmetricKey");
}

fn tls_1_2() {
    let ground = ground();
    std::fs::write(ground.folder().join("openssl.cnf"), OLD_TLS).unwrap();
    let said = ground.succeed(&prepared_and(
        "OPENSSL_CONF=$PWD/openssl.cnf kmip-walk openssl localhost 5696 claviger-data/pki/ca.pem \
         signer/client.pem signer/client.key",
    ));
    assert_walked(&said, "TLSv1.2", KEPT, KEPT);
}

fn refusals() {
    let ground = ground();
    ground.succeed(&prepared_and(
        "claviger role set rpki signer operation_query=true operation_discover_versions=true
         openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=own \
             -keyout own.key -out own.pem 2> openssl.log",
    ));
    let walk = |files: &str| {
        ground.fail(&format!("kmip-walk openssl localhost 5696 claviger-data/pki/ca.pem {files}"))
    };
    let said = walk("signer/client.pem signer/client.key");
    assert!(said.contains("Server error: Operation RNGRetrieve failed: "), "{said}");
    let said = walk("own.pem own.key");
    assert!(said.contains("alert unsupported certificate"), "{said}");
}
