//! `claviger key create`.

use kmip_core::attribute::{Attribute, AttributeKind, CryptographicDomainParameters};
use kmip_core::payload::{CreateKeyPairRequest, CreateRequest};
use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Usage, ObjectType,
    RecommendedCurve,
};

use super::{Done, Made, Say, activate};
use crate::cli::KeyCreateArgs;
use crate::client::template;
use crate::ctl::CtlError;
use crate::ctl::key::session::Session;

/// What an algorithm is made with unless something else is asked for.
struct Usual {
    algorithm: Algorithm,
    bits: Option<i32>,
    curve: Option<RecommendedCurve>,
    usage: Usage,
}

const NOTHING: Usage = Usage(0);
const CIPHER: Usage = Usage::Encrypt.union(Usage::Decrypt);
const MAC: Usage = Usage::MACGenerate.union(Usage::MACVerify);
const SIGNATURE: Usage = Usage::Sign.union(Usage::Verify);

const fn secret(algorithm: Algorithm, bits: i32, usage: Usage) -> Usual {
    Usual { algorithm, bits: Some(bits), curve: None, usage }
}

const USUAL: &[Usual] = &[
    secret(Algorithm::AES, 256, CIPHER),
    secret(Algorithm::DES3, 192, CIPHER),
    secret(Algorithm::HMAC_SHA1, 160, MAC),
    secret(Algorithm::HMAC_SHA224, 224, MAC),
    secret(Algorithm::HMAC_SHA256, 256, MAC),
    secret(Algorithm::HMAC_SHA384, 384, MAC),
    secret(Algorithm::HMAC_SHA512, 512, MAC),
    secret(Algorithm::RSA, 3072, SIGNATURE),
    Usual {
        algorithm: Algorithm::EC,
        bits: None,
        curve: Some(RecommendedCurve::P_256),
        usage: SIGNATURE,
    },
    Usual {
        algorithm: Algorithm::ECDSA,
        bits: None,
        curve: Some(RecommendedCurve::P_256),
        usage: SIGNATURE,
    },
    Usual { algorithm: Algorithm::Ed25519, bits: None, curve: None, usage: SIGNATURE },
    Usual { algorithm: Algorithm::Ed448, bits: None, curve: None, usage: SIGNATURE },
];

/// What is asked of a pair, what its private half is then for, and what its public half.
const HALVES: &[(Usage, Usage, Usage)] = &[
    (SIGNATURE, Usage::Sign, Usage::Verify),
    (CIPHER, Usage::Decrypt, Usage::Encrypt),
    (Usage::WrapKey.union(Usage::UnwrapKey), Usage::UnwrapKey, Usage::WrapKey),
    (Usage::KeyAgreement, Usage::KeyAgreement, Usage::KeyAgreement),
    (Usage::CertificateSign, Usage::CertificateSign, NOTHING),
    (Usage::CRLSign, Usage::CRLSign, NOTHING),
];

/// Algorithms whose keys come in pairs.
const PAIRS: &[Algorithm] = &[
    Algorithm::RSA,
    Algorithm::EC,
    Algorithm::ECDSA,
    Algorithm::ECDH,
    Algorithm::DSA,
    Algorithm::DH,
    Algorithm::Ed25519,
    Algorithm::Ed448,
];

pub(super) fn create(args: &KeyCreateArgs, say: Say<'_>) -> Done {
    let wish = Wish::of(args)?;
    let mut session = Session::open(&args.kmip)?;
    let made = match wish {
        Wish::Secret(request) => {
            Made { id: session.call(request)?.unique_identifier, public: None }
        }
        Wish::Pair(request) => {
            let pair = session.call(request)?;
            let public = Some(pair.public_key_unique_identifier);
            Made { id: pair.private_key_unique_identifier, public }
        }
    };
    if args.activate {
        for id in made.all() {
            activate(&mut session, id)?;
        }
    }
    made.tell(&args.kmip, say);
    Ok(())
}

/// What is asked of the server.
enum Wish {
    Secret(CreateRequest),
    Pair(CreateKeyPairRequest),
}

