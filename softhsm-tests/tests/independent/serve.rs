//! The server does what the plan says, and its answers are written down for the library.

use std::collections::BTreeMap;

use kmip_core::attribute::{Attribute, AttributeKind as Kind, Link};
use kmip_core::object::{KeyMaterial, KeyValue};
use kmip_core::payload::{CreateKeyPairRequest, GetRequest, RegisterRequest};
use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask, KeyFormatType, LinkType,
    ResultReason, ValidityIndicator,
};
use serde::{Deserialize, Serialize};
use server::client::{Call, Client, ClientError, template};
use softhsm_tests::crypto::{self, Sealing};
use softhsm_tests::keys;
use softhsm_tests::requests::{self, Id, active_at_once};

use crate::plan::{Case, Does, Pair, Plan, Secret};

/// What the library has prepared.
#[derive(Debug, Deserialize)]
pub(crate) struct Prepared {
    /// The pairs it made.
    keys: BTreeMap<String, Made>,
    /// What it made of each case: data and tag.
    products: BTreeMap<usize, [String; 2]>,
}

#[derive(Debug, Deserialize)]
struct Made {
    pkcs8: String,
    spki: String,
}

/// The answers.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Answers {
    public: BTreeMap<String, String>,
    cases: BTreeMap<usize, Answer>,
}

/// The answer to one case.
#[derive(Debug, Default, Serialize)]
struct Answer {
    /// Why the server does not do it at all.
    unserved: Option<String>,
    made: String,
    tag: String,
    /// The IV, where the server made it.
    iv: Option<String>,
    /// What the server made of the library's product.
    back: Option<String>,
}

/// What came of it, or why the server does not do it at all.
type Served<T> = Result<T, String>;

/// Identifiers of a key: secret or private, and public.
type Ids = [Id; 2];

/// Has the server do everything.
pub(crate) fn serve(client: &mut Client, plan: &Plan, prepared: &Prepared) -> Answers {
    let mut answers = Answers::default();
    let mut ids = BTreeMap::new();
    for (name, secret) in &plan.secrets {
        let brought = bring_secret(client, secret);
        ids.insert(name.as_str(), brought.map(|id| [id.clone(), id]));
    }
    for (name, pair) in &plan.pairs {
        let brought = match prepared.keys.get(name) {
            Some(made) => bring_pair(client, pair, made).map(|ids| (ids, made.spki.clone())),
            None => make_pair(client, pair),
        };
        let brought = brought.map(|(of_pair, spki)| {
            answers.public.insert(name.clone(), spki);
            of_pair
        });
        ids.insert(name, brought);
    }
    for case in &plan.cases {
        let product = prepared.products.get(&case.id).map(|parts| parts.each_ref().map(unhex));
        let of_peer = case.peer.as_deref().map(|peer| ids[peer].clone()).transpose();
        let of_key = ids[case.key.as_str()].clone();
        let done = of_key.and_then(|[private, public]| match of_peer? {
            Some([_, of_peer]) => agree(client, &[private, of_peer], case),
            None => answer(client, &[private, public], case, product),
        });
        let unserved = |why| Answer { unserved: Some(why), ..Answer::default() };
        answers.cases.insert(case.id, done.unwrap_or_else(unserved));
    }
    answers
}

fn unhex(text: impl AsRef<str>) -> Vec<u8> {
    hex::decode(text.as_ref()).unwrap()
}

fn register(client: &mut Client, request: RegisterRequest, more: &[Attribute]) -> Served<Id> {
    let algorithm = request.object.key_block().and_then(|block| block.cryptographic_algorithm);
    let what = format!("Register {algorithm:?}");
    Ok(ask(client, &what, keys::with(request, more))?.unique_identifier)
}

