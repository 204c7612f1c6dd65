//! What a seal is made of on the server: a scope, its roles and their credentials, and keys.

use std::path::PathBuf;

use serde_json::Value;

use crate::ground::Ground;

/// What OpenBao's seal can encrypt with: `encrypt_alg`, and for RSA the bits of the key.
#[derive(Clone, Copy)]
pub(super) enum Algorithm {
    AesGcm,
    RsaOaepSha256(i32),
    RsaOaepSha384(i32),
    RsaOaepSha512(i32),
}

impl Algorithm {
    /// As OpenBao calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AesGcm => "AES_GCM",
            Self::RsaOaepSha256(_) => "RSA_OAEP_SHA256",
            Self::RsaOaepSha384(_) => "RSA_OAEP_SHA384",
            Self::RsaOaepSha512(_) => "RSA_OAEP_SHA512",
        }
    }

    const fn rsa_bits(self) -> Option<i32> {
        match self {
            Self::AesGcm => None,
            Self::RsaOaepSha256(bits) | Self::RsaOaepSha384(bits) | Self::RsaOaepSha512(bits) => {
                Some(bits)
            }
        }
    }
}

/// A `seal "kmip"` of OpenBao's configuration.
#[derive(Clone)]
pub(super) struct Seal {
    /// Its Unique Identifier, of a pair the private half's.
    key: String,
    algorithm: Algorithm,
    scope: String,
    folder: PathBuf,
    port: u16,
    ca: PathBuf,
    disabled: bool,
}

impl Seal {
    /// Its key.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The same, with this key.
    pub(super) fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// The same, with this algorithm.
    pub(super) fn with_algorithm(&self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self.clone() }
    }

    /// The same, for leaving it.
    pub(super) fn disabled(&self) -> Self {
        Self { disabled: true, ..self.clone() }
    }

    /// The stanza. It asks for the seal's health every second.
    pub(super) fn stanza(&self) -> String {
        let Self { key, algorithm, scope, folder, port, ca, disabled } = self;
        let credential = folder.join(format!("{scope}-seal"));
        format!(
            "seal \"kmip\" {{\n  endpoint = \"127.0.0.1:{port}\"\n  kms_key_id = \"{key}\"\n  \
               encrypt_alg = \"{}\"\n  ca_cert = \"{}\"\n  client_cert = \"{}\"\n  \
               client_key = \"{}\"\n  disabled = \"{disabled}\"\n  \
               health_check_interval = \"1s\"\n  health_check_interval_unhealthy = \"1s\"\n  \
               health_check_timeout = \"3s\"\n}}\n",
            algorithm.name(),
            ca.display(),
            credential.join("client.pem").display(),
            credential.join("client.key").display(),
        )
    }
}

/// A scope for the keys of seals, with a role for OpenBao and one for who makes the keys.
pub(super) struct Scope<'ground> {
    ground: &'ground Ground,
    name: &'static str,
}

impl<'ground> Scope<'ground> {
    /// Makes it. OpenBao's role has what OpenBao needs, and nothing else.
    pub(super) fn new(ground: &'ground Ground, name: &'static str) -> Self {
        let openbao = grants(&super::GRANTS);
        let operator =
            grants(&["create", "create_key_pair", "activate", "get_attributes", "revoke"]);
        ground.succeed(&format!(
            "{ADMIN}claviger scope create {name}\n\
             claviger role set {name} seal{openbao}\n\
             claviger role set {name} operator{operator}\n\
             claviger credential generate {name} seal --out {name}-seal\n\
             claviger credential generate {name} operator --out {name}-operator"
        ));
        Self { ground, name }
    }

    /// Grants OpenBao what it needs, but for this.
    pub(super) fn grant_all_but(&self, missing: &str) {
        let rest = super::GRANTS.into_iter().filter(|name| *name != missing).collect::<Vec<_>>();
        let role = format!("{} seal{}", self.name, grants(&rest));
        self.ground.succeed(&format!("{ADMIN}claviger role set {role}"));
    }

    /// Revokes the credentials of OpenBao's role.
    pub(super) fn revoke_credentials(&self) {
        let role = format!("{} seal", self.name);
        let list = format!("{ADMIN}claviger credential list {role} --json");
        let list: Value = serde_json::from_str(&self.ground.succeed(&list)).unwrap();
        for serial in list["keys"].as_array().unwrap() {
            let serial = serial.as_str().unwrap();
            self.ground.succeed(&format!("{ADMIN}claviger credential revoke {role} {serial}"));
        }
    }

    /// Removes it with all that is in it.
    pub(super) fn delete(self) {
        self.ground.succeed(&format!("{ADMIN}claviger scope delete {} --force", self.name));
    }

    /// Runs `claviger key` with these words, as who keeps the keys, and returns its JSON.
    pub(super) fn operator(&self, words: &str) -> Value {
        let said = self.ground.succeed(&format!(
            "{ADMIN}claviger key {words} --endpoint 127.0.0.1:5696 --credential {}-operator --json",
            self.name
        ));
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{words}: {error}: {said}"))
    }

    /// Makes a key, which is Active.
    pub(super) fn seal(&self, algorithm: Algorithm) -> Seal {
        let (make, id) = match algorithm.rsa_bits() {
            None => ("--algorithm AES --length 256".to_owned(), "id"),
            Some(bits) => (format!("--algorithm RSA --length {bits}"), "private_key_id"),
        };
        let made = self.operator(&format!("create {make} --usage encrypt,decrypt --activate"));
        let key = made[id].as_str().unwrap().to_owned();
        self.assert_state(&key, "Active");
        let ready = self.ground.server().ready();
        Seal {
            key,
            algorithm,
            scope: self.name.to_owned(),
            folder: self.ground.folder().to_owned(),
            port: ready.kmip_addr.port(),
            ca: ready.ca.clone(),
            disabled: false,
        }
    }

    /// Revokes the key, which is Deactivated then.
    pub(super) fn revoke(&self, seal: &Seal) {
        self.operator(&format!("revoke {}", seal.key));
        self.assert_state(&seal.key, "Deactivated");
    }

    fn assert_state(&self, key: &str, state: &str) {
        let shown = self.operator(&format!("show {key}"));
        assert_eq!(shown["State"], state, "{shown}");
    }
}

fn grants(operations: &[&str]) -> String {
    operations.iter().map(|name| format!(" operation_{name}=true")).collect()
}

/// What a person sets who administers the trial.
pub(super) const ADMIN: &str = "\
    export CLAVIGER_ADDR=https://127.0.0.1:8200 CLAVIGER_CACERT=claviger-data/pki/ca.pem\n\
    export CLAVIGER_TOKEN_FILE=claviger-data/admin-token\n";
