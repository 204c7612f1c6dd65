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

/// How long a client may change an attribute, beyond the object being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// In every state.
    Always,
    /// While the object is Pre-Active.
    PreActive,
    /// While the object is Pre-Active or Active and the date is yet to come.
    UntilReached,
    /// While the object is Pre-Active or Active.
    UntilDeactivated,
    /// Before the first of the uses it limits.
    UntilUsed,
}

/// Which objects have an attribute from the first, or later on, though no client gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Born {
    /// None: a client gives it, or nobody.
    Nothing,
    /// Every object.
    Every,
    /// Every object but Templates, which have no life.
    Living,
    /// Keys.
    Keys,
    /// Objects registered without their value, which is kept elsewhere.
    Elsewhere,
    /// Objects whose value the server has.
    Values,
    /// Objects that the server makes.
    Made,
    /// Certificates.
    Certificates,
    /// Certificates whose names have such a part.
    Names,
    /// Objects to which something happened.
    Later,
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
    /// Whether clients may modify it.
    pub client_may_modify: bool,
    /// Whether clients may delete it.
    pub client_may_delete: bool,
    /// How long clients may add, modify or delete it.
    pub changes: Changes,
    /// Which objects have it without anybody asking for it.
    pub born: Born,
}

/// Declares the attributes.
macro_rules! attributes {
    (@yes yes) => { true };
    (@yes no) => { false };
    (@yes many) => { true };
    (@yes one) => { false };
    ($( $kind:ident $name:literal $tag:ident $type:ident $(($check:expr))? $since:ident
        $many:ident set $set_by:ident modify $modify:ident delete $delete:ident
        while $changes:ident born $born:ident; )*) => {
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
                        changes: Changes::$changes,
                        born: Born::$born,
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
        Text V1_0 one set Server modify no delete no while Always born Every;
    Name "Name" Name Structure(fits::<Name>) V1_0 many set Client modify yes delete yes while Always born Nothing;
    ObjectType "Object Type" ObjectType Enumeration V1_0 one set Server modify no delete no while Always born Every;
    CryptographicAlgorithm "Cryptographic Algorithm" CryptographicAlgorithm
        Enumeration V1_0 one set Either modify no delete no while Always born Keys;
    CryptographicLength "Cryptographic Length" CryptographicLength
        Integer V1_0 one set Either modify no delete no while Always born Keys;
    CryptographicParameters "Cryptographic Parameters" CryptographicParameters
        Structure(fits::<CryptographicParameters>) V1_0 many set Client modify yes delete yes while Always born Nothing;
    CryptographicDomainParameters "Cryptographic Domain Parameters" CryptographicDomainParameters
        Structure(fits::<CryptographicDomainParameters>) V1_0 one set Client modify no delete no while Always born Nothing;
    CertificateType "Certificate Type" CertificateType
        Enumeration V1_0 one set Either modify no delete no while Always born Certificates;
    CertificateLength "Certificate Length" CertificateLength
        Integer V1_1 one set Either modify no delete no while Always born Certificates;
    X509CertificateIdentifier "X.509 Certificate Identifier" X_509CertificateIdentifier
        Structure(fits::<X509CertificateIdentifier>) V1_1 one set Server modify no delete no while Always born Certificates;
    X509CertificateSubject "X.509 Certificate Subject" X_509CertificateSubject
        Structure(fits::<X509CertificateSubject>) V1_1 one set Server modify no delete no while Always born Certificates;
    X509CertificateIssuer "X.509 Certificate Issuer" X_509CertificateIssuer
        Structure(fits::<X509CertificateIssuer>) V1_1 one set Server modify no delete no while Always born Certificates;
    CertificateIdentifier "Certificate Identifier" CertificateIdentifier
        Structure(fits::<CertificateIdentifier>) V1_0 one set Server modify no delete no while Always born Certificates;
    CertificateSubject "Certificate Subject" CertificateSubject
        Structure(fits::<CertificateSubject>) V1_0 one set Server modify no delete no while Always born Certificates;
    CertificateIssuer "Certificate Issuer" CertificateIssuer
        Structure(fits::<CertificateIssuer>) V1_0 one set Server modify no delete no while Always born Certificates;
    CertificateSubjectCN "Certificate Subject CN" CertificateSubjectCN Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateSubjectO "Certificate Subject O" CertificateSubjectO Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateSubjectOU "Certificate Subject OU" CertificateSubjectOU Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateSubjectEmail "Certificate Subject Email" CertificateSubjectEmail Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateSubjectC "Certificate Subject C" CertificateSubjectC Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateSubjectST "Certificate Subject ST" CertificateSubjectST Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateSubjectL "Certificate Subject L" CertificateSubjectL Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateSubjectUID "Certificate Subject UID" CertificateSubjectUID Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateSubjectSerialNumber "Certificate Subject Serial Number" CertificateSubjectSerialNumber Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateSubjectTitle "Certificate Subject Title" CertificateSubjectTitle Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateSubjectDC "Certificate Subject DC" CertificateSubjectDC Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateSubjectDNQualifier "Certificate Subject DN Qualifier" CertificateSubjectDNQualifier Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerCN "Certificate Issuer CN" CertificateIssuerCN Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerO "Certificate Issuer O" CertificateIssuerO Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerOU "Certificate Issuer OU" CertificateIssuerOU Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerEmail "Certificate Issuer Email" CertificateIssuerEmail Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerC "Certificate Issuer C" CertificateIssuerC Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerST "Certificate Issuer ST" CertificateIssuerST Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerL "Certificate Issuer L" CertificateIssuerL Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerUID "Certificate Issuer UID" CertificateIssuerUID Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerSerialNumber "Certificate Issuer Serial Number" CertificateIssuerSerialNumber Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerTitle "Certificate Issuer Title" CertificateIssuerTitle Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerDC "Certificate Issuer DC" CertificateIssuerDC Text V1_4 many set Server modify no delete no while Always born Names;
    CertificateIssuerDNQualifier "Certificate Issuer DN Qualifier" CertificateIssuerDNQualifier Text V1_4 many set Server modify no delete no while Always born Names;
    DigitalSignatureAlgorithm "Digital Signature Algorithm" DigitalSignatureAlgorithm
        Enumeration V1_1 one set Either modify no delete no while Always born Certificates;
    Digest "Digest" Digest Structure(fits::<Digest>) V1_0 many set Server modify no delete no while Always born Values;
    OperationPolicyName "Operation Policy Name" OperationPolicyName
        Text V1_0 one set Either modify no delete no while Always born Every;
    CryptographicUsageMask "Cryptographic Usage Mask" CryptographicUsageMask
        Mask V1_0 one set Either modify no delete no while Always born Nothing;
    LeaseTime "Lease Time" LeaseTime Interval V1_0 one set Server modify no delete no while Always born Living;
    UsageLimits "Usage Limits" UsageLimits
        Structure(fits::<UsageLimits>) V1_0 one set Either modify yes delete yes while UntilUsed born Nothing;
    State "State" State Enumeration V1_0 one set Server modify no delete no while Always born Living;
    InitialDate "Initial Date" InitialDate DateTime V1_0 one set Server modify no delete no while Always born Every;
    ActivationDate "Activation Date" ActivationDate
        DateTime V1_0 one set Either modify yes delete no while PreActive born Nothing;
    ProcessStartDate "Process Start Date" ProcessStartDate
        DateTime V1_0 one set Either modify yes delete no while UntilReached born Nothing;
    ProtectStopDate "Protect Stop Date" ProtectStopDate
        DateTime V1_0 one set Either modify yes delete no while UntilReached born Nothing;
    DeactivationDate "Deactivation Date" DeactivationDate
        DateTime V1_0 one set Either modify yes delete no while UntilDeactivated born Nothing;
    DestroyDate "Destroy Date" DestroyDate DateTime V1_0 one set Server modify no delete no while Always born Later;
    CompromiseOccurrenceDate "Compromise Occurrence Date" CompromiseOccurrenceDate
        DateTime V1_0 one set Server modify no delete no while Always born Later;
    CompromiseDate "Compromise Date" CompromiseDate
        DateTime V1_0 one set Server modify no delete no while Always born Later;
    RevocationReason "Revocation Reason" RevocationReason
        Structure(fits::<RevocationReason>) V1_0 one set Server modify no delete no while Always born Later;
    ArchiveDate "Archive Date" ArchiveDate DateTime V1_0 one set Server modify no delete no while Always born Later;
    ObjectGroup "Object Group" ObjectGroup Text V1_0 many set Either modify yes delete yes while Always born Nothing;
    Fresh "Fresh" Fresh Boolean V1_1 one set Either modify no delete no while Always born Living;
    Link "Link" Link Structure(fits::<Link>) V1_0 many set Either modify yes delete yes while Always born Nothing;
    ApplicationSpecificInformation "Application Specific Information" ApplicationSpecificInformation
        Structure(fits::<ApplicationSpecificInformation>) V1_0
        many set Client modify yes delete yes while Always born Nothing;
    ContactInformation "Contact Information" ContactInformation
        Text V1_0 one set Either modify yes delete yes while Always born Nothing;
    LastChangeDate "Last Change Date" LastChangeDate
        DateTime V1_0 one set Server modify no delete no while Always born Every;
    AlternativeName "Alternative Name" AlternativeName
        Structure(fits::<AlternativeName>) V1_2 many set Client modify yes delete yes while Always born Nothing;
    KeyValuePresent "Key Value Present" KeyValuePresent
        Boolean V1_2 one set Server modify no delete no while Always born Elsewhere;
    KeyValueLocation "Key Value Location" KeyValueLocation
        Structure(fits::<KeyValueLocation>) V1_2 many set Client modify yes delete yes while Always born Nothing;
    OriginalCreationDate "Original Creation Date" OriginalCreationDate
        DateTime V1_2 one set Either modify no delete no while Always born Made;
    RandomNumberGenerator "Random Number Generator" RandomNumberGenerator
        Structure(fits::<RNGParameters>) V1_3 one set Either modify no delete no while Always born Made;
    Pkcs12FriendlyName "PKCS#12 Friendly Name" PKCS_12FriendlyName
        Text V1_4 one set Either modify yes delete yes while Always born Nothing;
    Description "Description" Description Text V1_4 one set Either modify yes delete yes while Always born Nothing;
    Comment "Comment" Comment Text V1_4 one set Either modify yes delete yes while Always born Nothing;
    Sensitive "Sensitive" Sensitive Boolean V1_4 one set Either modify yes delete no while Always born Every;
    AlwaysSensitive "Always Sensitive" AlwaysSensitive
        Boolean V1_4 one set Server modify no delete no while Always born Every;
    Extractable "Extractable" Extractable Boolean V1_4 one set Either modify yes delete no while Always born Every;
    NeverExtractable "Never Extractable" NeverExtractable
        Boolean V1_4 one set Server modify no delete no while Always born Every;
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