/// XTS takes two keys; the first one's Next Link names the second.
fn bring_secret(client: &mut Client, secret: &Secret) -> Served<Id> {
    let Secret { algorithm, value, parameters, double } = secret;
    let mut mask = vec![Mask::Encrypt, Mask::Decrypt, Mask::MACGenerate, Mask::MACVerify];
    if *algorithm == Algorithm::AES {
        mask.extend([Mask::WrapKey, Mask::UnwrapKey]);
    }
    let mask = mask.into_iter().reduce(Mask::union).unwrap();
    let mut more = Vec::new();
    if let Some(own) = parameters {
        more.push(Attribute::new(Kind::CryptographicParameters, own));
    }
    if !double {
        return register(client, keys::secret(*algorithm, value, mask), &more);
    }
    let (first, second) = value.split_at(value.len() / 2);
    let next = register(client, keys::secret(*algorithm, second, mask), &[])?;
    let link = Link { link_type: LinkType::NextLink, linked_object_identifier: next };
    more.push(Attribute::new(Kind::Link, &link));
    register(client, keys::secret(*algorithm, first, mask), &more)
}

fn bring_pair(client: &mut Client, pair: &Pair, made: &Made) -> Served<Ids> {
    let (private, public) = masks(pair.algorithm);
    let key = keys::private(pair.algorithm, &unhex(&made.pkcs8), private);
    let private = register(client, key, &[])?;
    let mut key = keys::public(pair.algorithm, KeyFormatType::X_509, &unhex(&made.spki));
    let attributes = &mut key.template_attribute.attributes;
    attributes.retain(|attribute| attribute.name.kind() != Some(Kind::CryptographicUsageMask));
    Ok([private, register(client, key, &[template::mask(public)])?])
}

fn masks(algorithm: Algorithm) -> (Mask, Mask) {
    match algorithm {
        Algorithm::EC => (Mask::DeriveKey, Mask::DeriveKey),
        Algorithm::RSA => (Mask::Sign.union(Mask::Decrypt), Mask::Verify.union(Mask::Encrypt)),
        _ => (Mask::Sign, Mask::Verify),
    }
}

/// The token makes the pair and keeps the private half; the public one is given out.
fn make_pair(client: &mut Client, pair: &Pair) -> Served<(Ids, String)> {
    let (private, public) = masks(pair.algorithm);
    let half = |mask| Some(template::template(vec![template::mask(mask), active_at_once()]));
    let request = CreateKeyPairRequest {
        private_key_template_attribute: half(private),
        public_key_template_attribute: half(public),
        ..requests::create_pair(pair.algorithm, pair.bits, &[])
    };
    let made = ask(client, pair.kind, request)?;
    let ids = [made.private_key_unique_identifier, made.public_key_unique_identifier];
    let key_format_type = Some(KeyFormatType::X_509);
    let get = GetRequest { key_format_type, ..requests::get(&ids[1]) };
    let object = client.call(get).unwrap().object;
    match object.key_block().unwrap().key_value.as_ref().unwrap() {
        KeyValue::Plain { material: KeyMaterial::Bytes(bytes), .. } => {
            Ok((ids, hex::encode(bytes.expose())))
        }
        other => panic!("{other:?}"),
    }
}

type Product = Option<[Vec<u8>; 2]>;

fn answer(client: &mut Client, ids: &Ids, case: &Case, product: Product) -> Served<Answer> {
    match case.does {
        Does::Seal => seal(client, ids, case, product),
        Does::Encrypt => seal(client, &[ids[1].clone(), ids[0].clone()], case, product),
        Does::Wrap => wrap(client, ids, case),
        Does::Mac => mac(client, ids, case, product),
        Does::Sign => sign(client, ids, case, product),
        Does::Agree => panic!("{}: with nobody", case.kind),
    }
}

/// The answer, or why the server does not do such a thing; any other refusal is a failure.
fn ask<C: Call>(client: &mut Client, what: &str, request: C) -> Served<C::Answer> {
    const UNSERVED: [ResultReason; 2] =
        [ResultReason::OperationNotSupported, ResultReason::FeatureNotSupported];
    client.call(request).map_err(|error| match error {
        ClientError::Refused { reason, message, .. }
            if UNSERVED.contains(&reason) || message == "the length of the data does not fit" =>
        {
            message
        }
        other => panic!("{what}: {other}"),
    })
}

