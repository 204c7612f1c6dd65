//! `[[scope]]`: the credentials that its clients prove besides their certificate.

use argon2::password_hash::phc::PasswordHash;

use super::check::Checked;
use super::error::Problem;
use super::raw::{RawCredentials, RawDevice, RawScope, RawUser};

/// What a scope does with the credentials of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CredentialDemand {
    /// It does not look at them.
    #[default]
    Ignored,
    /// Those that come must be right.
    Checked,
    /// One must come, and all that come must be right.
    Required,
}

/// The credentials of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialsConfig {
    /// What is done with them; without it the lists are empty.
    pub demand: CredentialDemand,
    /// Users, no two of the same name.
    pub users: Vec<UserConfig>,
    /// Devices.
    pub devices: Vec<DeviceConfig>,
}

/// A user with a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserConfig {
    /// Its name.
    pub username: String,
    /// Argon2 hash of its password, in PHC form.
    pub password_hash: String,
}

/// A device; the fields that are given must be the client's, at least one is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceConfig {
    /// Device Serial Number.
    pub device_serial_number: Option<String>,
    /// Device Identifier.
    pub device_identifier: Option<String>,
    /// Network Identifier.
    pub network_identifier: Option<String>,
    /// Machine Identifier.
    pub machine_identifier: Option<String>,
    /// Media Identifier.
    pub media_identifier: Option<String>,
    /// Argon2 hash of its password, in PHC form.
    pub password_hash: Option<String>,
}

/// Checks the credentials of the scope that stands under `key`.
pub(super) fn checked(key: &str, raw: RawScope) -> Checked<CredentialsConfig> {
    let demand = match raw.credentials {
        RawCredentials::Ignored => CredentialDemand::Ignored,
        RawCredentials::Checked => CredentialDemand::Checked,
        RawCredentials::Required => CredentialDemand::Required,
    };
    let nobody = raw.user.is_empty() && raw.device.is_empty();
    if (demand == CredentialDemand::Ignored) != nobody {
        let text = match demand {
            CredentialDemand::Ignored => "is \"ignored\", so that users and devices have no effect",
            CredentialDemand::Checked | CredentialDemand::Required => {
                "needs at least one [[scope.user]] or [[scope.device]]"
            }
        };
        return Err(Problem::new(format!("{key}.credentials"), text));
    }
    Ok(CredentialsConfig {
        demand,
        users: users(key, raw.user)?,
        devices: raw
            .device
            .into_iter()
            .enumerate()
            .map(|d| device(key, d))
            .collect::<Checked<_>>()?,
    })
}

fn users(key: &str, raw: Vec<RawUser>) -> Checked<Vec<UserConfig>> {
    let mut users = Vec::<UserConfig>::with_capacity(raw.len());
    for (index, RawUser { username, password_hash }) in raw.into_iter().enumerate() {
        let key = format!("{key}.user[{index}]");
        if users.iter().any(|other| other.username == username) {
            let text = format!("a second user named {username:?}");
            return Err(Problem::new(format!("{key}.username"), text));
        }
        argon2_hash(&key, &password_hash)?;
        users.push(UserConfig { username, password_hash });
    }
    Ok(users)
}

fn device(key: &str, (index, raw): (usize, RawDevice)) -> Checked<DeviceConfig> {
    let key = format!("{key}.device[{index}]");
    let RawDevice {
        device_serial_number,
        device_identifier,
        network_identifier,
        machine_identifier,
        media_identifier,
        password_hash,
    } = raw;
    password_hash.iter().try_for_each(|hash| argon2_hash(&key, hash))?;
    let described = [
        &device_serial_number,
        &device_identifier,
        &network_identifier,
        &machine_identifier,
        &media_identifier,
    ];
    if described.iter().all(|field| field.is_none()) {
        return Err(Problem::new(key, "needs a serial number or another identifier"));
    }
    Ok(DeviceConfig {
        device_serial_number,
        device_identifier,
        network_identifier,
        machine_identifier,
        media_identifier,
        password_hash,
    })
}

fn argon2_hash(key: &str, hash: &str) -> Checked<()> {
    let readable = PasswordHash::new(hash).is_ok_and(|hash| {
        hash.hash.is_some() && hash.salt.is_some() && argon2::Params::try_from(&hash).is_ok()
    });
    if readable {
        return Ok(());
    }
    // The hash itself is not repeated: somebody may have written a password here.
    let text = "is no Argon2 hash; `claviger hash-password` makes one";
    Err(Problem::new(format!("{key}.password_hash"), text))
}
