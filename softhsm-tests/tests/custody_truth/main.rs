//! Sensitive, Always Sensitive, Extractable and Never Extractable: what the row says is what the token
//! does, and what a client gets.
//!
//! SoftHSM2 only: its token can be read by a second process while the server runs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cases;
mod token;

use std::collections::BTreeMap;

use kmip_core::attribute::{Attribute, AttributeKind as Kind};
use kmip_core::object::KeyWrappingSpecification;
use kmip_core::payload::{GetRequest, ModifyAttributeRequest};
use kmip_core::types::{BlockCipherMode, EncodingOption, ProtocolVersion, ResultReason as Reason};
use server::client::Client;
use softhsm_tests::requests::{self, Id};
use softhsm_tests::server::{TokenKind, Trial};
use softhsm_tests::{crypto, docs, keys};

use cases::{Case, Exposure, WISHES};
use token::Flags;

/// A trial whose symmetric keys live there; private keys are in the token.
fn trial_with(symmetric: &str) -> Trial {
    let trial = Trial::on(TokenKind::SoftHsm);
    trial.start().stop();
    for scope in ["demo", "other"] {
        let name = format!("name = \"{scope}\"");
        let with = format!("symmetric_keys = \"{symmetric}\"\nprivate_keys = \"token\"");
        trial.edit_config(&name, &format!("{name}\n{with}"));
    }
    trial
}

/// A key, the scope it is in, and what must be true of it.
struct Told {
    case: Case,
    scope: &'static str,
    wanted: Exposure,
}

impl Told {
    fn label(&self) -> String {
        format!("claviger/{}/{}", self.scope, self.case.id)
    }
}

/// Keys of every kind in both scopes; the second scope locks everything, whatever is asked for.
fn make_all(demo: &mut Client, other: &mut Client) -> Vec<Told> {
    let mut all = Vec::new();
    for (sensitive, extractable) in WISHES {
        let wish = keys::exposure(sensitive, extractable);
        let wanted = Exposure::at_birth(sensitive, extractable);
        let cases = cases::make(demo, &wish);
        all.extend(cases.into_iter().map(|case| Told { case, scope: "demo", wanted }));
        let wanted = Exposure::at_birth(true, false);
        let cases = cases::make(other, &wish);
        all.extend(cases.into_iter().map(|case| Told { case, scope: "other", wanted }));
    }
    // Where a client says nothing, the specification's own defaults hold.
    let wanted = Exposure::at_birth(false, true);
    let cases = cases::make(demo, &[]);
    all.extend(cases.into_iter().map(|case| Told { case, scope: "demo", wanted }));
    all
}

/// What the token must say of a key of which the row says this. PKCS#11 sets the history of whatever
/// is not generated in the token to false: it was outside. KMIP tells the history of the attributes,
/// which begins with the registration.
const fn in_token(wanted: Exposure, registered: bool) -> Flags {
    Flags {
        token: true,
        private: true,
        sensitive: wanted.sensitive,
        always_sensitive: wanted.always_sensitive && !registered,
        extractable: wanted.extractable,
        never_extractable: wanted.never_extractable && !registered,
    }
}

/// Compares row and token; `is_token` tells which keys are token objects at all.
fn compare(
    clients: &mut [(&str, Client)],
    all: &[Told],
    flags: &BTreeMap<String, Flags>,
    is_token: impl Fn(&Case) -> bool,
) {
    for told in all {
        let (_, client) = clients.iter_mut().find(|(scope, _)| *scope == told.scope).unwrap();
        let Told { case, wanted, .. } = told;
        assert_eq!(Exposure::of(client, &case.id), *wanted, "{case}");
        let wanted = is_token(case).then(|| in_token(*wanted, case.registered));
        assert_eq!(flags.get(&told.label()).copied(), wanted, "{case}");
    }
}

#[test]
fn row_says_what_the_token_does() {
    const NAME: &str = "row_says_what_the_token_does";
    if token::serve_as_child() {
        return;
    }
    let trial = trial_with("token");
    let server = trial.start();
    let mut clients = [("demo", server.client()), ("other", server.other_client())];
    let [(_, demo), (_, other)] = &mut clients;
    let mut all = make_all(demo, other);
    compare(&mut clients, &all, &token::read(&trial, NAME), |_| true);
    for told in all.iter_mut().filter(|told| told.scope == "demo") {
        shut(&mut clients[0].1, told);
    }
    compare(&mut clients, &all, &token::read(&trial, NAME), |_| true);
    docs::say(&format!("{} keys: row and token agree, before and after Modify", all.len()));
    server.stop();
}

