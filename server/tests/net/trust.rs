//! Who is let in.

use super::support::*;
use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa};
use rustls::HandshakeKind;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use server::identity::PeerCertificate;
use server::pki::PemPair;

fn fingerprint(files: &PemPair) -> String {
    let der = CertificateDer::from_pem_file(&files.certificate).unwrap();
    hex::encode(PeerCertificate::parse(&der).unwrap().spki_sha256())
}

/// Whether a server configured with `tables` lets `client` in, and as whom.
async fn asked(pki: &Pki, tables: &str, client: Option<&PemPair>) -> std::io::Result<String> {
    let server = TestServer::start(&pki.config(tables));
    whoami(server.addr, pki.connector(client, BOTH)).await
}

#[tokio::test]
async fn client_with_a_certificate_of_our_ca_is_let_in_by_either_version() {
    let pki = Pki::new();
    let client = pki.client("demo");
    let server = TestServer::start(&pki.config(""));
    for version in BOTH {
        let connector = pki.connector(Some(&client), &[version]);
        let who = whoami(server.addr, connector).await.unwrap();
        assert!(who.starts_with("demo ") && who.contains("CN=client1"), "{who}");
    }
}

#[tokio::test]
async fn min_version_1_3_refuses_a_1_2_client() {
    let pki = Pki::new();
    let client = pki.client("demo");
    let server = TestServer::start(&pki.config(&format!("{TLS}min_version = \"1.3\"")));
    let old = pki.connector(Some(&client), &[&rustls::version::TLS12]);
    whoami(server.addr, old).await.unwrap_err();
    let new = pki.connector(Some(&client), &[&rustls::version::TLS13]);
    whoami(server.addr, new).await.unwrap();
}

#[tokio::test]
async fn client_without_a_certificate_is_refused() {
    asked(&Pki::new(), "", None).await.unwrap_err();
}

#[tokio::test]
async fn client_of_another_ca_is_refused() {
    let (pki, elsewhere) = (Pki::new(), Pki::new());
    asked(&pki, "", Some(&elsewhere.client("demo"))).await.unwrap_err();
}

#[tokio::test]
async fn client_of_an_unknown_scope_is_refused() {
    let pki = Pki::new();
    let client = pki.client("nobody");
    asked(&pki, "", Some(&client)).await.unwrap_err();
}

#[tokio::test]
async fn expired_client_is_refused() {
    let pki = Pki::new();
    let client = issued(pki.path(), "old", |params| {
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    });
    asked(&pki, "", Some(&client)).await.unwrap_err();
}

#[tokio::test]
async fn self_signed_client_is_let_in_by_its_pin_only() {
    let pki = Pki::new();
    // As vCenter and KES make them: self-signed, and a CA.
    let make = |params: &mut rcgen::CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    };
    let pinned = self_signed(pki.path(), "pinned", make);
    let stranger = self_signed(pki.path(), "stranger", make);
    let pin = format!(
        "[[tls.pinned_client]]\nname = \"vcenter\"\nsha256 = \"{}\"\nscope = \"other\"",
        fingerprint(&pinned)
    );
    let either = format!("{TLS}client_auth = \"chain-or-pinned\"\n{pin}");
    assert!(asked(&pki, &either, Some(&pinned)).await.unwrap().starts_with("other "));
    asked(&pki, &either, Some(&stranger)).await.unwrap_err();
    let by_chain = pki.client("demo");
    assert!(asked(&pki, &either, Some(&by_chain)).await.unwrap().starts_with("demo "));

    let tls = TLS.replace("client_ca = [\"ca.pem\"]", "client_auth = \"pinned\"");
    let only = format!("{tls}{pin}");
    assert!(asked(&pki, &only, Some(&pinned)).await.unwrap().starts_with("other "));
    asked(&pki, &only, Some(&by_chain)).await.unwrap_err();
}

#[tokio::test]
async fn client_without_extended_key_usage_is_let_in_unless_configured_otherwise() {
    let pki = Pki::new();
    let client = issued(pki.path(), "plain", |_| ());
    asked(&pki, "", Some(&client)).await.unwrap();
    let strict = format!("{TLS}allow_client_without_eku = false");
    asked(&pki, &strict, Some(&client)).await.unwrap_err();
    asked(&pki, &strict, Some(&pki.client("demo"))).await.unwrap();
}

#[tokio::test]
async fn server_certificate_is_refused_as_a_client() {
    let pki = Pki::new();
    let client = issued(pki.path(), "web", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    asked(&pki, "", Some(&client)).await.unwrap_err();
}

#[tokio::test]
async fn ca_certificate_is_let_in_only_where_configured_and_only_if_it_is_the_trusted_one() {
    let pki = Pki::new();
    let make = |params: &mut rcgen::CertificateParams| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    };
    let trusted = self_signed(pki.path(), "appliance", make);
    let tls = TLS.replace("\"ca.pem\"", "\"ca.pem\", \"appliance.pem\"");
    asked(&pki, &tls, Some(&trusted)).await.unwrap_err();
    let allowed = format!("{tls}allow_ca_leaf = true");
    assert!(asked(&pki, &allowed, Some(&trusted)).await.unwrap().starts_with("demo "));
    // The same name, but another key: the signature does not fit the trusted one.
    std::fs::create_dir(pki.path().join("forged")).unwrap();
    let forged = self_signed(&pki.path().join("forged"), "appliance", make);
    asked(&pki, &allowed, Some(&forged)).await.unwrap_err();
}

#[tokio::test]
async fn resumed_session_knows_its_client() {
    let pki = Pki::new();
    let client = pki.client("demo");
    let server = TestServer::start(&pki.config(""));
    for version in BOTH {
        let connector = pki.connector(Some(&client), &[version]);
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut stream = connect(server.addr, connector.clone()).await.unwrap();
            let who = exchange(&mut stream, b"w").await.unwrap();
            assert!(who.starts_with(b"demo "));
            let kind = stream.get_ref().1.handshake_kind().unwrap();
            // TLS 1.3 may ask for another key share first, which is a full handshake as well.
            let full = kind != HandshakeKind::Resumed;
            assert_eq!(full, expected == HandshakeKind::Full, "{version:?}: {kind:?}");
        }
    }
}

#[tokio::test]
async fn resumption_is_off_where_configured() {
    let pki = Pki::new();
    let client = pki.client("demo");
    let server = TestServer::start(&pki.config(&format!("{TLS}session_resumption = false")));
    for version in BOTH {
        let connector = pki.connector(Some(&client), &[version]);
        for _ in 0..2 {
            let mut stream = connect(server.addr, connector.clone()).await.unwrap();
            exchange(&mut stream, b"w").await.unwrap();
            assert_ne!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
        }
    }
}
