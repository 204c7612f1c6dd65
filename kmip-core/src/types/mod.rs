//! Names and numbers of the specification, as tables.

mod algorithm;
mod curve;
mod lifecycle;
mod object;
mod operation;
mod profile;
mod server;
mod table;
mod tag;
mod version;

pub use algorithm::{
    BlockCipherMode, CryptographicAlgorithm, DRBGAlgorithm, DerivationMethod,
    DigitalSignatureAlgorithm, FIPS186Variation, HashingAlgorithm, MaskGenerator, PaddingMethod,
    RNGAlgorithm, RNGMode, SplitKeyMethod,
};
pub use curve::RecommendedCurve;
pub use lifecycle::{
    CancellationResult, DestroyAction, PutFunction, RevocationReasonCode, ShreddingAlgorithm,
    State, UnwrapMode, ValidityIndicator,
};
pub use object::{
    AlternativeNameType, CertificateRequestType, CertificateType, CryptographicUsageMask,
    EncodingOption, KeyCompressionType, KeyFormatType, KeyRoleType, KeyValueLocationType,
    KeyWrapType, LinkType, NameType, ObjectGroupMember, ObjectType, SecretDataType,
    StorageStatusMask, UsageLimitsUnit, WrappingMethod,
};
pub use operation::{
    BatchErrorContinuationOption, Operation, QueryFunction, ResultReason, ResultStatus,
};
pub use profile::ProfileName;
pub use server::{
    AttestationType, ClientRegistrationMethod, CredentialType, ValidationAuthorityType,
    ValidationType,
};
pub use table::{EnumTable, EnumValue};
pub use tag::{TAGS, Tag, TagEntry};
pub use version::ProtocolVersion;

/// The table that names the values of `tag`, if its values have names.
#[must_use]
pub fn table_of(tag: Tag) -> Option<&'static EnumTable> {
    TABLES.iter().find(|(tags, _)| tags.contains(&tag)).map(|(_, table)| table)
}

/// Tags whose value is a named number, each with its table.
///
/// Most enumerations are carried under the tag of their own name; some under others too.
const TABLES: &[(&[Tag], EnumTable)] = &[
    (&[Tag::AlternativeNameType], AlternativeNameType::TABLE),
    (&[Tag::AttestationType], AttestationType::TABLE),
    (&[Tag::BatchErrorContinuationOption], BatchErrorContinuationOption::TABLE),
    (&[Tag::BlockCipherMode], BlockCipherMode::TABLE),
    (&[Tag::CancellationResult], CancellationResult::TABLE),
    (&[Tag::CertificateRequestType], CertificateRequestType::TABLE),
    (&[Tag::CertificateType], CertificateType::TABLE),
    (&[Tag::ClientRegistrationMethod], ClientRegistrationMethod::TABLE),
    (&[Tag::CredentialType], CredentialType::TABLE),
    (&[Tag::CryptographicAlgorithm], CryptographicAlgorithm::TABLE),
    (&[Tag::CryptographicUsageMask], CryptographicUsageMask::TABLE),
    (&[Tag::DRBGAlgorithm], DRBGAlgorithm::TABLE),
    (&[Tag::DerivationMethod], DerivationMethod::TABLE),
    (&[Tag::DestroyAction], DestroyAction::TABLE),
    (&[Tag::DigitalSignatureAlgorithm], DigitalSignatureAlgorithm::TABLE),
    (&[Tag::EncodingOption], EncodingOption::TABLE),
    (&[Tag::FIPS186Variation], FIPS186Variation::TABLE),
    (&[Tag::HashingAlgorithm, Tag::MaskGeneratorHashingAlgorithm], HashingAlgorithm::TABLE),
    (&[Tag::KeyCompressionType], KeyCompressionType::TABLE),
    (&[Tag::KeyFormatType], KeyFormatType::TABLE),
    (&[Tag::KeyRoleType], KeyRoleType::TABLE),
    (&[Tag::KeyValueLocationType], KeyValueLocationType::TABLE),
    (&[Tag::KeyWrapType], KeyWrapType::TABLE),
    (&[Tag::LinkType], LinkType::TABLE),
    (&[Tag::MaskGenerator], MaskGenerator::TABLE),
    (&[Tag::NameType], NameType::TABLE),
    (&[Tag::ObjectGroupMember], ObjectGroupMember::TABLE),
    (&[Tag::ObjectType], ObjectType::TABLE),
    (&[Tag::Operation], Operation::TABLE),
    (&[Tag::PaddingMethod], PaddingMethod::TABLE),
    (&[Tag::ProfileName], ProfileName::TABLE),
    (&[Tag::PutFunction], PutFunction::TABLE),
    (&[Tag::QueryFunction], QueryFunction::TABLE),
    (&[Tag::RNGAlgorithm], RNGAlgorithm::TABLE),
    (&[Tag::RNGMode], RNGMode::TABLE),
    (&[Tag::RecommendedCurve], RecommendedCurve::TABLE),
    (&[Tag::ResultReason], ResultReason::TABLE),
    (&[Tag::ResultStatus], ResultStatus::TABLE),
    (&[Tag::RevocationReasonCode], RevocationReasonCode::TABLE),
    (&[Tag::SecretDataType], SecretDataType::TABLE),
    (&[Tag::ShreddingAlgorithm], ShreddingAlgorithm::TABLE),
    (&[Tag::SplitKeyMethod], SplitKeyMethod::TABLE),
    (&[Tag::State], State::TABLE),
    (&[Tag::StorageStatusMask], StorageStatusMask::TABLE),
    (&[Tag::UnwrapMode], UnwrapMode::TABLE),
    (&[Tag::UsageLimitsUnit], UsageLimitsUnit::TABLE),
    (&[Tag::ValidationAuthorityType], ValidationAuthorityType::TABLE),
    (&[Tag::ValidationType], ValidationType::TABLE),
    (&[Tag::ValidityIndicator], ValidityIndicator::TABLE),
    (&[Tag::WrappingMethod], WrappingMethod::TABLE),
];
