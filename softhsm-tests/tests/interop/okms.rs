//! okms, OVHcloud's command line, whose `okms kmip` works with any KMIP server. `OpenBao`'s
//! documentation makes its keys with it.

use std::path::PathBuf;

use serde_json::Value;
use softhsm_tests::program;

use crate::client::{Client, Version};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "okms",
    name: "okms",
    version,
    use_case: "keys at the terminal, for OpenBao's seal",
    needs: "`export=true` for what reads keys",
    tests: &[
        ("guide", guide),
        ("openbao", openbao),
        ("create", create),
        ("lifecycle", lifecycle),
        ("locate", locate),
        ("register", register),
        ("register_key_files", register_key_files),
        ("attributes", attributes),
        ("rekey", rekey),
        ("options", options),
        ("explorer", explorer),
        ("refusals", refusals),
    ],
};

/// Names another okms.
const VARIABLE: &str = "CLAVIGER_OKMS";

fn okms() -> PathBuf {
    let built = || program::cache().join("okms/okms-0.4.4");
    std::env::var_os(VARIABLE).map_or_else(built, PathBuf::from)
}

fn version() -> Version {
    if okms().is_file() {
        return Version::Released("0.4.4".to_owned());
    }
    Version::Absent(format!(
        "the module proxy did not hand it out to `./test interop`; {VARIABLE} may name one"
    ))
}

/// Where a person works with okms. Their credential may do all that it has commands for.
struct Desk(Ground);

impl Desk {
    fn new() -> Self {
        Self::with("export=true")
    }

    fn with(more: &str) -> Self {
        let ground = Ground::new(CLIENT.id, &[("okms", okms())]);
        ground.succeed(&format!(
            "export CLAVIGER_ADDR=https://127.0.0.1:8200 CLAVIGER_CACERT=claviger-data/pki/ca.pem
             export CLAVIGER_TOKEN_FILE=claviger-data/admin-token
             claviger scope create okms
             claviger role set okms all operation_all=true {more}
             claviger credential generate okms all --out all"
        ));
        Self(ground)
    }

