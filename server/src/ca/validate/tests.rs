//! Chains, valid and not.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, GeneralSubtree, IsCa, KeyPair,
    KeyUsagePurpose, NameConstraints, date_time_ymd,
};

use super::*;

/// Within the dates that certificates of these tests have unless they say otherwise.
const NOW: i64 = 1_700_000_000;

/// A certificate and its key.
struct Holder {
    issuer: rcgen::Issuer<'static, KeyPair>,
    certificate: ReadCertificate,
}

fn end(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn ca(name: &str) -> CertificateParams {
    let mut params = end(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn root(params: CertificateParams) -> Holder {
    let key = KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    let certificate = ReadCertificate::read(made.der()).unwrap();
    Holder { issuer: rcgen::Issuer::new(params, key), certificate }
}

fn below(above: &Holder, params: CertificateParams) -> Holder {
    let key = KeyPair::generate().unwrap();
    let made = params.signed_by(&key, &above.issuer).unwrap();
    let certificate = ReadCertificate::read(made.der()).unwrap();
    Holder { issuer: rcgen::Issuer::new(params, key), certificate }
}

fn judge(chain: &[&Holder]) -> Verdict {
    judge_at(chain, NOW)
}

fn judge_at(chain: &[&Holder], at: i64) -> Verdict {
    let chain: Vec<_> = chain.iter().map(|holder| holder.certificate.clone()).collect();
    validate(&chain, &[], at)
}

#[test]
fn chain_holds_in_any_order_and_however_often_its_links_are_given() {
    let top = root(ca("top"));
    let middle = below(&top, ca("middle"));
    let last = below(&middle, end("last"));
    for chain in [[&last, &middle, &top], [&top, &middle, &last], [&middle, &last, &top]] {
        assert_eq!(judge(&chain), Verdict::Valid);
    }
    assert_eq!(judge(&[&top, &last, &top, &middle, &last]), Verdict::Valid);
    assert_eq!(judge(&[&top]), Verdict::Valid);
}

#[test]
fn chain_without_its_end_is_unknown_unless_the_end_is_an_anchor() {
    let top = root(ca("top"));
    let middle = below(&top, ca("middle"));
    let last = below(&middle, end("last"));
    assert_eq!(judge(&[&last, &middle]), Verdict::Unknown);
    assert_eq!(judge(&[&last]), Verdict::Unknown);
    let chain = [last.certificate, middle.certificate];
    assert_eq!(validate(&chain, &[top.certificate], NOW), Verdict::Valid);
}

#[test]
fn certificates_of_two_chains_are_none() {
    let (one, other) = (root(ca("one")), root(ca("other")));
    assert_eq!(judge(&[&one, &other]), Verdict::Invalid);
    let (left, right) = (below(&one, end("left")), below(&one, end("right")));
    assert_eq!(judge(&[&one, &left, &right]), Verdict::Invalid);
}

#[test]
fn every_certificate_must_be_valid_at_the_date() {
    let dated = |mut params: CertificateParams, from, to| {
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        params
    };
    let top = root(dated(ca("top"), 2020, 2040));
    let middle = below(&top, dated(ca("middle"), 2022, 2030));
    let last = below(&middle, dated(end("last"), 2021, 2035));
    let at = |year| judge_at(&[&last, &middle, &top], date_time_ymd(year, 1, 1).unix_timestamp());
    assert_eq!(at(2021), Verdict::Invalid, "before the one in the middle");
    assert_eq!(at(2022), Verdict::Valid, "from its first second");
    assert_eq!(at(2030), Verdict::Valid, "to its last");
    let late = date_time_ymd(2030, 1, 1).unix_timestamp() + 1;
    assert_eq!(judge_at(&[&last, &middle, &top], late), Verdict::Invalid);
    assert_eq!(judge_at(&[&last, &middle, &top], -1), Verdict::Invalid);
}

#[test]
fn issuer_must_be_a_ca() {
    let top = root(ca("top"));
    let plain = below(&top, end("plain"));
    let mut params = end("no constraints");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let unconstrained = below(&top, params);
    let mut params = ca("other use");
    params.key_usages = vec![KeyUsagePurpose::CrlSign];
    let other_use = below(&top, params);
    for issuer in [&plain, &unconstrained, &other_use] {
        let last = below(issuer, end("last"));
        assert_eq!(judge(&[&last, issuer, &top]), Verdict::Invalid);
    }
    let mut params = ca("any use");
    params.key_usages = Vec::new();
    let any_use = below(&top, params);
    let last = below(&any_use, end("last"));
    assert_eq!(judge(&[&last, &any_use, &top]), Verdict::Valid);
}

#[test]
fn path_may_be_as_long_as_each_ca_above_allows() {
    let limited = |name, longest| {
        let mut params = ca(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(longest));
        params
    };
    let top = root(limited("top", 1));
    let middle = below(&top, ca("middle"));
    let low = below(&middle, ca("low"));
    let last = below(&middle, end("last"));
    assert_eq!(judge(&[&last, &middle, &top]), Verdict::Valid);
    assert_eq!(judge(&[&low, &middle, &top]), Verdict::Valid, "the last may be a CA");
    let last = below(&low, end("last"));
    assert_eq!(judge(&[&last, &low, &middle, &top]), Verdict::Invalid);
    let strict = below(&top, limited("strict", 0));
    let low = below(&strict, ca("low"));
    let last = below(&low, end("last"));
    assert_eq!(judge(&[&last, &low, &strict, &top]), Verdict::Invalid);
}

#[test]
fn issuer_by_name_alone_is_none() {
    let (top, impostor) = (root(ca("top")), root(ca("top")));
    let last = below(&top, end("last"));
    assert_eq!(judge(&[&last, &impostor]), Verdict::Invalid);
    assert_eq!(judge(&[&last, &impostor, &top]), Verdict::Valid, "the right one is found");
    let mut params = end("last");
    params.use_authority_key_identifier_extension = true;
    let last = below(&top, params);
    assert_eq!(judge(&[&last, &impostor]), Verdict::Unknown, "it means another key");
}

#[test]
fn tampered_certificate_is_invalid() {
    let top = root(ca("top"));
    let last = below(&top, end("last"));
    let mut der = last.certificate.der().to_vec();
    let place = der.windows(4).position(|bytes| bytes == b"last").unwrap();
    der[place] ^= 1;
    let chain = [ReadCertificate::read(&der).unwrap(), top.certificate];
    assert_eq!(validate(&chain, &[], NOW), Verdict::Invalid);
}

#[test]
fn extension_that_is_not_understood_leaves_the_verdict_open_if_it_is_critical() {
    let top = root(ca("top"));
    for (critical, verdict) in [(true, Verdict::Unknown), (false, Verdict::Valid)] {
        let mut own = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 1, 99], vec![5, 0]);
        own.set_criticality(critical);
        let mut params = end("last");
        params.custom_extensions = vec![own];
        assert_eq!(judge(&[&below(&top, params), &top]), verdict);
    }
}

#[test]
fn name_constraints_leave_the_verdict_open() {
    let top = root(ca("top"));
    let mut params = ca("middle");
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.com".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let middle = below(&top, params);
    let last = below(&middle, end("last"));
    assert_eq!(judge(&[&last, &middle, &top]), Verdict::Unknown);
}

#[test]
fn extension_that_is_there_twice_is_invalid() {
    let top = root(ca("top"));
    let mut params = end("last");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let usage = CustomExtension::from_oid_content(&[2, 5, 29, 15], vec![3, 2, 2, 4]);
    params.custom_extensions = vec![usage];
    assert_eq!(judge(&[&below(&top, params), &top]), Verdict::Invalid);
}

/// Certificates that issue each other crosswise have more paths than there is time for.
#[test]
fn maze_of_certificates_is_given_up() {
    let key = KeyPair::generate().unwrap();
    let issuer =
        |name| rcgen::Issuer::new(ca(name), KeyPair::try_from(key.serialize_der()).unwrap());
    let (left, right) = (issuer("left"), issuer("right"));
    let mut chain = Vec::new();
    for serial in 0..14_u8 {
        for (own, above) in [("left", &right), ("right", &left)] {
            let mut params = ca(own);
            params.serial_number = Some(rcgen::SerialNumber::from(vec![1, serial]));
            let made = params.signed_by(&key, above).unwrap();
            chain.push(ReadCertificate::read(made.der()).unwrap());
        }
    }
    let last = end("last").signed_by(&KeyPair::generate().unwrap(), &left).unwrap();
    chain.push(ReadCertificate::read(last.der()).unwrap());
    assert_eq!(validate(&chain, &[], NOW), Verdict::Unknown);
}
