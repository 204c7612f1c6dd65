//! The choke point: who asks, and whether they may. Nothing is carried out without its proof.

use std::net::SocketAddr;

use kmip_core::ttlv::DateTime;

use super::access::Policy;
use super::route::Needs;
use super::tokens::Secret;
use super::{Failure, Plane};
use crate::store::StoredToken;

/// From where a request comes.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The way it took.
    pub way: Way,
    /// Who the connection's client certificate belongs to, where it is one of `[[admin.client]]`.
    pub client: Option<AdminClient>,
}

/// The way a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The Unix socket, which only root and the server's own user can open.
    Socket,
    /// HTTPS, from this address.
    Network(SocketAddr),
}

/// A bearer of a certificate that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminClient {
    /// Its name there.
    pub name: String,
    /// What it is known by there, the SHA-256 of the certificate or of its public key.
    pub digest: [u8; 32],
    /// Its policy there.
    pub policy: Policy,
    /// Issuer of the certificate, in the text form of RFC 4514.
    pub issuer: String,
    /// Serial number of the certificate, in hexadecimal.
    pub serial: String,
    /// Until when the certificate is valid.
    pub not_after: DateTime,
}

/// Who asks.
#[derive(Debug)]
pub(super) enum Caller {
    /// Nobody that is known.
    Nobody,
    /// The bearer of a token, and the token itself.
    Token(StoredToken, Secret),
    /// The bearer of a certificate.
    Certificate(AdminClient),
    /// A user of this machine who may open the Unix socket.
    Local,
}

impl Caller {
    /// The policies it has.
    #[must_use]
    pub(super) fn policies(&self) -> Vec<Policy> {
        match self {
            Self::Nobody => Vec::new(),
            Self::Token(token, _) => {
                token.policies.iter().filter_map(|name| Policy::named(name)).collect()
            }
            Self::Certificate(client) => vec![client.policy],
            Self::Local => vec![Policy::Operator],
        }
    }

    /// What it is called in the log and in the audit record: never a token.
    #[must_use]
    pub(super) fn name(&self) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::Token(token, _) => format!("token {}", token.accessor),
            Self::Certificate(client) => format!("certificate {}", client.name),
            Self::Local => "socket".to_owned(),
        }
    }
}

/// A request that may be carried out: the proof that its caller may do what one line of the table
/// does. Only [`admit`] makes one.
pub(super) struct Call<'a> {
    /// What it works on.
    pub(super) plane: &'a Plane,
    /// Who asks.
    pub(super) caller: &'a Caller,
    /// What stands in the path for its parameters.
    parameters: Vec<(&'static str, String)>,
}

impl Call<'_> {
    /// What stands in the path for `name`; nothing for what is no parameter of it.
    pub(super) fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(one, _)| *one == name);
        found.map_or("", |(_, value)| value)
    }

    /// Whether the caller has a policy that covers `policy`.
    pub(super) fn covers(&self, policy: Policy) -> bool {
        self.caller.policies().into_iter().any(|own| own.covers(policy))
    }
}

/// Lets `caller`, who came by `way`, do what `needs` that, with these parameters of the path.
///
/// # Errors
///
/// [`Failure`], with one text for every reason.
pub(super) fn admit<'a>(
    plane: &'a Plane,
    caller: &'a Caller,
    way: Way,
    needs: Needs,
    parameters: Vec<(&'static str, String)>,
) -> Result<Call<'a>, Failure> {
    if may(caller, way, needs) {
        return Ok(Call { plane, caller, parameters });
    }
    Err(Failure::denied())
}

/// Whether `caller`, who came by `way`, gets what `needs` says.
pub(super) fn may(caller: &Caller, way: Way, needs: Needs) -> bool {
    match needs {
        Needs::Nothing => true,
        Needs::Socket => way == Way::Socket,
        Needs::Right(area, access) => {
            caller.policies().into_iter().any(|policy| policy.allows(area, access))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::{Access, Area};
    use super::*;

    const NETWORK: Way =
        Way::Network(SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1));

    #[test]
    fn nobody_gets_what_needs_a_right() {
        let needs = Needs::Right(Area::Status, Access::See);
        assert!(!may(&Caller::Nobody, Way::Socket, needs));
        assert!(may(&Caller::Nobody, NETWORK, Needs::Nothing));
    }

    #[test]
    fn socket_is_needed_whatever_the_policy() {
        let client = AdminClient {
            name: "a".to_owned(),
            digest: [0; 32],
            policy: Policy::Root,
            issuer: String::new(),
            serial: String::new(),
            not_after: DateTime(i64::MAX),
        };
        let caller = Caller::Certificate(client);
        assert!(!may(&caller, NETWORK, Needs::Socket));
        assert!(may(&Caller::Local, Way::Socket, Needs::Socket));
    }

    #[test]
    fn local_user_is_an_operator() {
        let may = |area, access| may(&Caller::Local, Way::Socket, Needs::Right(area, access));
        assert!(may(Area::Keys, Access::Change));
        assert!(!may(Area::Scopes, Access::Change));
    }
}