    fn environment() -> &'static str {
        "export KMS_KMIP_ENDPOINT=localhost:5696 KMS_KMIP_CA=claviger-data/pki/ca.pem
         export KMS_KMIP_CERT=all/client.pem KMS_KMIP_KEY=all/client.key
        "
    }

    /// Runs shell commands, and returns what they said.
    fn run(&self, lines: &str) -> String {
        self.0.succeed(&format!("{}{lines}", Self::environment()))
    }

    /// Runs `okms kmip` with these arguments, and returns its answer.
    fn json(&self, arguments: &str) -> Value {
        let said = self.run(&format!("okms kmip {arguments} --output json"));
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{arguments}: {error}: {said}"))
    }

    /// Runs `okms kmip`, which makes one object, and returns its identifier.
    fn made(&self, arguments: &str) -> String {
        text(&self.json(arguments)["UniqueIdentifier"])
    }

    /// Runs `okms kmip`, which makes a pair, and returns private and public identifier.
    fn pair(&self, arguments: &str) -> (String, String) {
        let answer = self.json(arguments);
        let of = |name: &str| text(&answer[name]);
        (of("PrivateKeyUniqueIdentifier"), of("PublicKeyUniqueIdentifier"))
    }

    /// Runs `okms kmip`, which must fail, with these words.
    fn refused(&self, arguments: &str, words: &str) {
        let said = self.0.fail(&format!("{}okms kmip {arguments}", Self::environment()));
        assert!(said.contains(words), "{arguments}: {said}");
    }

    /// The values of an attribute.
    fn values(&self, id: &str, name: &str) -> Vec<Value> {
        let answer = self.json(&format!("attributes get {id}"));
        assert_eq!(answer["UniqueIdentifier"], id);
        let attributes = answer["Attribute"].as_array().unwrap();
        let named = attributes.iter().filter(|attribute| attribute["AttributeName"] == name);
        named.map(|attribute| attribute["AttributeValue"].clone()).collect()
    }

    fn found(&self, filters: &str) -> Vec<String> {
        let answer = self.json(&format!("locate {filters}"));
        let ids = answer["UniqueIdentifier"].as_array().into_iter().flatten();
        ids.map(text).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn guide() {
    let said = Ground::new(CLIENT.id, &[("okms", okms())]).follow_guide();
    for words in ["Activated object", "bao_seal_key_public", "hush\n", "Destroyed object"] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
}

/// The commands of `OpenBao`'s documentation.
fn openbao() {
    let desk = Desk::new();
    let aes = desk
        .made("create symmetric --alg AES --size 256 --usage encrypt,decrypt --name bao_seal_key");
    desk.json(&format!("activate \"{aes}\""));
    let (private, public) = desk.pair(
        "create key-pair --alg RSA --size 4096 --private-usage decrypt --public-usage encrypt \
         --private-name bao_seal_key_private --public-name bao_seal_key_public",
    );
    for id in [&private, &public] {
        desk.json(&format!("activate \"{id}\""));
    }
    for (id, name) in [
        (&aes, "bao_seal_key"),
        (&private, "bao_seal_key_private"),
        (&public, "bao_seal_key_public"),
    ] {
        assert_eq!(desk.values(id, "State"), ["Active"]);
        assert_eq!(desk.values(id, "Name")[0]["NameValue"], name);
    }
    assert_eq!(desk.values(&private, "Cryptographic Usage Mask"), ["Decrypt"]);
    assert_eq!(desk.values(&public, "Cryptographic Usage Mask"), ["Encrypt"]);
    assert_eq!(desk.values(&private, "Link")[0]["LinkedObjectIdentifier"], public);
}

fn create() {
    let desk = Desk::new();
    for (algorithm, bits) in [("AES", 128), ("AES", 192), ("AES", 256), ("TDES", 168)] {
        let id = desk.made(&format!("create symmetric --alg {algorithm} --size {bits}"));
        assert_eq!(desk.values(&id, "Cryptographic Length"), [bits]);
    }
    let id = desk.made(
        "create sym --alg AES --size 256 --usage encrypt,decrypt,wrapKey,unwrapKey --sensitive \
         --extractable=false --description 'what it is' --comment 'what for'",
    );
    assert_eq!(desk.values(&id, "Sensitive"), [true]);
    assert_eq!(desk.values(&id, "Extractable"), [false]);
    assert_eq!(desk.values(&id, "Description"), ["what it is"]);
    assert_eq!(desk.values(&id, "Comment"), ["what for"]);
    for curve in ["P-256", "P-384", "P-521"] {
        let (private, public) = desk.pair(&format!(
            "create key-pair --alg ECDSA --curve {curve} --description both --private-extractable=false"
        ));
        assert_eq!(desk.values(&public, "Description"), ["both"]);
        assert_eq!(desk.values(&private, "Extractable"), [false]);
        assert!(desk.run(&format!("okms kmip get {public}")).contains("BEGIN PUBLIC KEY"));
        desk.refused(&format!("get {private}"), "NotExtractable");
    }
    desk.refused("create symmetric --alg SKIPJACK --size 80", "InvalidField");
    desk.refused("create symmetric --alg AES --size 100", "InvalidField");
}

fn lifecycle() {
    let desk = Desk::new();
    let id = desk.made("create symmetric --alg AES --size 256");
    desk.json(&format!("activate {id}"));
    desk.refused(&format!("activate {id}"), "PermissionDenied");
    desk.refused(&format!("destroy --force {id}"), "PermissionDenied");
    desk.json(&format!("revoke --force --reason superseded --message 'a new one' {id}"));
    desk.refused(&format!("revoke --force {id}"), "PermissionDenied");
    assert_eq!(desk.values(&id, "State"), ["Deactivated"]);
    assert_eq!(desk.values(&id, "Revocation Reason")[0]["RevocationMessage"], "a new one");
    desk.json(&format!("destroy --force {id}"));
    desk.refused(&format!("delete --force {id}"), "ItemNotFound");
    // One that was never activated goes at once.
    let id = desk.made("create symmetric --alg AES --size 256");
    desk.json(&format!("del --force {id}"));
    desk.refused(&format!("get {id}"), "ItemNotFound");
    assert_eq!(desk.found(""), Vec::<String>::new());
}

fn locate() {
    let desk = Desk::new();
    let active = desk.made("create symmetric --alg AES --size 256 --name here");
    let other = desk.made("create symmetric --alg AES --size 128");
    let (private, public) = desk.pair("create key-pair --alg ECDSA --curve P-256");
    let secret = desk.made("register secret hush");
    desk.json(&format!("activate {active}"));
    let expect = |filters: &str, wanted: &[&String]| {
        let mut found = desk.found(filters);
        let mut wanted: Vec<String> = wanted.iter().map(|id| (*id).clone()).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{filters}");
    };
    expect("", &[&active, &other, &private, &public, &secret]);
    expect("--state active", &[&active]);
    expect("--state preactive", &[&other, &private, &public, &secret]);
    expect("--type SymmetricKey", &[&active, &other]);
    expect("--type PrivateKey", &[&private]);
    expect("--type PublicKey", &[&public]);
    expect("--type SecretData", &[&secret]);
    expect("--type Certificate", &[]);
    expect("--type PrivateKey --state active", &[]);
    let table = desk.run("okms kmip ls --details");
    let row = table.lines().find(|line| line.contains(&active)).unwrap();
    for cell in ["SymmetricKey", "here", "Active", "AES", "256"] {
        assert!(row.contains(cell), "{row}");
    }
}

fn register() {
    let desk = Desk::new();
    let get = |id: &str| desk.run(&format!("okms kmip get {id}"));
    let secret = desk.made("register secret 'foo bar' --name password --description why");
    assert_eq!(get(&secret), "foo bar");
    let secret = desk.made("register secret --base64 \"$(printf 'foo bar' | base64)\"");
    assert_eq!(get(&secret), "foo bar");
    let key = desk.made("register symmetric --alg AES aaaaaaaaaaaaaaaa --comment plain");
    assert_eq!(get(&key), "aaaaaaaaaaaaaaaa");
    let key = desk.made(
        "register sym --alg AES --base64 \"$(printf aaaaaaaaaaaaaaaa | base64)\" --extractable=false",
    );
    desk.refused(&format!("get {key}"), "NotExtractable");
    desk.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -subj /CN=okms 2> openssl.log");
    let certificate = std::fs::read_to_string(desk.0.folder().join("cert.pem")).unwrap();
    let id = desk.made("register certificate --pem @cert.pem --name certificate");
    assert_eq!(get(&id).trim(), certificate.trim());
    // Without --pem it sends the file as it is.
    let id = desk.made("register certificate @cert.pem");
    let answer = desk.json(&format!("get {id}"));
    assert!(answer["Object"]["CertificateValue"].is_string(), "{answer}");
}

fn register_key_files() {
    let desk = Desk::new();
    desk.run(
        "{ openssl ecparam -name prime256v1 -genkey -noout -out ec-sec1.pem
           openssl pkcs8 -topk8 -nocrypt -in ec-sec1.pem -out ec-pkcs8.pem
           openssl pkey -in ec-pkcs8.pem -pubout -out ec.pub
           openssl genrsa -traditional -out rsa-pkcs1.pem 2048
           openssl pkcs8 -topk8 -nocrypt -in rsa-pkcs1.pem -out rsa-pkcs8.pem
           openssl pkey -in rsa-pkcs8.pem -pubout -out rsa.pub; } 2> openssl.log",
    );
    // OpenSSL says whether what came back is what went in.
    let same = |id: &str, file: &str, public: &str| {
        desk.run(&format!(
            "okms kmip get {id} | openssl pkey {public} -pubout > got; \
             openssl pkey -in {file} -pubout > sent; cmp got sent"
        ));
    };
    for kind in ["ec", "rsa"] {
        for file in desk.run(&format!("ls {kind}-*.pem")).lines() {
            let private = desk.made(&format!("register private-key @{file}"));
            same(&private, file, "");
            let public = desk.made(&format!("register public-key @{file}"));
            same(&public, file, "-pubin");
            let (private, public) = desk.pair(&format!(
                "register key-pair @{file} --private-name {file}-private --public-name {file}-public"
            ));
            same(&private, file, "");
            same(&public, file, "-pubin");
            assert_eq!(desk.values(&private, "Link")[0]["LinkedObjectIdentifier"], public);
            assert_eq!(desk.values(&public, "Link")[0]["LinkedObjectIdentifier"], private);
        }
        let public = desk.made(&format!("register public-key @{kind}.pub"));
        desk.run(&format!(
            "okms kmip get {public} | openssl pkey -pubin -pubout | cmp - {kind}.pub"
        ));
    }
}

