//! The table of profiles.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::types::{ObjectType, Operation, ProfileName as Name};

use super::{Claim, Condition, Detail, Profile};

const BASELINE: &str = "Baseline Server Basic";

/// A requirement, and the test that shows it, by its place below `server/tests`.
macro_rules! details {
    ($( $what:literal => $file:literal, $test:ident; )*) => {
        &[ $( Detail {
            what: $what,
            shown_by: (concat!("server/tests/", $file), stringify!($test)),
        } ),* ]
    };
}

/// What every profile of a server builds on.
const BASELINE_OPERATIONS: &[Operation] = &[
    Operation::Locate,
    Operation::Check,
    Operation::Get,
    Operation::GetAttributes,
    Operation::GetAttributeList,
    Operation::AddAttribute,
    Operation::ModifyAttribute,
    Operation::DeleteAttribute,
    Operation::Activate,
    Operation::Revoke,
    Operation::Destroy,
    Operation::Query,
    Operation::DiscoverVersions,
];

const BASELINE_ATTRIBUTES: &[Kind] = &[
    Kind::UniqueIdentifier,
    Kind::Name,
    Kind::ObjectType,
    Kind::CryptographicAlgorithm,
    Kind::CryptographicLength,
    Kind::CryptographicParameters,
    Kind::Digest,
    Kind::CryptographicUsageMask,
    Kind::State,
    Kind::InitialDate,
    Kind::ActivationDate,
    Kind::ProcessStartDate,
    Kind::ProtectStopDate,
    Kind::DeactivationDate,
    Kind::CompromiseOccurrenceDate,
    Kind::CompromiseDate,
    Kind::RevocationReason,
    Kind::ObjectGroup,
    Kind::Fresh,
    Kind::Link,
    Kind::LastChangeDate,
    Kind::AlternativeName,
    Kind::KeyValuePresent,
    Kind::KeyValueLocation,
    Kind::OriginalCreationDate,
    Kind::RandomNumberGenerator,
    Kind::Description,
    Kind::Comment,
    Kind::Sensitive,
    Kind::AlwaysSensitive,
    Kind::Extractable,
    Kind::NeverExtractable,
];

const BASELINE_DETAILS: &[Detail] = details! {
    "ID Placeholder" => "pipeline/batch.rs", placeholder_carries_a_key_through_its_life;
    "Batch Count" => "pipeline/batch.rs", batch_count_must_be_the_number_of_items;
    "Batch Error Continuation Option: Stop" => "pipeline/batch.rs",
        stop_is_the_default_and_leaves_the_rest_unanswered;
    "Batch Error Continuation Option: Continue" => "pipeline/batch.rs", continue_answers_every_item;
    "Batch Error Continuation Option: Undo" => "pipeline/batch.rs",
        undo_takes_back_what_was_made_and_what_was_changed;
    "Maximum Response Size" => "pipeline/batch.rs",
        answer_never_exceeds_the_maximum_response_size_it_can_keep;
    "Message Extension" => "pipeline/batch.rs",
        critical_extension_refuses_the_message_and_another_is_ignored;
    "Asynchronous Indicator" => "pipeline/batch.rs", asynchronous_indicator_is_only_a_permission;
    "Unique Batch Item ID" => "pipeline/rules/messages.rs",
        identifiers_of_any_length_are_echoed_byte_for_byte;
    "Time Stamp" => "pipeline/rules/messages.rs", every_answer_has_the_time_of_the_server;
    "Client Correlation Value" => "pipeline/rules/messages.rs",
        answer_echoes_the_client_correlation_value_in_1_4_alone;
    "Protocol Version" => "pipeline/rules/messages.rs",
        answer_has_the_version_of_its_own_request_message_by_message;
    "Error Handling" => "pipeline/rules/messages.rs", failed_items_echo_operation_and_identifier;
};

/// What a profile is that asks for nothing more than [`BASELINE`].
const PLAIN: Profile = Profile {
    title: "",
    names: &[],
    builds_on: Some(BASELINE),
    operations: &[],
    object_types: &[],
    attributes: &[],
    details: &[],
    families: &[],
    claim: Claim::Where(&[]),
};

