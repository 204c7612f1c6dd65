use argon2::password_hash::PasswordHasher;
use kmip_core::types::CredentialType;

use super::*;
use crate::config::UserConfig;

fn hash(password: &str) -> String {
    let quick = argon2::Params::new(8, 1, 1, None).unwrap();
    Argon2::from(quick).hash_password(password.as_bytes()).unwrap().to_string()
}

fn credentials(demand: CredentialDemand) -> Credentials {
    let user = |username: &str, password: &str| UserConfig {
        username: username.to_owned(),
        password_hash: hash(password),
    };
    let shelf = DeviceConfig {
        device_serial_number: Some("A1".to_owned()),
        machine_identifier: Some("shelf".to_owned()),
        ..DeviceConfig::default()
    };
    let drive = DeviceConfig {
        device_identifier: Some("drive".to_owned()),
        password_hash: Some(hash("spin")),
        ..DeviceConfig::default()
    };
    let users = vec![user("ann", "sesame"), user("bob", "")];
    Credentials::new(&CredentialsConfig { demand, users, devices: vec![shelf, drive] }).unwrap()
}

fn user(username: &str, password: Option<&str>) -> Credential {
    let value =
        UsernameAndPassword { username: username.to_owned(), password: password.map(Into::into) };
    Credential {
        credential_type: CredentialType::UsernameAndPassword,
        credential_value: CredentialValue::UsernameAndPassword(value),
    }
}

fn device(value: DeviceCredential) -> Credential {
    Credential {
        credential_type: CredentialType::Device,
        credential_value: CredentialValue::Device(value),
    }
}

fn unknown() -> DeviceCredential {
    DeviceCredential {
        device_serial_number: None,
        password: None,
        device_identifier: None,
        network_identifier: None,
        machine_identifier: None,
        media_identifier: None,
    }
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn user_is_known_by_name_and_password_both() {
    let credentials = credentials(CredentialDemand::Required);
    let check = |name, password| credentials.check(&[user(name, password)], false);
    for _ in 0..2 {
        assert_eq!(check("ann", Some("sesame")), Ok(()), "and again, when it is remembered");
        for (name, password) in [
            ("ann", Some("Sesame")),
            ("ann", Some("")),
            ("ann", None),
            ("bob", Some("sesame")),
            ("carol", Some("sesame")),
            ("Ann", Some("sesame")),
            ("", Some("sesame")),
        ] {
            assert_eq!(check(name, password), Err(NotAuthentic::Wrong), "{name} {password:?}");
        }
    }
}

#[test]
fn device_is_known_by_every_field_that_is_configured() {
    let credentials = credentials(CredentialDemand::Required);
    let check = |value| credentials.check(&[device(value)], false);
    let shelf = || DeviceCredential {
        device_serial_number: text("A1"),
        machine_identifier: text("shelf"),
        network_identifier: text("whatever"),
        ..unknown()
    };
    assert_eq!(check(shelf()), Ok(()));
    for wrong in [
        DeviceCredential { device_serial_number: text("A2"), ..shelf() },
        DeviceCredential { machine_identifier: None, ..shelf() },
        unknown(),
    ] {
        assert_eq!(check(wrong.clone()), Err(NotAuthentic::Wrong), "{wrong:?}");
    }
    let drive = |password: Option<&str>| DeviceCredential {
        device_identifier: text("drive"),
        password: password.map(Into::into),
        ..unknown()
    };
    assert_eq!(check(drive(Some("spin"))), Ok(()));
    assert_eq!(check(drive(Some("stop"))), Err(NotAuthentic::Wrong));
    assert_eq!(check(drive(None)), Err(NotAuthentic::Wrong));
}

#[test]
fn demand_decides_what_is_missing_and_what_is_looked_at() {
    let good = || user("ann", Some("sesame"));
    let bad = || user("ann", Some("x"));
    let (absent, wrong) = (Err(NotAuthentic::Absent), Err(NotAuthentic::Wrong));
    for (demand, given, open, outcome) in [
        (CredentialDemand::Ignored, vec![], false, Ok(())),
        (CredentialDemand::Ignored, vec![bad()], false, Ok(())),
        (CredentialDemand::Checked, vec![], false, Ok(())),
        (CredentialDemand::Checked, vec![bad()], false, wrong),
        (CredentialDemand::Checked, vec![bad()], true, wrong),
        (CredentialDemand::Required, vec![], false, absent),
        (CredentialDemand::Required, vec![], true, Ok(())),
        (CredentialDemand::Required, vec![good()], false, Ok(())),
        (CredentialDemand::Required, vec![good(), bad()], false, wrong),
    ] {
        assert_eq!(credentials(demand).check(&given, open), outcome, "{demand:?} {given:?}");
    }
}

#[test]
fn credential_that_cannot_be_checked_is_none() {
    let other = Credential {
        credential_type: CredentialType(0x8000_0001),
        credential_value: CredentialValue::Other(kmip_core::ttlv::Value::TextString(
            "x".to_owned(),
        )),
    };
    let outcome = credentials(CredentialDemand::Checked).check(&[other], false);
    assert_eq!(outcome, Err(NotAuthentic::Kind));
}

#[test]
fn known_password_waits_for_no_guess() {
    let password = std::sync::Arc::new(Password::new(&hash("sesame"), [7; 32]));
    assert!(password.is(b"sesame"));
    let _guess = password.trying.lock().unwrap();
    let (answered, answer) = std::sync::mpsc::channel();
    let known = std::sync::Arc::clone(&password);
    std::thread::spawn(move || answered.send(known.is(b"sesame")));
    assert_eq!(answer.recv_timeout(std::time::Duration::from_secs(20)), Ok(true));
}