/// Encrypts with the first key, decrypts with the second.
fn seal(
    client: &mut Client,
    [sealer, opener]: &Ids,
    case: &Case,
    product: Product,
) -> Served<Answer> {
    let some = |bytes: &Vec<u8>| (!bytes.is_empty()).then(|| bytes.clone());
    let what = Sealing {
        parameters: case.parameters.clone(),
        iv: if case.parameters.random_iv.is_some() { None } else { some(&case.iv) },
        aad: some(&case.aad),
        data: case.data.clone(),
    };
    let made = ask(client, &case.kind, crypto::encrypt(sealer, what.clone()))?;
    let mut back = None;
    if let Some([data, tag]) = product {
        let mut what = Sealing { data, iv: some(&case.iv), ..what };
        what.parameters.random_iv = None;
        // Nobody can tell zeros from data: whoever decrypts takes them off.
        let zeros = case.padding == "Zeros";
        if zeros {
            what.parameters.padding_method = None;
        }
        let opened = ask(client, &case.kind, crypto::decrypt(opener, what, some(&tag)))?;
        let opened = opened.data.unwrap();
        let kept = if zeros { case.data.len() } else { opened.expose().len() };
        back = Some(hex::encode(&opened.expose()[..kept]));
    }
    let tag = hex::encode(made.authenticated_encryption_tag.unwrap_or_default());
    let iv = case.parameters.random_iv.and(made.iv_counter_nonce).map(hex::encode);
    let made = hex::encode(made.data.unwrap().expose());
    Ok(Answer { made, tag, iv, back, unserved: None })
}

/// Brings the key that is to be wrapped, and gets it so.
fn wrap(client: &mut Client, [wrapping, _]: &Ids, case: &Case) -> Served<Answer> {
    let target = keys::secret(Algorithm::AES, &case.data, Mask::Encrypt);
    let target = register(client, target, &keys::exposure(true, true))?;
    let mode = case.parameters.block_cipher_mode.unwrap();
    let object = ask(client, &case.kind, crypto::get_wrapped(&target, wrapping, mode))?.object;
    match object.key_block().unwrap().key_value.as_ref().unwrap() {
        KeyValue::Wrapped(bytes) => {
            Ok(Answer { made: hex::encode(bytes.expose()), ..Answer::default() })
        }
        KeyValue::Plain { .. } => panic!("{}: in plaintext", case.kind),
    }
}

/// The secret, as an HMAC key of all its bytes.
fn agree(client: &mut Client, bases: &Ids, case: &Case) -> Served<Answer> {
    let secret = ask(client, &case.kind, requests::agree(bases, case.bits))?.unique_identifier;
    let object = client.call(requests::get(&secret)).unwrap().object;
    match object.key_block().unwrap().key_value.as_ref().unwrap() {
        KeyValue::Plain { material: KeyMaterial::Bytes(bytes), .. } => {
            Ok(Answer { made: hex::encode(bytes.expose()), ..Answer::default() })
        }
        other => panic!("{other:?}"),
    }
}

fn mac(client: &mut Client, [key, _]: &Ids, case: &Case, product: Product) -> Served<Answer> {
    let made =
        ask(client, &case.kind, crypto::mac(key, case.parameters.clone(), case.data.clone()))?;
    let checked = product
        .map(|[mac, _]| crypto::mac_verify(key, case.parameters.clone(), case.data.clone(), mac));
    let verdict = checked.map(|request| ask(client, &case.kind, request)).transpose()?;
    let back = verdict.map(|answer| valid(answer.validity_indicator, case));
    let made = hex::encode(made.mac_data.unwrap());
    Ok(Answer { made, back, ..Answer::default() })
}

fn sign(
    client: &mut Client,
    [private, public]: &Ids,
    case: &Case,
    product: Product,
) -> Served<Answer> {
    let parameters = || case.parameters.clone();
    let made = ask(client, &case.kind, crypto::sign(private, parameters(), case.data.clone()))?;
    let checked = product
        .map(|[signature, _]| crypto::verify(public, parameters(), case.data.clone(), signature));
    let verdict = checked.map(|request| ask(client, &case.kind, request)).transpose()?;
    let back = verdict.map(|answer| valid(answer.validity_indicator, case));
    let made = hex::encode(made.signature_data.unwrap());
    Ok(Answer { made, back, ..Answer::default() })
}

/// What stands for the data where the library's product held for them.
fn valid(verdict: Option<ValidityIndicator>, case: &Case) -> String {
    assert_eq!(verdict, Some(ValidityIndicator::Valid), "the library's own: {case:?}");
    hex::encode(&case.data)
}