/// The Profile Names of a profile: `$stem` with each version.
macro_rules! names {
    ($( $name:ident )*) => { &[ $( Name::$name ),* ] };
}

/// Every profile of KMIP 1.0 to 1.4 for servers.
pub const PROFILES: &[Profile] = &[
    Profile {
        title: BASELINE,
        names: names! {
            BaselineServerBasicKMIPV1_2 BaselineServerBasicKMIPV1_3 BaselineServerBasicKMIPV1_4
        },
        builds_on: None,
        operations: BASELINE_OPERATIONS,
        attributes: BASELINE_ATTRIBUTES,
        details: BASELINE_DETAILS,
        claim: SUITES,
        ..PLAIN
    },
    Profile {
        title: "Baseline Server TLS v1.2",
        names: names! {
            BaselineServerTLSV1_2KMIPV1_2 BaselineServerTLSV1_2KMIPV1_3
            BaselineServerTLSV1_2KMIPV1_4
        },
        claim: SUITES,
        ..PLAIN
    },
    Profile {
        title: "Complete Server Basic",
        names: names! {
            CompleteServerBasicKMIPV1_2 CompleteServerBasicKMIPV1_3 CompleteServerBasicKMIPV1_4
        },
        claim: NOT_ALL,
        ..PLAIN
    },
    Profile {
        title: "Complete Server TLS v1.2",
        names: names! {
            CompleteServerTLSV1_2KMIPV1_2 CompleteServerTLSV1_2KMIPV1_3
            CompleteServerTLSV1_2KMIPV1_4
        },
        claim: NOT_ALL,
        ..PLAIN
    },
    Profile {
        title: "Symmetric Key Lifecycle Server",
        names: names! {
            SymmetricKeyLifecycleServerKMIPV1_0 SymmetricKeyLifecycleServerKMIPV1_1
            SymmetricKeyLifecycleServerKMIPV1_2 SymmetricKeyLifecycleServerKMIPV1_3
            SymmetricKeyLifecycleServerKMIPV1_4
        },
        operations: &[Operation::Create],
        object_types: &[ObjectType::SymmetricKey],
        attributes: LIFECYCLE_ATTRIBUTES,
        details: details! {
            "key formats Raw and Transparent Symmetric Key" => "pipeline/objects/formats.rs",
                everything_comes_back_as_it_was_registered;
        },
        families: &["SKLC"],
        claim: Claim::Where(&[Condition::Aes, Condition::TripleDes]),
        ..PLAIN
    },
    Profile {
        title: "Asymmetric Key Lifecycle Server",
        names: names! {
            AsymmetricKeyLifecycleServerKMIPV1_0 AsymmetricKeyLifecycleServerKMIPV1_1
            AsymmetricKeyLifecycleServerKMIPV1_2 AsymmetricKeyLifecycleServerKMIPV1_3
            AsymmetricKeyLifecycleServerKMIPV1_4
        },
        operations: &[Operation::CreateKeyPair],
        object_types: &[ObjectType::PublicKey, ObjectType::PrivateKey],
        attributes: LIFECYCLE_ATTRIBUTES,
        details: details! {
            "private keys as PKCS#1, PKCS#8 and Transparent RSA Private Key" =>
                "pipeline/objects/formats.rs", private_keys_are_given_in_every_format;
            "public keys as PKCS#1, X.509 and Transparent RSA Public Key" =>
                "pipeline/objects/formats.rs", public_keys_are_given_in_every_format;
        },
        families: &["AKLC"],
        claim: Claim::Where(&[Condition::Rsa]),
        ..PLAIN
    },
    Profile {
        title: "Symmetric Key Foundry Server",
        names: names! {
            SymmetricKeyFoundryServerKMIPV1_0 SymmetricKeyFoundryServerKMIPV1_1
            SymmetricKeyFoundryServerKMIPV1_2 SymmetricKeyFoundryServerKMIPV1_3
            SymmetricKeyFoundryServerKMIPV1_4
        },
        operations: &[Operation::Create],
        object_types: &[ObjectType::SymmetricKey],
        details: details! {
            "AES of 128, 192 and 256 bits" => "pipeline/crypto/aes.rs",
                generated_keys_of_every_length_work;
        },
        families: &["SKFF"],
        claim: Claim::Where(&[Condition::Aes, Condition::TripleDes]),
        ..PLAIN
    },
    Profile {
        title: "Basic Cryptographic Server",
        names: names! {
            BasicCryptographicServerKMIPV1_2 BasicCryptographicServerKMIPV1_3
            BasicCryptographicServerKMIPV1_4
        },
        operations: &[Operation::Encrypt, Operation::Decrypt],
        families: &["CS-BC", "CS-BC-GCM"],
        claim: Claim::Where(&[Condition::Aes, Condition::TripleDes]),
        ..PLAIN
    },
    Profile {
        title: "Advanced Cryptographic Server",
        names: names! {
            AdvancedCryptographicServerKMIPV1_2 AdvancedCryptographicServerKMIPV1_3
            AdvancedCryptographicServerKMIPV1_4
        },
        operations: &[
            Operation::Encrypt,
            Operation::Decrypt,
            Operation::Sign,
            Operation::SignatureVerify,
            Operation::MAC,
            Operation::MACVerify,
            Operation::Hash,
            Operation::RNGRetrieve,
            Operation::RNGSeed,
        ],
        families: &["CS-AC", "CS-AC-OAEP"],
        claim: Claim::Where(&[Condition::Aes, Condition::Rsa]),
        ..PLAIN
    },
    Profile {
        title: "RNG Cryptographic Server",
        names: names! {
            RNGCryptographicServerKMIPV1_2 RNGCryptographicServerKMIPV1_3
            RNGCryptographicServerKMIPV1_4
        },
        operations: &[Operation::RNGRetrieve, Operation::RNGSeed],
        families: &["CS-RNG"],
        ..PLAIN
    },
    Profile {
        title: "Opaque Managed Object Store Server",
        names: names! {
            OpaqueManagedObjectStoreServerKMIPV1_0 OpaqueManagedObjectStoreServerKMIPV1_1
            OpaqueManagedObjectStoreServerKMIPV1_2 OpaqueManagedObjectStoreServerKMIPV1_3
            OpaqueManagedObjectStoreServerKMIPV1_4
        },
        operations: &[Operation::Register],
        object_types: &[ObjectType::OpaqueObject],
        attributes: &[Kind::ObjectType],
        details: details! {
            "Opaque Data Type and value" => "pipeline/objects/formats.rs",
                everything_comes_back_as_it_was_registered;
        },
        families: &["OMOS"],
        ..PLAIN
    },
    Profile {
        title: "Storage Array with Self Encrypting Drive Server",
        names: names! {
            StorageArrayWithSelfEncryptingDriveServerKMIPV1_0
            StorageArrayWithSelfEncryptingDriveServerKMIPV1_1
            StorageArrayWithSelfEncryptingDriveServerKMIPV1_2
            StorageArrayWithSelfEncryptingDriveServerKMIPV1_3
            StorageArrayWithSelfEncryptingDriveServerKMIPV1_4
        },
        operations: &[Operation::Register],
        object_types: &[ObjectType::SecretData, ObjectType::Template],
        families: &["SASED"],
        claim: Claim::Where(&[Condition::Room]),
        ..PLAIN
    },
    Profile {
        title: "Tape Library Server",
        names: names! {
            TapeLibraryServerKMIPV1_0 TapeLibraryServerKMIPV1_1 TapeLibraryServerKMIPV1_2
            TapeLibraryServerKMIPV1_3 TapeLibraryServerKMIPV1_4
        },
        operations: &[Operation::Create],
        object_types: &[ObjectType::SymmetricKey],
        attributes: &[Kind::ApplicationSpecificInformation, Kind::AlternativeName],
        details: details! {
            "the namespaces LIBRARY-LTO, -LTO4, -LTO5 and -LTO6" => "pipeline/objects/namespaces.rs",
                library_gets_a_key_identifier_where_it_names_none;
            "Batch Order Option" => "pipeline/rules/keys.rs", ordered_batch_gets_key_and_attributes;
        },
        families: &["TL"],
        claim: Claim::Where(&[Condition::Aes, Condition::Room]),
        ..PLAIN
    },
    Profile {
        title: "Suite B minLOS_128 Server",
        names: names! {
            SuiteBMinLOS_128ServerKMIPV1_0 SuiteBMinLOS_128ServerKMIPV1_1
            SuiteBMinLOS_128ServerKMIPV1_2 SuiteBMinLOS_128ServerKMIPV1_3
            SuiteBMinLOS_128ServerKMIPV1_4
        },
        families: &["SUITEB"],
        ..SUITE_B
    },
    Profile {
        title: "Suite B minLOS_192 Server",
        names: names! {
            SuiteBMinLOS_192ServerKMIPV1_0 SuiteBMinLOS_192ServerKMIPV1_1
            SuiteBMinLOS_192ServerKMIPV1_2 SuiteBMinLOS_192ServerKMIPV1_3
            SuiteBMinLOS_192ServerKMIPV1_4
        },
        ..SUITE_B
    },
    Profile {
        title: "HTTPS Server",
        names: names! {
            HTTPSServerKMIPV1_0 HTTPSServerKMIPV1_1 HTTPSServerKMIPV1_2 HTTPSServerKMIPV1_3
            HTTPSServerKMIPV1_4
        },
        ..ENCODING
    },
    Profile {
        title: "JSON Server",
        names: names! {
            JSONServerKMIPV1_0 JSONServerKMIPV1_1 JSONServerKMIPV1_2 JSONServerKMIPV1_3
            JSONServerKMIPV1_4
        },
        ..ENCODING
    },
    Profile {
        title: "XML Server",
        names: names! {
            XMLServerKMIPV1_0 XMLServerKMIPV1_1 XMLServerKMIPV1_2 XMLServerKMIPV1_3
            XMLServerKMIPV1_4
        },
        ..ENCODING
    },
];

