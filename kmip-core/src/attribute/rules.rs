//! The table of attributes: name, tag, type, first version, instances, who may set it.
//!
//! Spec: KMIP 1.4 §3.

use super::structures::{
    AlternativeName, ApplicationSpecificInformation, CertificateIdentifier, CertificateIssuer,
    CertificateSubject, CryptographicDomainParameters, CryptographicParameters, Digest,
    KeyValueLocation, Link, Name, RNGParameters, RevocationReason, UsageLimits,
    X509CertificateIdentifier, X509CertificateIssuer, X509CertificateSubject,
};
use crate::ttlv::{Codec, DecodeError, Value};
use crate::types::{ProtocolVersion, Tag, table_of};

/// Set in the values of enumerations that a vendor may add.
const EXTENSION: u32 = 0x8000_0000;

/// What an attribute's value looks like.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum AttributeType {
    Text,
    Integer,
    Mask,
    Enumeration,
    Boolean,
    DateTime,
    Interval,
    /// A structure, and the check that it is the right one.
    Structure(fn(&Value, ProtocolVersion) -> Result<(), DecodeError>),
}

/// Who gives an attribute its first value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBy {
    /// The server alone.
    Server,
    /// The client alone.
    Client,
    /// The client, or else the server.
    Either,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct AttributeRule {
    /// The attribute.
    pub kind: AttributeKind,
    /// Name on the 1.x wire.
    pub name: &'static str,
    /// Tag of its value where it stands alone (2.x, XML type names).
    pub tag: Tag,
    /// What its value looks like.
    pub value: AttributeType,
    /// First version that has it.
    pub since: ProtocolVersion,
    /// Whether an object may have several instances.
    pub many: bool,
    /// Who gives it its first value.
    pub set_by: SetBy,
    /// Whether clients may modify it (in some states, see the life cycle).
    pub client_may_modify: bool,
    /// Whether clients may delete it.
    pub client_may_delete: bool,
}

/// Declares the attributes.
macro_rules! attributes {
    (@yes yes) => { true };
    (@yes no) => { false };
    (@yes many) => { true };
    (@yes one) => { false };
    ($( $kind:ident $name:literal $tag:ident $type:ident $(($check:expr))? $since:ident
        $many:ident set $set_by:ident modify $modify:ident delete $delete:ident; )*) => {
        /// An attribute of the specification.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum AttributeKind { $( $kind ),* }

        impl AttributeKind {
            /// Every attribute of KMIP 1.4, in the order of the specification.
            pub const ALL: &[Self] = &[ $( Self::$kind ),* ];

            /// The line of the table.
            #[must_use]
            pub const fn rule(self) -> AttributeRule {
                match self {
                    $( Self::$kind => AttributeRule {
                        kind: self,
                        name: $name,
                        tag: Tag::$tag,
                        value: AttributeType::$type $(($check))?,
                        since: ProtocolVersion::$since,
                        many: attributes!(@yes $many),
                        set_by: SetBy::$set_by,
                        client_may_modify: attributes!(@yes $modify),
                        client_may_delete: attributes!(@yes $delete),
                    }, )*
                }
            }

            /// The attribute called `name` on the wire.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                match name {
                    $( $name => Some(Self::$kind), )*
                    _ => None,
                }
            }
        }
    };
}

