//! Which objects may have which attribute, by their type.
//!
//! Spec: KMIP 1.4 §3, "Applies to Object Types".

use super::AttributeKind as Kind;
use crate::types::ObjectType as Type;

/// Keys, and Secret Data that are used as one.
const KEYS: &[Type] = &[
    Type::SymmetricKey,
    Type::PublicKey,
    Type::PrivateKey,
    Type::SplitKey,
    Type::PGPKey,
    Type::SecretData,
];

/// What has an algorithm: all but Opaque Objects.
const CRYPTOGRAPHIC: &[Type] = &[
    Type::SymmetricKey,
    Type::PublicKey,
    Type::PrivateKey,
    Type::SplitKey,
    Type::PGPKey,
    Type::SecretData,
    Type::Certificate,
];

/// The attributes that clients set and that not every object may have. A Template may have them all, as
/// the objects made with it may.
const OF_SOME: &[(Kind, &[Type])] = &[
    (Kind::CryptographicAlgorithm, CRYPTOGRAPHIC),
    (Kind::CryptographicLength, CRYPTOGRAPHIC),
    (Kind::CryptographicParameters, CRYPTOGRAPHIC),
    (Kind::CryptographicDomainParameters, &[Type::PublicKey, Type::PrivateKey, Type::SplitKey]),
    (Kind::CertificateType, &[Type::Certificate]),
    (Kind::CertificateLength, &[Type::Certificate]),
    (Kind::DigitalSignatureAlgorithm, &[Type::Certificate, Type::PGPKey]),
    (Kind::UsageLimits, KEYS),
    (Kind::ProcessStartDate, KEYS),
    (Kind::ProtectStopDate, KEYS),
    (
        Kind::KeyValueLocation,
        &[Type::SymmetricKey, Type::PrivateKey, Type::SplitKey, Type::SecretData],
    ),
];

impl Kind {
    /// Whether a client may add this attribute to objects of `object_type`, as far as their type goes.
    #[must_use]
    pub fn is_for(self, object_type: Type) -> bool {
        let holders = OF_SOME.iter().find(|(kind, _)| *kind == self).map(|(_, holders)| holders);
        holders
            .is_none_or(|holders| object_type == Type::Template || holders.contains(&object_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_may_have_every_attribute_and_opaque_objects_none_of_a_key() {
        for kind in Kind::ALL {
            assert!(kind.is_for(Type::Template), "{kind:?}");
            let of_some = OF_SOME.iter().any(|(other, _)| other == kind);
            assert_eq!(kind.is_for(Type::OpaqueObject), !of_some, "{kind:?}");
        }
        assert!(Kind::DigitalSignatureAlgorithm.is_for(Type::PGPKey));
        assert!(!Kind::CertificateType.is_for(Type::PGPKey));
    }
}
