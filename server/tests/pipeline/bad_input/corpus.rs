//! Valid requests of every served operation, to be spoilt.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode, CertificateRequestType, CryptographicAlgorithm,
    CryptographicUsageMask as Mask, DerivationMethod, HashingAlgorithm, KeyFormatType, KeyWrapType,
    LinkType, ObjectType, Operation, PaddingMethod, SplitKeyMethod, State, Tag, UsageLimitsUnit,
};
use server::operation::SERVED;
use server::worker::Served;

use crate::support::answer::Reply;
use crate::support::ask::{
    Request, algorithm, attribute, attribute_at, create, create_pair, custom, data, import, iv,
    length, mask, mode, name, of_kind, on, padding, parameters, plain_mode, register, revoke,
    template, uid, version_item,
};
use crate::support::certificates;
use crate::support::secrets::{derive, join, split};
use crate::support::tree::{
    Read, boolean, bytes, date, enumeration, integer, interval, long, structure, text,
};
use crate::support::{Client, START, keys};

/// The objects that the requests are about.
pub(crate) struct Objects {
    aes: String,
    private: String,
    public: String,
    hmac: String,
    /// Replaced time and again.
    replaced: String,
    /// The private half of a pair, replaced time and again.
    pair: String,
    /// A certificate, replaced time and again.
    certificate: String,
    /// A certificate request for the public key.
    request: Vec<u8>,
    /// Its uses are counted.
    limited: String,
    parts: Vec<String>,
    /// What to poll a Create by, which is over.
    over: Vec<u8>,
    /// Used up by what the requests do to it.
    spare: String,
}