attributes! {
    UniqueIdentifier "Unique Identifier" UniqueIdentifier
        Text V1_0 one set Server modify no delete no;
    Name "Name" Name Structure(fits::<Name>) V1_0 many set Client modify yes delete yes;
    ObjectType "Object Type" ObjectType Enumeration V1_0 one set Server modify no delete no;
    CryptographicAlgorithm "Cryptographic Algorithm" CryptographicAlgorithm
        Enumeration V1_0 one set Either modify no delete no;
    CryptographicLength "Cryptographic Length" CryptographicLength
        Integer V1_0 one set Either modify no delete no;
    CryptographicParameters "Cryptographic Parameters" CryptographicParameters
        Structure(fits::<CryptographicParameters>) V1_0 many set Client modify yes delete yes;
    CryptographicDomainParameters "Cryptographic Domain Parameters" CryptographicDomainParameters
        Structure(fits::<CryptographicDomainParameters>) V1_0 one set Client modify no delete no;
    CertificateType "Certificate Type" CertificateType
        Enumeration V1_0 one set Either modify no delete no;
    CertificateLength "Certificate Length" CertificateLength
        Integer V1_1 one set Either modify no delete no;
    X509CertificateIdentifier "X.509 Certificate Identifier" X_509CertificateIdentifier
        Structure(fits::<X509CertificateIdentifier>) V1_1 one set Server modify no delete no;
    X509CertificateSubject "X.509 Certificate Subject" X_509CertificateSubject
        Structure(fits::<X509CertificateSubject>) V1_1 one set Server modify no delete no;
    X509CertificateIssuer "X.509 Certificate Issuer" X_509CertificateIssuer
        Structure(fits::<X509CertificateIssuer>) V1_1 one set Server modify no delete no;
    CertificateIdentifier "Certificate Identifier" CertificateIdentifier
        Structure(fits::<CertificateIdentifier>) V1_0 one set Server modify no delete no;
    CertificateSubject "Certificate Subject" CertificateSubject
        Structure(fits::<CertificateSubject>) V1_0 one set Server modify no delete no;
    CertificateIssuer "Certificate Issuer" CertificateIssuer
        Structure(fits::<CertificateIssuer>) V1_0 one set Server modify no delete no;
    CertificateSubjectCN "Certificate Subject CN" CertificateSubjectCN Text V1_4 many set Server modify no delete no;
    CertificateSubjectO "Certificate Subject O" CertificateSubjectO Text V1_4 many set Server modify no delete no;
    CertificateSubjectOU "Certificate Subject OU" CertificateSubjectOU Text V1_4 many set Server modify no delete no;
    CertificateSubjectEmail "Certificate Subject Email" CertificateSubjectEmail Text V1_4 many set Server modify no delete no;
    CertificateSubjectC "Certificate Subject C" CertificateSubjectC Text V1_4 many set Server modify no delete no;
    CertificateSubjectST "Certificate Subject ST" CertificateSubjectST Text V1_4 many set Server modify no delete no;
    CertificateSubjectL "Certificate Subject L" CertificateSubjectL Text V1_4 many set Server modify no delete no;
    CertificateSubjectUID "Certificate Subject UID" CertificateSubjectUID Text V1_4 many set Server modify no delete no;
    CertificateSubjectSerialNumber "Certificate Subject Serial Number" CertificateSubjectSerialNumber Text V1_4 many set Server modify no delete no;
    CertificateSubjectTitle "Certificate Subject Title" CertificateSubjectTitle Text V1_4 many set Server modify no delete no;
    CertificateSubjectDC "Certificate Subject DC" CertificateSubjectDC Text V1_4 many set Server modify no delete no;
    CertificateSubjectDNQualifier "Certificate Subject DN Qualifier" CertificateSubjectDNQualifier Text V1_4 many set Server modify no delete no;
    CertificateIssuerCN "Certificate Issuer CN" CertificateIssuerCN Text V1_4 many set Server modify no delete no;
    CertificateIssuerO "Certificate Issuer O" CertificateIssuerO Text V1_4 many set Server modify no delete no;
    CertificateIssuerOU "Certificate Issuer OU" CertificateIssuerOU Text V1_4 many set Server modify no delete no;
    CertificateIssuerEmail "Certificate Issuer Email" CertificateIssuerEmail Text V1_4 many set Server modify no delete no;
    CertificateIssuerC "Certificate Issuer C" CertificateIssuerC Text V1_4 many set Server modify no delete no;
    CertificateIssuerST "Certificate Issuer ST" CertificateIssuerST Text V1_4 many set Server modify no delete no;
    CertificateIssuerL "Certificate Issuer L" CertificateIssuerL Text V1_4 many set Server modify no delete no;
    CertificateIssuerUID "Certificate Issuer UID" CertificateIssuerUID Text V1_4 many set Server modify no delete no;
    CertificateIssuerSerialNumber "Certificate Issuer Serial Number" CertificateIssuerSerialNumber Text V1_4 many set Server modify no delete no;
    CertificateIssuerTitle "Certificate Issuer Title" CertificateIssuerTitle Text V1_4 many set Server modify no delete no;
    CertificateIssuerDC "Certificate Issuer DC" CertificateIssuerDC Text V1_4 many set Server modify no delete no;
    CertificateIssuerDNQualifier "Certificate Issuer DN Qualifier" CertificateIssuerDNQualifier Text V1_4 many set Server modify no delete no;
    DigitalSignatureAlgorithm "Digital Signature Algorithm" DigitalSignatureAlgorithm
        Enumeration V1_1 one set Either modify no delete no;
    Digest "Digest" Digest Structure(fits::<Digest>) V1_0 many set Server modify no delete no;
    OperationPolicyName "Operation Policy Name" OperationPolicyName
        Text V1_0 one set Either modify no delete no;
    CryptographicUsageMask "Cryptographic Usage Mask" CryptographicUsageMask
        Mask V1_0 one set Either modify no delete no;
    LeaseTime "Lease Time" LeaseTime Interval V1_0 one set Server modify no delete no;
    UsageLimits "Usage Limits" UsageLimits
        Structure(fits::<UsageLimits>) V1_0 one set Either modify yes delete yes;
    State "State" State Enumeration V1_0 one set Server modify no delete no;
    InitialDate "Initial Date" InitialDate DateTime V1_0 one set Server modify no delete no;
    ActivationDate "Activation Date" ActivationDate
        DateTime V1_0 one set Either modify yes delete no;
    ProcessStartDate "Process Start Date" ProcessStartDate
        DateTime V1_0 one set Either modify yes delete no;
    ProtectStopDate "Protect Stop Date" ProtectStopDate
        DateTime V1_0 one set Either modify yes delete no;
    DeactivationDate "Deactivation Date" DeactivationDate
        DateTime V1_0 one set Either modify yes delete no;
    DestroyDate "Destroy Date" DestroyDate DateTime V1_0 one set Server modify no delete no;
    CompromiseOccurrenceDate "Compromise Occurrence Date" CompromiseOccurrenceDate
        DateTime V1_0 one set Server modify no delete no;
    CompromiseDate "Compromise Date" CompromiseDate
        DateTime V1_0 one set Server modify no delete no;
    RevocationReason "Revocation Reason" RevocationReason
        Structure(fits::<RevocationReason>) V1_0 one set Server modify no delete no;
    ArchiveDate "Archive Date" ArchiveDate DateTime V1_0 one set Server modify no delete no;
    ObjectGroup "Object Group" ObjectGroup Text V1_0 many set Either modify yes delete yes;
    Fresh "Fresh" Fresh Boolean V1_1 one set Either modify no delete no;
    Link "Link" Link Structure(fits::<Link>) V1_0 many set Either modify yes delete yes;
    ApplicationSpecificInformation "Application Specific Information" ApplicationSpecificInformation
        Structure(fits::<ApplicationSpecificInformation>) V1_0
        many set Client modify yes delete yes;
    ContactInformation "Contact Information" ContactInformation
        Text V1_0 one set Either modify yes delete yes;
    LastChangeDate "Last Change Date" LastChangeDate
        DateTime V1_0 one set Server modify no delete no;
    AlternativeName "Alternative Name" AlternativeName
        Structure(fits::<AlternativeName>) V1_2 many set Client modify yes delete yes;
    KeyValuePresent "Key Value Present" KeyValuePresent
        Boolean V1_2 one set Server modify no delete no;
    KeyValueLocation "Key Value Location" KeyValueLocation
        Structure(fits::<KeyValueLocation>) V1_2 many set Client modify yes delete yes;
    OriginalCreationDate "Original Creation Date" OriginalCreationDate
        DateTime V1_2 one set Either modify no delete no;
    RandomNumberGenerator "Random Number Generator" RandomNumberGenerator
        Structure(fits::<RNGParameters>) V1_3 one set Either modify no delete no;
    Pkcs12FriendlyName "PKCS#12 Friendly Name" PKCS_12FriendlyName
        Text V1_4 one set Either modify yes delete yes;
    Description "Description" Description Text V1_4 one set Either modify yes delete yes;
    Comment "Comment" Comment Text V1_4 one set Either modify yes delete yes;
    Sensitive "Sensitive" Sensitive Boolean V1_4 one set Either modify yes delete no;
    AlwaysSensitive "Always Sensitive" AlwaysSensitive
        Boolean V1_4 one set Server modify no delete no;
    Extractable "Extractable" Extractable Boolean V1_4 one set Either modify yes delete no;
    NeverExtractable "Never Extractable" NeverExtractable
        Boolean V1_4 one set Server modify no delete no;
}

