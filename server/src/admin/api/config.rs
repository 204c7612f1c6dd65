//! `kmip/config`: how KMIP is served, as far as it can be changed while it is.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::context;
use super::credential::of_ca;
use super::role::client_key;
use crate::admin::gate::Call;
use crate::admin::loose::{Period, Whole, Words};
use crate::admin::route::{Data, Done, NoFields};
use crate::admin::settings::Kept;
use crate::admin::{Failure, Plane};
use crate::directory::ClientKey;
use crate::trust::ServerNames;

/// Longest time for a handshake: a minute.
const MAX_HANDSHAKE_MS: u128 = 60_000;

/// What is to be changed. A field that is absent stays as it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct ConfigWish {
    /// Addresses to listen on, in place of `server.kmip_addr`; empty for that.
    listen_addrs: Option<Words>,
    /// From accepting a connection to the end of its TLS handshake, in place of
    /// `server.handshake_timeout_ms`; 0 for that.
    connection_timeout: Option<Period>,
    /// Names in the server's own certificate.
    server_hostnames: Option<Words>,
    /// Addresses in it.
    server_ips: Option<Words>,
    /// Key of CAs that are made from now on: ec, rsa or ed25519.
    tls_ca_key_type: Option<String>,
    /// Its length in bits.
    tls_ca_key_bits: Option<Whole>,
    /// Only what the configuration says: tls12 or tls13.
    tls_min_version: Option<String>,
    /// Only tls13.
    tls_max_version: Option<String>,
    /// Key of certificates of clients whose role says nothing: ec, rsa or ed25519.
    default_tls_client_key_type: Option<String>,
    /// Its length in bits.
    default_tls_client_key_bits: Option<Whole>,
    /// How long they are valid; 0 for a day.
    default_tls_client_ttl: Option<Period>,
}

/// How KMIP is served.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::admin) struct ConfigBody {
    /// Addresses that are listened on.
    listen_addrs: Vec<SocketAddr>,
    /// From accepting a connection to the end of its TLS handshake.
    connection_timeout: Period,
    /// Names in the server's own certificate, where it has one of the internal CA.
    server_hostnames: Vec<String>,
    /// Addresses in it.
    server_ips: Vec<std::net::IpAddr>,
    /// Key of CAs that are made from now on.
    tls_ca_key_type: &'static str,
    /// Its length in bits.
    tls_ca_key_bits: u32,
    /// Lowest version of TLS.
    tls_min_version: &'static str,
    /// Highest version of TLS.
    tls_max_version: &'static str,
    /// Key of certificates of clients whose role says nothing.
    default_tls_client_key_type: &'static str,
    /// Its length in bits.
    default_tls_client_key_bits: u32,
    /// How long they are valid, in seconds.
    default_tls_client_ttl: u32,
}

/// How KMIP is served.
pub(in crate::admin) fn show(call: &Call<'_>, _: NoFields) -> Result<Data<ConfigBody>, Failure> {
    let services = &*call.plane.services;
    let defaults = call.plane.settings()?;
    let names = services.trust.names().map_err(of_ca)?;
    let ca_key = services.trust.ca().key_kind().map_err(of_ca)?;
    Ok(Data::new(ConfigBody {
        listen_addrs: call.plane.listener.local_addrs(),
        connection_timeout: Period(call.plane.listener.handshake_timeout()),
        server_hostnames: names.hosts,
        server_ips: names.ips,
        tls_ca_key_type: ca_key.key_type(),
        tls_ca_key_bits: ca_key.bits(),
        tls_min_version: min_version(call.plane),
        tls_max_version: "tls13",
        default_tls_client_key_type: defaults.client_key.key_type(),
        default_tls_client_key_bits: defaults.client_key.bits(),
        default_tls_client_ttl: defaults.client_ttl_seconds,
    }))
}

fn min_version(plane: &Plane) -> &'static str {
    if plane.services.trust.gate().config().allow_tls12 { "tls12" } else { "tls13" }
}

fn read_all<T: std::str::FromStr>(field: &str, words: &Words) -> Result<Vec<T>, Failure> {
    let read = |text: &String| {
        text.parse().map_err(|_| Failure::bad(format!("{field}: {text:?} is no address")))
    };
    words.0.iter().map(read).collect()
}