fn attributes() {
    let desk = Desk::new();
    let id = desk.made("create symmetric --alg AES --size 256 --name before --comment one");
    assert!(desk.run(&format!("okms kmip attr get {id}")).contains("PreActive"));
    desk.json(&format!("attributes modify {id} Name after"));
    assert_eq!(desk.values(&id, "Name")[0]["NameValue"], "after");
    desk.json(&format!("attribute modify {id} Comment two"));
    assert_eq!(desk.values(&id, "Comment"), ["two"]);
    desk.json(&format!("attributes delete {id} Comment --index 0"));
    assert_eq!(desk.values(&id, "Comment"), Vec::<Value>::new());
    desk.refused(&format!("attributes delete {id} Comment"), "ItemNotFound");
    desk.refused(&format!("attributes delete {id} State"), "PermissionDenied");
    desk.refused(&format!("attributes modify {id} x-none value"), "InvalidField");
}

fn rekey() {
    let desk = Desk::new();
    let old = desk.made("create symmetric --alg AES --size 256 --name rolling");
    desk.json(&format!("activate {old}"));
    let new = desk.made(&format!("rekey {old}"));
    assert_eq!(desk.values(&new, "Name")[0]["NameValue"], "rolling");
    assert_eq!(desk.values(&old, "Link")[0]["LinkedObjectIdentifier"], new);
    desk.json(&format!("revoke --force {old}"));
    // A key that is no longer used is replaced all the same.
    let last = desk.made(&format!("rekey {new} --offset 1h"));
    assert_eq!(desk.values(&last, "State"), ["PreActive"]);
    let retired = desk.made("create symmetric --alg AES --size 256");
    desk.json(&format!("activate {retired}"));
    desk.json(&format!("revoke --force {retired}"));
    let replacement = desk.made(&format!("rekey {retired}"));
    assert_eq!(desk.values(&replacement, "Cryptographic Length"), [256]);
    let (private, public) = desk.pair("create key-pair --alg ECDSA --curve P-256");
    desk.json(&format!("activate {private}"));
    let (next, next_public) = desk.pair(&format!("rekey {private}"));
    assert_eq!(desk.found("--type PrivateKey").len(), 2);
    assert!(next != private && next_public != public);
    desk.refused(&format!("rekey {public}"), "Cannot rekey public-key");
}