impl AttributeKind {
    /// Name on the 1.x wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.rule().name
    }

    /// Checks that `value` can be this attribute in `version`.
    ///
    /// # Errors
    ///
    /// `WrongType`, `BadValue` for a number that names nothing, or what is wrong inside a
    /// structure.
    pub fn check(self, value: &Value, version: ProtocolVersion) -> Result<(), DecodeError> {
        let rule = self.rule();
        check_numbers(rule.tag, value)?;
        let fits = match (rule.value, value) {
            (AttributeType::Structure(check), Value::Structure(_)) => return check(value, version),
            (AttributeType::Text, Value::TextString(_))
            | (AttributeType::Integer | AttributeType::Mask, Value::Integer(_))
            | (AttributeType::Enumeration, Value::Enumeration(_))
            | (AttributeType::Boolean, Value::Boolean(_))
            | (AttributeType::DateTime, Value::DateTime(_))
            | (AttributeType::Interval, Value::Interval(_)) => true,
            _ => false,
        };
        if fits { Ok(()) } else { Err(DecodeError::WrongType(rule.tag, value.item_type().code())) }
    }

    /// As [`check`](Self::check), but a structure may lack fields (the criteria of a Locate).
    ///
    /// # Errors
    ///
    /// `WrongType` for another wire type than the attribute's.
    pub fn check_partial(self, value: &Value) -> Result<(), DecodeError> {
        match (self.rule().value, value) {
            (AttributeType::Structure(_), Value::Structure(_)) => Ok(()),
            _ => self.check(value, ProtocolVersion::NEWEST),
        }
    }
}

