//! What a seal is made of on the server: a scope, its roles and their credentials, and keys.

use std::path::PathBuf;

use kmip_core::attribute::{Attribute, AttributeKind};
use kmip_core::payload::CreateKeyPairRequest;
use kmip_core::types::{CryptographicAlgorithm, CryptographicUsageMask as Mask, State};
use server::client::{Client, template};
use softhsm_tests::requests::{self, Id, Shortcuts};

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
    pub(super) key: Id,
    algorithm: Algorithm,
    scope: String,
    folder: PathBuf,
    port: u16,
    ca: PathBuf,
    disabled: bool,
}

impl Seal {
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
               health_check_timeout = \"10s\"\n}}\n",
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
        let grants = |list: &[&str]| {
            list.iter().map(|name| format!(" operation_{name}=true")).collect::<String>()
        };
        let openbao = grants(&super::GRANTS);
        let keeper = grants(&[
            "create",
            "create_key_pair",
            "activate",
            "get_attributes",
            "revoke",
            "destroy",
        ]);
        ground.succeed(&format!(
            "{ADMIN}claviger scope create {name}\n\
             claviger role set {name} seal{openbao}\n\
             claviger role set {name} keeper{keeper}\n\
             claviger credential generate {name} seal --out {name}-seal\n\
             claviger credential generate {name} keeper --out {name}-keeper"
        ));
        Self { ground, name }
    }

    /// Removes it with all that is in it.
    pub(super) fn delete(self) {
        self.ground.succeed(&format!("{ADMIN}claviger scope delete {} --force", self.name));
    }

    fn keeper(&self) -> Client {
        let folder = self.ground.folder().join(format!("{}-keeper", self.name));
        let address = self.ground.server().ready().kmip_addr.to_string();
        let (certificate, key) = (folder.join("client.pem"), folder.join("client.key"));
        Client::connect(&self.ground.client(&address, &certificate, &key)).unwrap()
    }

    /// Makes a key and activates it.
    pub(super) fn seal(&self, algorithm: Algorithm) -> Seal {
        let mut keeper = self.keeper();
        let key = match algorithm.rsa_bits() {
            None => {
                let key = keeper.call(requests::create_aes(&[])).unwrap().unique_identifier;
                keeper.call(requests::activate(&key)).unwrap();
                key
            }
            Some(bits) => {
                let pair = keeper.call(rsa_pair(bits)).unwrap();
                for half in
                    [&pair.private_key_unique_identifier, &pair.public_key_unique_identifier]
                {
                    keeper.call(requests::activate(half)).unwrap();
                }
                pair.private_key_unique_identifier
            }
        };
        assert_eq!(keeper.state(&key).unwrap(), State::Active);
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
        let mut keeper = self.keeper();
        keeper.call(requests::revoke(&seal.key)).unwrap();
        assert_eq!(keeper.state(&seal.key).unwrap(), State::Deactivated);
    }

    /// Destroys the key.
    pub(super) fn destroy(&self, seal: &Seal) {
        self.keeper().call(requests::destroy(&seal.key)).unwrap();
    }
}

fn rsa_pair(bits: i32) -> CreateKeyPairRequest {
    let common = vec![
        Attribute::new(AttributeKind::CryptographicAlgorithm, &CryptographicAlgorithm::RSA),
        Attribute::new(AttributeKind::CryptographicLength, &bits),
    ];
    let of = |usage| Some(template::template(vec![template::mask(usage)]));
    CreateKeyPairRequest {
        common_template_attribute: Some(template::template(common)),
        private_key_template_attribute: of(Mask::Decrypt),
        public_key_template_attribute: of(Mask::Encrypt),
    }
}

/// What a person sets who administers the trial.
pub(super) const ADMIN: &str = "\
    export CLAVIGER_ADDR=https://127.0.0.1:8200 CLAVIGER_CACERT=claviger-data/pki/ca.pem\n\
    export CLAVIGER_TOKEN_FILE=claviger-data/admin-token\n";