const LIFECYCLE_ATTRIBUTES: &[Kind] = &[
    Kind::CryptographicAlgorithm,
    Kind::ObjectType,
    Kind::ProcessStartDate,
    Kind::ProtectStopDate,
];

/// The three encodings over HTTPS, whose cases are played in another way than the rest.
const ENCODING: Profile = Profile {
    details: &[Detail {
        what: "its case, in each version, and the other cases in this encoding",
        shown_by: (
            "softhsm-tests/tests/conformance/https.rs",
            "cases_of_the_encodings_pass_in_their_encoding",
        ),
    }],
    claim: Claim::Where(&[Condition::Https]),
    ..PLAIN
};

const SUITES: Claim = Claim::Never {
    lacking: "the mandatory cipher suites of its authentication suite",
    because: "They exchange keys by RSA and encrypt by CBC; TLS 1.3 and the AEAD suites of TLS 1.2 are offered",
};

const NOT_ALL: Claim = Claim::Never {
    lacking: "all of the specification",
    because: "Every operation is served, but no attestation, no certificate requests in CRMF or PGP, no owners of single objects, and no questions of the server to its clients",
};

const SUITE_B: Profile = Profile {
    operations: &[
        Operation::Create,
        Operation::CreateKeyPair,
        Operation::Register,
        Operation::ReKey,
        Operation::ReKeyKeyPair,
    ],
    object_types: &[
        ObjectType::Certificate,
        ObjectType::SymmetricKey,
        ObjectType::PublicKey,
        ObjectType::PrivateKey,
    ],
    claim: Claim::Never {
        lacking: "TLS with certificates on its curve and no others",
        because: "Which certificates there are is the operator's business, and nothing enforces it",
    },
    ..PLAIN
};