/// Everything that is wished, checked.
struct Checked {
    kept: Kept,
    names: Option<ServerNames>,
    ca_key: Option<ClientKey>,
}

impl ConfigWish {
    fn check(&self, plane: &Plane) -> Result<Checked, Failure> {
        let mut kept = Kept::read(&*plane.services.store)?;
        if let Some(words) = &self.listen_addrs {
            let addrs: Vec<SocketAddr> = read_all("listen_addrs", words)?;
            kept.listen_addrs = Some(addrs).filter(|addrs| !addrs.is_empty());
        }
        if let Some(Period(timeout)) = self.connection_timeout {
            if timeout.as_millis() > MAX_HANDSHAKE_MS {
                return Err(Failure::bad("connection_timeout is a minute at most"));
            }
            let ms = u64::try_from(timeout.as_millis()).ok().filter(|ms| *ms != 0);
            kept.connection_timeout_ms = ms;
        }
        self.check_versions(plane)?;
        let before = kept.client_defaults().client_key;
        let key_type = self.default_tls_client_key_type.as_deref();
        let key = client_key(key_type, self.default_tls_client_key_bits, Some(before))?;
        kept.client_key = key.map(|key| (key.key_type().to_owned(), key.bits()));
        if let Some(ttl) = self.default_tls_client_ttl {
            kept.client_ttl_seconds = Some(ttl.seconds()).filter(|seconds| *seconds != 0);
        }
        let trust = &plane.services.trust;
        let ca_key = trust.ca().key_kind().map_err(of_ca)?;
        let wish = client_key(self.tls_ca_key_type.as_deref(), self.tls_ca_key_bits, Some(ca_key))?;
        Ok(Checked { kept, names: self.names(plane)?, ca_key: wish.filter(|key| *key != ca_key) })
    }

    fn check_versions(&self, plane: &Plane) -> Result<(), Failure> {
        let min = min_version(plane);
        if self.tls_min_version.as_deref().is_some_and(|version| version != min) {
            let text = format!("tls_min_version is {min}: tls.min_version in the configuration");
            return Err(Failure::bad(text));
        }
        if self.tls_max_version.as_deref().is_some_and(|version| version != "tls13") {
            return Err(Failure::bad("tls_max_version is tls13"));
        }
        Ok(())
    }

    fn names(&self, plane: &Plane) -> Result<Option<ServerNames>, Failure> {
        if self.server_hostnames.is_none() && self.server_ips.is_none() {
            return Ok(None);
        }
        let mut names = plane.services.trust.names().map_err(of_ca)?;
        if let Some(hosts) = &self.server_hostnames {
            if let Some(wrong) = hosts.0.iter().find(|host| !ServerNames::is_host(host)) {
                return Err(Failure::bad(format!("server_hostnames: {wrong:?} is no host name")));
            }
            names.hosts.clone_from(&hosts.0);
        }
        if let Some(ips) = &self.server_ips {
            names.ips = read_all("server_ips", ips)?;
        }
        Ok(Some(names))
    }
}

/// Changes how KMIP is served, at once and for good. All of it is checked before any of it is done.
pub(in crate::admin) fn write(call: &Call<'_>, wish: ConfigWish) -> Result<Done, Failure> {
    let plane = call.plane;
    let changing = plane.change();
    let Checked { kept, names, ca_key } = wish.check(plane)?;
    let trust = &plane.services.trust;
    if wish.listen_addrs.is_some() {
        plane.listener.listen_on(kept.listen_addrs.as_deref())?;
    }
    kept.write(&*plane.services.store)?;
    plane.listener.set_handshake_timeout(kept.connection_timeout_ms);
    if let Some(names) = names {
        trust.set_names(&names).map_err(of_ca)?;
    }
    if let Some(key) = ca_key {
        trust.ca().set_key_kind(key).map_err(of_ca)?;
    }
    drop(changing);
    // As those who know this path expect; where the token is away, the first credential does it.
    let now = plane.services.clock.now().0;
    if let Err(error) = trust.authorities(&context(&plane.services), now) {
        tracing::warn!(%error, "the CA of clients is not made yet");
    }
    plane.services.bell.ring();
    Ok(Done)
}
