//! Query claims what there is, and no more.

use kmip_core::payload::ValidationInformation;
use kmip_core::types::{
    Operation, ProfileName, ProtocolVersion, QueryFunction, Tag, ValidationAuthorityType,
    ValidationType,
};
use server::services::{About, Bounds};

use crate::support::tree::{Read, enumeration};
use crate::support::{Client, World};

fn claims(client: &Client<'_>) -> Vec<ProfileName> {
    let asked = vec![enumeration(Tag::QueryFunction, QueryFunction::QueryProfiles.0)];
    let answer = client.ok(Operation::Query, asked);
    let told = answer.all(Tag::ProfileInformation).into_iter();
    told.map(|profile| ProfileName(profile.get(Tag::ProfileName).as_number())).collect()
}

#[test]
fn profiles_are_claimed_where_what_they_ask_for_is_there() {
    const OPAQUE: ProfileName = ProfileName::OpaqueManagedObjectStoreServerKMIPV1_0;
    const TAPE: ProfileName = ProfileName::TapeLibraryServerKMIPV1_4;
    const LIFECYCLE: ProfileName = ProfileName::SymmetricKeyLifecycleServerKMIPV1_2;
    const HTTPS: ProfileName = ProfileName::HTTPSServerKMIPV1_4;
    let whole = Bounds { allow_3des: true, ..Bounds::default() };
    let narrow = Bounds { max_batch_items: 31, ..Bounds::default() };
    for (bounds, expected, missing) in [
        (whole, vec![OPAQUE, TAPE, LIFECYCLE], vec![HTTPS]),
        (Bounds::default(), vec![OPAQUE, TAPE], vec![LIFECYCLE, HTTPS]),
        (narrow, vec![OPAQUE], vec![TAPE, LIFECYCLE, HTTPS]),
    ] {
        let world = World::bounded(bounds);
        let claims = claims(&world.demo());
        assert!(expected.iter().all(|name| claims.contains(name)), "{claims:?}");
        assert!(!missing.iter().any(|name| claims.contains(name)), "{claims:?}");
    }
    let world = World::bounded(whole);
    let third = claims(&world.demo().at(ProtocolVersion::V1_3));
    assert!(third.contains(&LIFECYCLE) && !third.contains(&TAPE), "1.3 has no word for 1.4");
    world.token.set_unavailable(true);
    let away = claims(&world.demo());
    assert!(away.contains(&OPAQUE) && !away.contains(&LIFECYCLE), "{away:?}");
}

#[test]
fn what_the_operator_states_of_the_token_is_told_and_https_claimed() {
    let validation = ValidationInformation {
        authority_type: ValidationAuthorityType::NISTCMVP,
        authority_country: Some("US".to_owned()),
        authority_uri: None,
        version_major: 3,
        version_minor: None,
        validation_type: ValidationType::Hardware,
        level: 3,
        certificate_identifier: Some("4703".to_owned()),
        certificate_uri: None,
        vendor_uri: None,
        profiles: Vec::new(),
    };
    let asked = || vec![enumeration(Tag::QueryFunction, QueryFunction::QueryValidations.0)];
    let world = World::new();
    assert!(!world.demo().ok(Operation::Query, asked()).has(Tag::ValidationInformation));
    let world = world.known_as(About { https: true, validations: vec![validation] });
    let answer = world.demo().ok(Operation::Query, asked());
    let told = answer.get(Tag::ValidationInformation);
    assert_eq!(told.get(Tag::ValidationLevel).as_integer(), 3);
    assert_eq!(told.text(Tag::ValidationCertificateIdentifier), "4703");
    assert!(claims(&world.demo()).contains(&ProfileName::JSONServerKMIPV1_4));
}