/// What goes before and around a command.
fn options() {
    let desk = Desk::new();
    let id = desk.made("create symmetric --alg AES --size 256 --no-ccv --timeout 30s");
    let said = desk.run(&format!("okms kmip activate {id} --debug 2>&1"));
    assert_eq!(said.matches("<ClientCorrelationValue").count(), 2, "{said}");
    desk.run("okms kmip ls --tls12-ciphers TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
    let all = desk.0.succeed(
        "cat > okms.yaml <<EOF
version: 1
profile: claviger
profiles:
  claviger:
    kmip:
      endpoint: localhost:5696
      ca: claviger-data/pki/ca.pem
      auth: { type: mtls, cert: all/client.pem, key: all/client.key }
EOF
         okms kmip ls --config okms.yaml --output json
         okms kmip ls --config /dev/null --endpoint localhost:5696 --ca claviger-data/pki/ca.pem \\
           --cert all/client.pem --key all/client.key --output json",
    );
    assert_eq!(all.matches(&id).count(), 2, "{all}");
}

/// Its user interface lists what there is.
fn explorer() {
    let desk = Desk::new();
    desk.made("create symmetric --alg AES --size 256 --name seen-in-the-explorer");
    let script = program::repository().join("softhsm-tests/interop/okms/explorer.py");
    desk.run(&format!("timeout 120 python3 {} seen-in-the-explorer", script.display()));
}

/// A role without export, and a certificate that no role has.
fn refusals() {
    let desk = Desk::with("");
    let id = desk.made("create symmetric --alg AES --size 256");
    assert_eq!(desk.values(&id, "Extractable"), [false]);
    desk.refused(&format!("get {id}"), "NotExtractable");
    desk.refused("get no-such-object", "ItemNotFound");
    desk.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -out own.pem -subj /CN=own 2> openssl.log");
    desk.refused("ls --cert own.pem --key own.key", "certificate");
}
