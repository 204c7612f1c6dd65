//! Credentials: made, used at once, revoked.

use hsm_backend::CallContext;
use rcgen::{CertificateParams, KeyPair};
use rustls::HandshakeKind;
use server::authz::RoleName;
use server::ca::RequestForm;
use server::client::Connector;
use server::directory::{ClientKey, DirectoryError};
use server::object::Scope;
use server::trust::{self, CredentialError, Holder, NewCredential, SoftwareKey};

use super::house::{House, ask, comes_in, demo, is_shown_out};

const DAY: u32 = 86_400;

fn call() -> CallContext {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    CallContext { deadline, scope: "demo".to_owned(), request_id: 1 }
}

#[test]
fn credential_of_every_kind_opens_the_scope_at_once() {
    let house = House::open();
    let role = house.role("app");
    for kind in [
        ClientKey::EcP256,
        ClientKey::EcP384,
        ClientKey::EcP521,
        ClientKey::Ed25519,
        ClientKey::Rsa2048,
        ClientKey::Rsa3072,
    ] {
        comes_in(&house.credential(&role, kind, DAY).config).unwrap();
    }
}

#[test]
fn request_is_certified_for_its_key_and_for_nothing_else_it_says() {
    let house = House::open();
    let role = house.role("app");
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["admin.example".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "other");
    let request = params.serialize_request(&key).unwrap().pem().unwrap();
    let form = (RequestForm::Pem, request.as_bytes());
    let made = trust::sign(house.services(), &demo(), &role, form, DAY).unwrap();
    let contents = made.issued.certificate.contents().unwrap();
    assert!(!contents.is_ca() && contents.alternative_names.is_none());
    assert!(!made.issued.certificate.subject().to_string().contains("other"));
    let file = house.folder().join("own.key");
    std::fs::write(&file, key.serialize_pem()).unwrap();
    comes_in(&house.write(&made, file).config).unwrap();
}

#[test]
fn request_without_proof_or_with_a_key_that_is_not_served_is_refused() {
    let house = House::open();
    let role = house.role("app");
    let sign =
        |form, request: &[u8]| trust::sign(house.services(), &demo(), &role, (form, request), DAY);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(Vec::new()).unwrap();
    let request = params.serialize_request(&key).unwrap().der().to_vec();
    sign(RequestForm::Der, &request).unwrap();
    let mut forged = request.clone();
    let last = forged.last_mut().unwrap();
    *last ^= 1;
    for wrong in [&forged[..], &request[..request.len() - 1], b"", b"no request"] {
        assert!(matches!(sign(RequestForm::Der, wrong), Err(CredentialError::Ca(_))));
        assert!(matches!(sign(RequestForm::Pem, wrong), Err(CredentialError::Ca(_))));
    }
    assert_eq!(house.services().directory.credentials(&demo(), &role).unwrap().len(), 1);
}

#[test]
fn credential_needs_a_scope_and_a_role() {
    let house = House::open();
    let role = RoleName::parse("absent").unwrap();
    let make = |scope: &Scope| {
        trust::generate(house.services(), scope, &role, ClientKey::EcP256, DAY).map(|_| ())
    };
    let no_scope = make(&Scope::new("absent"));
    assert!(matches!(no_scope, Err(CredentialError::Directory(DirectoryError::NoScope))));
    assert!(matches!(make(&demo()), Err(CredentialError::Directory(DirectoryError::NoRole))));
}

#[test]
fn revoked_credential_is_refused_by_every_way_in() {
    let house = House::open();
    let role = house.role("app");
    let other = house.credential(&role, ClientKey::EcP256, DAY);
    let revoked = house.credential(&role, ClientKey::EcP256, DAY);
    let resuming = Connector::new(&revoked.config).unwrap();
    for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let mut client = resuming.connect().unwrap();
        ask(&mut client).unwrap();
        let resumed = client.tls().handshake_kind() == Some(HandshakeKind::Resumed);
        assert_eq!(resumed, expected == HandshakeKind::Resumed);
    }
    let mut open = comes_in(&revoked.config).unwrap();
    let mut others = comes_in(&other.config).unwrap();

    trust::revoke(house.services(), &demo(), &role, &revoked.serial).unwrap();
    is_shown_out(&mut open);
    assert!(comes_in(&revoked.config).is_err(), "a handshake");
    let resumed = resuming.connect().and_then(|mut client| ask(&mut client));
    assert!(resumed.is_err(), "a resumed session");
    ask(&mut others).unwrap();
    comes_in(&other.config).unwrap();
    let again = trust::revoke(house.services(), &demo(), &role, &revoked.serial);
    assert!(again.is_ok(), "it stays revoked");
}

#[test]
fn role_that_is_removed_takes_its_credentials_along_for_good() {
    let house = House::open();
    let role = house.role("app");
    let credential = house.credential(&role, ClientKey::EcP256, DAY);
    let mut open = comes_in(&credential.config).unwrap();
    let directory = &house.services().directory;
    directory.remove_role(&demo(), &role, house.services().clock.now()).unwrap();
    is_shown_out(&mut open);
    assert!(comes_in(&credential.config).is_err());
    house.role("app");
    assert!(comes_in(&credential.config).is_err(), "it does not come back with the name");
}

#[test]
fn certificate_of_the_internal_ca_without_a_note_opens_nothing() {
    let house = House::open();
    let now = house.services().clock.now().0;
    let key = SoftwareKey::generate(ClientKey::EcP256).unwrap();
    let holder = Holder { scope: "demo", role: "app" };
    let ca = house.trust().ca();
    let issued = ca.certify_client(&call(), key.public.clone(), holder, 3_600, now).unwrap();
    let made = NewCredential { issued, key: None };
    let file = house.folder().join("stray.key");
    let pem =
        der::pem::encode_string("PRIVATE KEY", der::pem::LineEnding::LF, key.private.expose());
    std::fs::write(&file, pem.unwrap()).unwrap();
    assert!(comes_in(&house.write(&made, file).config).is_err());
}

#[test]
fn connection_ends_with_its_certificate() {
    let house = House::open();
    let role = house.role("app");
    let credential = house.credential(&role, ClientKey::EcP256, 3_600);
    let mut open = comes_in(&credential.config).unwrap();
    house.world.clock.advance(3_601);
    is_shown_out(&mut open);
}

#[test]
fn credential_that_could_not_be_noted_down_is_not_made() {
    use hsm_backend::HsmErrorKind;
    use hsm_backend::fault::Verb;
    let house = House::open();
    let role = house.role("app");
    house.world.token.fail_always(Verb::Sign, HsmErrorKind::Device(5));
    let made = trust::generate(house.services(), &demo(), &role, ClientKey::EcP256, DAY);
    assert!(matches!(made, Err(CredentialError::Ca(_))));
    assert!(house.services().directory.credentials(&demo(), &role).unwrap().is_empty());
    house.world.token.heal();
    comes_in(&house.credential(&role, ClientKey::EcP256, DAY).config).unwrap();
}