impl Objects {
    pub(crate) fn of(client: &Client<'_>) -> Self {
        let all = || vec![mask(Mask(0x3FF)), on(Kind::ActivationDate, 0)];
        let ec = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)];
        let pair = client.ok(Operation::CreateKeyPair, create_pair(ec, Vec::new(), Vec::new()));
        let unit = enumeration(Tag::UsageLimitsUnit, UsageLimitsUnit::Object.0);
        let limits = vec![long(Tag::UsageLimitsTotal, i64::MAX), unit];
        let hmac = keys::raw(CryptographicAlgorithm::HMAC_SHA256, &[5; 32]);
        let rsa = rcgen::KeyPair::try_from(keys::rsa_pkcs8()).unwrap();
        let request = certificates::request(&rsa, certificates::params("rsa.example.com"));
        let public = client.register(ObjectType::PublicKey, all(), keys::rsa_public());
        let halves = split(None, (2, 2), SplitKeyMethod::XOR, None, new_key());
        let parts = client.ok(Operation::CreateSplitKey, halves).texts(Tag::UniqueIdentifier);
        Self {
            parts,
            certificate: certificates::certify(
                client,
                &public,
                vec![certificates::subject("CN=a")],
            ),
            request,
            over: over(client),
            aes: client.active(vec![custom("x-own", "1")]),
            private: client.register(ObjectType::PrivateKey, all(), keys::rsa_private()),
            public,
            hmac: client.register(ObjectType::SymmetricKey, all(), hmac),
            pair: pair.text(Tag::PrivateKeyUniqueIdentifier),
            replaced: client.create(Vec::new()),
            limited: client.active(vec![of_kind(Kind::UsageLimits, Value::Structure(limits))]),
            spare: client.create(vec![custom("x-own", "1")]),
        }
    }

    /// A valid request for every operation that is served.
    pub(crate) fn requests(&self, client: &Client<'_>) -> Vec<Request> {
        let one = |entry: &server::operation::OperationEntry| {
            let operation = entry.operation;
            client.request().named(b"abcd", operation, self.payload(operation))
        };
        SERVED.iter().map(one).collect()
    }

    fn payload(&self, operation: Operation) -> Vec<Item> {
        let aes = |rest: Vec<Item>| [vec![uid(&self.aes)], rest].concat();
        match operation {
            Operation::DiscoverVersions => vec![version_item(client_version())],
            Operation::Query => (1..=0xC).map(|n| enumeration(Tag::QueryFunction, n)).collect(),
            Operation::Create => create(attributes("made")),
            Operation::CreateKeyPair => create_pair(
                vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)],
                vec![mask(Mask::Sign)],
                vec![mask(Mask::Verify)],
            ),
            Operation::Register => {
                let rsa = [attributes("brought"), vec![mask(Mask::Sign)]].concat();
                register(ObjectType::PrivateKey, rsa, keys::rsa_transparent())
            }
            Operation::Import => brought_with_its_past(),
            Operation::ReKey => {
                let offset = interval(Tag::Offset, 60);
                vec![uid(&self.replaced), offset, template(vec![custom("x-new", "1")])]
            }
            Operation::ReKeyKeyPair => vec![
                text(Tag::PrivateKeyUniqueIdentifier, &self.pair),
                interval(Tag::Offset, 60),
                structure(Tag::CommonTemplateAttribute, vec![custom("x-new", "1")]),
                structure(Tag::PrivateKeyTemplateAttribute, vec![mask(Mask::Sign)]),
                structure(Tag::PublicKeyTemplateAttribute, vec![mask(Mask::Verify)]),
            ],
            Operation::Certify | Operation::ReCertify | Operation::Validate => {
                self.certificate_payload(operation)
            }
            Operation::DeriveKey => self.derivation(),
            Operation::CreateSplitKey => self.splitting(),
            Operation::JoinSplitKey => {
                let parts: Vec<&str> = self.parts.iter().map(String::as_str).collect();
                join(&parts, attributes("joined"))
            }
            Operation::Locate => {
                let mut fields = vec![
                    integer(Tag::MaximumItems, 3),
                    integer(Tag::OffsetItems, 0),
                    integer(Tag::StorageStatusMask, 1),
                ];
                fields.extend(attributes("sought"));
                fields
            }
            Operation::GetUsageAllocation => {
                vec![uid(&self.limited), long(Tag::UsageLimitsCount, 1)]
            }
            Operation::Check => {
                aes(vec![integer(Tag::CryptographicUsageMask, 4), interval(Tag::LeaseTime, 60)])
            }
            Operation::Get | Operation::Export => vec![
                uid(&self.private),
                enumeration(Tag::KeyFormatType, KeyFormatType::PKCS_8.0),
                enumeration(Tag::KeyWrapType, 1),
            ],
            Operation::GetAttributes => aes(vec![text(Tag::AttributeName, "Name")]),
            Operation::GetAttributeList | Operation::ObtainLease => aes(Vec::new()),
            Operation::AddAttribute => aes(vec![custom("x-new", "1")]),
            Operation::ModifyAttribute => {
                aes(vec![attribute_at("x-own", 0, Value::TextString("2".to_owned()))])
            }
            Operation::DeleteAttribute => {
                aes(vec![text(Tag::AttributeName, "x-new"), integer(Tag::AttributeIndex, 0)])
            }
            Operation::Activate => vec![uid(&self.spare)],
            Operation::Archive | Operation::Recover => vec![uid(&self.limited)],
            Operation::Revoke => {
                let compromise = kmip_core::types::RevocationReasonCode::KeyCompromise;
                let mut fields = revoke(&self.spare, compromise);
                fields.push(date(Tag::CompromiseOccurrenceDate, START));
                fields
            }
            Operation::Destroy => vec![uid(&self.spare)],
            Operation::Cancel | Operation::Poll => {
                vec![bytes(Tag::AsynchronousCorrelationValue, &self.over)]
            }
            _ => self.crypto_payload(operation),
        }
    }

    /// The payloads of operations about certificates.
    fn certificate_payload(&self, operation: Operation) -> Vec<Item> {
        let pkcs10 = CertificateRequestType::PKCS_10.0;
        let request = vec![
            enumeration(Tag::CertificateRequestType, pkcs10),
            bytes(Tag::CertificateRequest, &self.request),
        ];
        match operation {
            Operation::Certify => [vec![uid(&self.public)], request, vec![certified()]].concat(),
            Operation::ReCertify => {
                let offset = vec![interval(Tag::Offset, 60), template(vec![custom("x-new", "1")])];
                [vec![uid(&self.certificate)], request, offset].concat()
            }
            _ => {
                let now = date(Tag::ValidityDate, START);
                vec![keys::certificate(), uid(&self.certificate), now]
            }
        }
    }

    /// The payloads of operations that use a key, or none.
    fn crypto_payload(&self, operation: Operation) -> Vec<Item> {
        let gcm = parameters(vec![
            mode(BlockCipherMode::GCM),
            enumeration(Tag::CryptographicAlgorithm, CryptographicAlgorithm::AES.0),
            boolean(Tag::RandomIV, false),
            integer(Tag::IVLength, 12),
            integer(Tag::TagLength, 16),
        ]);
        let signed = parameters(vec![
            padding(PaddingMethod::PSS),
            enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0),
            integer(Tag::SaltLength, 32),
        ]);
        let aes = |rest: Vec<Item>| [vec![uid(&self.aes)], rest].concat();
        match operation {
            Operation::Encrypt => aes(vec![
                gcm,
                data(&[1; 20]),
                iv(&[2; 12]),
                bytes(Tag::AuthenticatedEncryptionAdditionalData, b"aad"),
            ]),
            Operation::Decrypt => aes(vec![
                gcm,
                data(&[1; 20]),
                iv(&[2; 12]),
                bytes(Tag::AuthenticatedEncryptionTag, &[3; 16]),
            ]),
            Operation::Sign => vec![uid(&self.private), signed, data(b"message")],
            Operation::SignatureVerify => vec![
                uid(&self.public),
                signed,
                data(b"message"),
                bytes(Tag::SignatureData, &[7; 256]),
            ],
            Operation::MAC => vec![uid(&self.hmac), data(b"message")],
            Operation::MACVerify => {
                vec![uid(&self.hmac), data(b"message"), bytes(Tag::MACData, &[1; 32])]
            }
            Operation::RNGRetrieve => vec![integer(Tag::DataLength, 32)],
            Operation::RNGSeed => vec![data(b"seed")],
            Operation::Hash => {
                let sha = enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0);
                vec![parameters(vec![sha]), data(b"message")]
            }
            other => panic!("{other:?} is served: say here what it asks"),
        }
    }

    fn splitting(&self) -> Vec<Item> {
        let prime = [&[1][..], &[0xFF; 65]].concat();
        let method = SplitKeyMethod::PolynomialSharingPrimeField;
        split(Some(&self.hmac), (3, 2), method, Some(&prime), Vec::new())
    }

    fn derivation(&self) -> Vec<Item> {
        let key = vec![algorithm(CryptographicAlgorithm::AES), length(128)];
        let sha = enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0);
        let fields = vec![parameters(vec![sha]), bytes(Tag::DerivationData, b"data")];
        let wanted = [attributes("derived"), key].concat();
        let method = DerivationMethod::HMAC;
        derive(ObjectType::SymmetricKey, &[&self.hmac], method, fields, wanted)
    }
}