/// Every enumeration in `value` has a name, in whatever version, or is an extension.
fn check_numbers(tag: Tag, value: &Value) -> Result<(), DecodeError> {
    match value {
        Value::Enumeration(number) if number & EXTENSION == 0 => match table_of(tag) {
            Some(table) if table.entry(*number).is_none() => Err(DecodeError::BadValue(tag)),
            _ => Ok(()),
        },
        Value::Structure(items) => {
            items.iter().try_for_each(|item| check_numbers(item.tag, &item.value))
        }
        _ => Ok(()),
    }
}

/// Whether `value` reads as a `T`.
fn fits<T: Codec>(value: &Value, version: ProtocolVersion) -> Result<(), DecodeError> {
    value.to::<T>(version).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::NameType;

    #[test]
    fn every_attribute_is_found_by_its_name() {
        for kind in AttributeKind::ALL {
            assert_eq!(AttributeKind::named(kind.name()), Some(*kind));
        }
    }

    #[test]
    fn check_rejects_wrong_wire_type() {
        let value = Value::Integer(3);
        assert!(AttributeKind::State.check(&value, ProtocolVersion::V1_4).is_err());
    }

    #[test]
    fn check_rejects_numbers_that_name_nothing() {
        let name =
            |number| Value::of(&Name { name_value: "k".into(), name_type: NameType(number) });
        let check = |number| AttributeKind::Name.check(&name(number), ProtocolVersion::V1_4);
        assert_eq!(check(1), Ok(()));
        assert_eq!(check(3), Err(DecodeError::BadValue(Tag::NameType)));
        assert_eq!(check(0x8000_0001), Ok(()));
    }

    #[test]
    fn check_rejects_incomplete_structure_that_locate_accepts() {
        let name = Name { name_value: "k".into(), name_type: NameType::URI };
        let Value::Structure(mut fields) = Value::of(&name) else { panic!("not a structure") };
        fields.pop();
        let partial = Value::Structure(fields);
        assert!(AttributeKind::Name.check(&partial, ProtocolVersion::V1_4).is_err());
        assert!(AttributeKind::Name.check_partial(&partial).is_ok());
    }
}