impl Wish {
    fn of(args: &KeyCreateArgs) -> Result<Self, CtlError> {
        let usual = USUAL.iter().find(|usual| usual.algorithm == args.algorithm);
        let asked = args.usage.iter().copied().reduce(Usage::union);
        let usage = asked.or(usual.map(|usual| usual.usage)).unwrap_or(NOTHING);
        let common = kind_of_key(args, usual);
        if PAIRS.contains(&args.algorithm) {
            return pair(args, common, usage).map(Self::Pair);
        }
        let mut attributes = common;
        attributes.push(template::mask(usage));
        attributes.extend(args.name.as_deref().map(template::name));
        let template_attribute = template::template(attributes);
        Ok(Self::Secret(CreateRequest {
            object_type: ObjectType::SymmetricKey,
            template_attribute,
        }))
    }
}

fn kind_of_key(args: &KeyCreateArgs, usual: Option<&Usual>) -> Vec<Attribute> {
    let mut attributes =
        vec![Attribute::new(AttributeKind::CryptographicAlgorithm, &args.algorithm)];
    let curve = args.curve.or_else(|| {
        // Who gives the length of an EC key leaves the choice of the curve to the server.
        usual.and_then(|usual| usual.curve).filter(|_| args.length.is_none())
    });
    let asked = args.length.map(|bits| i32::try_from(bits).unwrap_or(i32::MAX));
    let bits = asked.or_else(|| usual.and_then(|usual| usual.bits));
    if let Some(bits) = bits {
        attributes.push(Attribute::new(AttributeKind::CryptographicLength, &bits));
    }
    if curve.is_some() {
        let parameters = CryptographicDomainParameters { q_length: None, recommended_curve: curve };
        attributes.push(Attribute::new(AttributeKind::CryptographicDomainParameters, &parameters));
    }
    attributes
}

fn pair(
    args: &KeyCreateArgs,
    common: Vec<Attribute>,
    usage: Usage,
) -> Result<CreateKeyPairRequest, CtlError> {
    let (mut private, mut public, mut left) = (NOTHING, NOTHING, usage.0);
    for (asked, of_private, of_public) in HALVES {
        if usage.0 & asked.0 != 0 {
            (private, public) = (private.union(*of_private), public.union(*of_public));
        }
        left &= !asked.0;
    }
    if left != 0 {
        return Err(CtlError::Usage(Usage(left)));
    }
    let half = |usage, name: Option<String>| {
        let name = name.as_deref().map(template::name);
        template::template(std::iter::once(template::mask(usage)).chain(name).collect())
    };
    let public_name = args.name.as_ref().map(|name| format!("{name}-public"));
    Ok(CreateKeyPairRequest {
        common_template_attribute: Some(template::template(common)),
        private_key_template_attribute: Some(half(private, args.name.clone())),
        public_key_template_attribute: Some(half(public, public_name)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command, KeyCommand};
    use clap::Parser;
    use kmip_core::attribute::TemplateAttribute;
    use kmip_core::types::ProtocolVersion;

    fn wish(words: &str) -> Result<Wish, CtlError> {
        let words = format!("claviger key create {words}");
        let cli = Cli::try_parse_from(words.split_whitespace()).unwrap();
        let Command::Key(KeyCommand::Create(args)) = cli.command else { panic!("{words}") };
        Wish::of(&args)
    }

    fn mask(template: Option<&TemplateAttribute>) -> Usage {
        let kind = AttributeKind::CryptographicUsageMask;
        let mut attributes = template.unwrap().attributes.iter();
        let mask = attributes.find(|attribute| attribute.name.kind() == Some(kind)).unwrap();
        mask.value.to(ProtocolVersion::NEWEST).unwrap()
    }

    #[test]
    fn nothing_asked_for_is_an_aes_key_that_encrypts() {
        let Wish::Secret(request) = wish("").unwrap() else { panic!("no secret key") };
        assert_eq!(mask(Some(&request.template_attribute)), CIPHER);
        assert_eq!(request.template_attribute.attributes.len(), 3);
    }

    #[test]
    fn halves_of_a_pair_share_what_it_is_for() {
        let Wish::Pair(pair) = wish("--alg rsa --usage decrypt").unwrap() else {
            panic!("no pair")
        };
        assert_eq!(mask(pair.private_key_template_attribute.as_ref()), Usage::Decrypt);
        assert_eq!(mask(pair.public_key_template_attribute.as_ref()), Usage::Encrypt);
    }

    #[test]
    fn pair_is_not_made_for_a_mac() {
        let refused = wish("--algorithm EC --usage sign,mac-generate").err().unwrap();
        assert!(refused.to_string().contains("mac-generate"), "{refused}");
    }
}