/// What to poll an operation by that went on after its request was answered, and is over.
fn over(client: &Client<'_>) -> Vec<u8> {
    let request = client.request().with(boolean(Tag::AsynchronousIndicator, true));
    let request = request.item(Operation::Create, create(Vec::new()));
    let Served::Pending(answer, task) = client.begin(&request.bytes()) else {
        panic!("not answered as pending")
    };
    task();
    Reply::sound(answer).item(0).value.unwrap()
}

fn new_key() -> Vec<Item> {
    vec![algorithm(CryptographicAlgorithm::AES), length(128)]
}

/// What is asked of a certificate beside what its request says.
fn certified() -> Item {
    let subject = text(Tag::CertificateSubjectDistinguishedName, "CN=other,O=Example");
    let subject = Value::Structure(vec![subject]);
    template(vec![
        certificates::x509(),
        of_kind(Kind::CertificateSubject, subject),
        custom("x-a", "b"),
    ])
}

fn client_version() -> kmip_core::types::ProtocolVersion {
    kmip_core::types::ProtocolVersion::V1_2
}

/// Attributes of every wire type.
/// An Import of a key that replaces itself.
fn brought_with_its_past() -> Vec<Item> {
    let past = vec![
        mask(Mask::Sign),
        of_kind(Kind::State, Value::Enumeration(State::Deactivated.0)),
        on(Kind::InitialDate, 1),
        attribute_at("x-brought", 3, Value::Boolean(true)),
    ];
    let past = [attributes("imported"), past].concat();
    let mut payload = import("imported", true, past, keys::rsa_transparent());
    payload.insert(2, enumeration(Tag::KeyWrapType, KeyWrapType::AsRegistered.0));
    payload
}

fn attributes(called: &str) -> Vec<Item> {
    let limits = structure(
        Tag::AttributeValue,
        vec![long(Tag::UsageLimitsTotal, 1_000_000), enumeration(Tag::UsageLimitsUnit, 1)],
    );
    let link = structure(
        Tag::AttributeValue,
        vec![
            enumeration(Tag::LinkType, LinkType::ParentLink.0),
            text(Tag::LinkedObjectIdentifier, "parent"),
        ],
    );
    vec![
        name(called),
        of_kind(Kind::UsageLimits, limits.value),
        of_kind(Kind::Link, link.value),
        on(Kind::ActivationDate, START),
        on(Kind::ProtectStopDate, START + 1_000),
        on(Kind::DeactivationDate, START + 2_000),
        attribute("x-number", Value::Integer(-5)),
        attribute("x-flag", Value::Boolean(true)),
        attribute("x-bytes", bytes(Tag::Data, b"\x00\xFF").value),
        plain_parameters(),
    ]
}

fn plain_parameters() -> Item {
    of_kind(Kind::CryptographicParameters, plain_mode(BlockCipherMode::CBC).value)
}