#[test]
fn row_of_a_wrapped_key_says_what_it_would_in_the_token() {
    const NAME: &str = "row_of_a_wrapped_key_says_what_it_would_in_the_token";
    if token::serve_as_child() {
        return;
    }
    let trial = trial_with("wrapped");
    let server = trial.start();
    let mut clients = [("demo", server.client()), ("other", server.other_client())];
    let [(_, demo), (_, other)] = &mut clients;
    let all = make_all(demo, other);
    let flags = token::read(&trial, NAME);
    compare(&mut clients, &all, &flags, |case| !case.secret);
    server.stop();
}

/// Makes a key sensitive, or not extractable, in turn; what is so already stays so.
fn shut(client: &mut Client, told: &mut Told) {
    let Exposure { sensitive, extractable, .. } = told.wanted;
    let (kind, value) =
        if sensitive { (Kind::Extractable, false) } else { (Kind::Sensitive, true) };
    modify(client, &told.case.id, kind, value);
    if kind == Kind::Sensitive {
        told.wanted.sensitive = true;
        told.wanted.always_sensitive = false;
    } else if extractable {
        told.wanted.extractable = false;
        told.wanted.never_extractable = false;
    }
    // There is no way back.
    let refused = client.call(change(&told.case.id, kind, !value)).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::PermissionDenied), "{}", told.case);
}

fn change(id: &Id, kind: Kind, value: bool) -> ModifyAttributeRequest {
    let attribute = Attribute::new(kind, &value);
    ModifyAttributeRequest { unique_identifier: Some(id.clone()), attribute }
}

fn modify(client: &mut Client, id: &Id, kind: Kind, value: bool) {
    client.call(change(id, kind, value)).unwrap();
}

/// What becomes of Get: in plaintext, wrapped by the token, and wrapped with its TTLV encoding.
type Outcomes = [Option<Reason>; 3];

fn outcomes(wanted: Exposure, case: &Case) -> Outcomes {
    // SoftHSM2 pads what it wraps to a multiple of 8 bytes and loses the length, which a PKCS#8 does
    // not have: that is refused rather than given out wrong.
    let by_token = (!case.secret).then_some(Reason::CryptographicFailure);
    match (wanted.extractable, wanted.sensitive) {
        (false, _) => [Some(Reason::NotExtractable); 3],
        // The TTLV encoding is made of the plaintext, which nobody may have.
        (true, true) => [Some(Reason::Sensitive), by_token, Some(Reason::EncodingOptionError)],
        (true, false) => [None, by_token, None],
    }
}

fn ask(client: &mut Client, id: &Id, wrapping: &Id) -> Outcomes {
    let by_token = crypto::get_wrapped(id, wrapping, BlockCipherMode::AESKeyWrapPadding);
    let encoded = KeyWrappingSpecification {
        encoding_option: Some(EncodingOption::TTLVEncoding),
        ..by_token.key_wrapping_specification.clone().unwrap()
    };
    let encoded = GetRequest { key_wrapping_specification: Some(encoded), ..requests::get(id) };
    [requests::get(id), by_token, encoded].map(|get| match client.call(get) {
        Ok(_) => None,
        Err(error) => Some(error.reason().unwrap_or_else(|| panic!("{error}"))),
    })
}

fn gets_are_as_designed(symmetric: &str) {
    let trial = trial_with(symmetric);
    let server = trial.start();
    let (mut demo, mut other) = (server.client(), server.other_client());
    let wrapping = [cases::wrapping_key(&mut demo), cases::wrapping_key(&mut other)];
    let mut all = make_all(&mut demo, &mut other);
    for told in &mut all {
        let (client, wrapping) = match told.scope {
            "demo" => (&mut demo, &wrapping[0]),
            _ => (&mut other, &wrapping[1]),
        };
        let Told { case, wanted, .. } = &told;
        assert_eq!(ask(client, &case.id, wrapping), outcomes(*wanted, case), "{case} {wanted:?}");
        if wanted.sensitive || !wanted.extractable {
            // Older versions have no words for it.
            let old = client.request(ProtocolVersion::V1_3, requests::get(&case.id).into());
            assert_eq!(old.unwrap_err().reason(), Some(Reason::PermissionDenied), "{case}");
        }
        if told.scope == "demo" {
            shut(client, told);
            let Told { case, wanted, .. } = &told;
            assert_eq!(ask(client, &case.id, wrapping), outcomes(*wanted, case), "shut: {case}");
        }
    }
    docs::say(&format!("{symmetric}: {} keys, each asked for in three ways", all.len()));
    server.stop();
}

#[test]
fn get_of_token_keys_gives_what_the_row_says() {
    gets_are_as_designed("token");
}

#[test]
fn get_of_wrapped_keys_gives_what_the_row_says() {
    gets_are_as_designed("wrapped");
}
