//! What operations work with: store, token, clock, rules. One per server.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hsm_backend::HsmBackend;
use kmip_core::attribute::UniqueIdentifier;
use kmip_core::payload::ValidationInformation;
use kmip_core::ttlv::Interval;
use sha2::{Digest, Sha256};

use crate::asynchronous::InHand;
use crate::audit::Audit;
use crate::authn::Credentials;
use crate::bell::Bell;
use crate::ca::Authority;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::invocations::Invocations;
use crate::keyring::Keyring;
use crate::metrics::Metrics;
use crate::object::Scope;
use crate::sealing::Sealer;
use crate::store::ObjectStore;
use crate::streams::Streams;
use crate::trust::Trust;

/// Bounds on what one request may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Items in one batch.
    pub max_batch_items: usize,
    /// Attribute instances on one object.
    pub max_attributes_per_object: usize,
    /// Identifiers in one Locate response.
    pub max_locate_items: usize,
    /// Bytes of data in one cryptographic operation.
    pub max_data_bytes: usize,
    /// Longest lease on an object.
    pub max_lease: Interval,
    /// Operations kept of one scope that went on after their request was answered.
    pub max_async_per_scope: usize,
    /// Of all scopes.
    pub max_async: usize,
    /// How long what became of them is kept.
    pub async_result: Interval,
    /// HMACs that one derivation by PBKDF2 may take: its iterations, for each block of output.
    pub max_derivation_iterations: usize,
    /// How far the Time Stamp of a request may be from the server's clock, where that is checked.
    pub max_clock_skew: Option<Interval>,
    /// Shortest RSA modulus that is made or taken, in bits.
    pub rsa_min_bits: u32,
    /// Longest.
    pub rsa_max_bits: u32,
    /// Whether 3DES keys are made and taken into the token.
    pub allow_3des: bool,
    /// How long a token call may take.
    pub operation_timeout: Duration,
    /// How long making a key may take.
    pub keygen_timeout: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_batch_items: 100,
            max_attributes_per_object: 256,
            max_locate_items: 1_000,
            max_data_bytes: 1 << 20,
            max_lease: Interval(3_600),
            max_async_per_scope: 100,
            max_async: 1_000,
            async_result: Interval(3_600),
            max_derivation_iterations: 2_000_000,
            max_clock_skew: None,
            rsa_min_bits: 2_048,
            rsa_max_bits: 4_096,
            allow_3des: false,
            operation_timeout: Duration::from_secs(10),
            keygen_timeout: Duration::from_secs(60),
        }
    }
}

/// What the server is, where no table of its own tells: Query does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Whether KMIP over HTTPS is served.
    pub https: bool,
    /// Validations of the token, as its operator states them.
    pub validations: Vec<ValidationInformation>,
}

/// What the operations share.
pub struct Services {
    /// Objects.
    pub store: Arc<dyn ObjectStore>,
    /// The token.
    pub hsm: Arc<dyn HsmBackend>,
    /// The server's own keys.
    pub keyring: Arc<Keyring>,
    /// The server's own CA.
    pub ca: Authority,
    /// Seals values that no token takes as a key.
    pub sealer: Sealer,
    /// Whom the server lets in, and the CA that says so.
    pub trust: Arc<Trust>,
    /// Scopes, roles and credentials.
    pub directory: Arc<Directory>,
    /// What clients prove besides their certificate, by scope; nothing in a scope without an entry.
    pub credentials: BTreeMap<Scope, Credentials>,
    /// Bounds.
    pub bounds: Bounds,
    /// Where what is done is recorded.
    pub audit: Arc<Audit>,
    /// What Query tells.
    pub about: About,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// This server instance, as owner of leases.
    pub instance: String,
    /// Whose turn it is in each Object Group.
    pub rotation: GroupRotation,
    /// Numbers of constructed IVs.
    pub invocations: Invocations,
    /// Operations that go on after their request was answered.
    pub asynchronous: InHand,
    /// Operations of which some parts have come.
    pub streams: Streams,
    /// Held while a key moves between custodies.
    pub moves: Mutex<()>,
    /// What is counted and measured.
    pub metrics: Arc<Metrics>,
    /// Wakes the housekeeping.
    pub bell: Arc<Bell>,
    /// Numbers the requests.
    pub requests: AtomicU64,
}

impl Services {
    /// A number for the next request.
    pub fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }
}

/// Groups whose turn is remembered; beyond that all begin anew.
const MAX_GROUPS: usize = 10_000;

/// Hands out the members of Object Groups in turn (Locate with Group Member Default).
///
/// Kept in memory: after a restart every group begins anew, which the specification allows. A group is
/// known by the SHA-256 of its name, which may be as long as a message.
#[derive(Debug, Default)]
pub struct GroupRotation(Mutex<HashMap<(Scope, [u8; 32]), UniqueIdentifier>>);

impl GroupRotation {
    /// Which of `members` (in a fixed order) has its turn: the one after the last handed out, the
    /// first if that one is gone.
    pub fn next(&self, scope: &Scope, group: &str, members: &[UniqueIdentifier]) -> usize {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (scope.clone(), Sha256::digest(group).into());
        let last = turns.get(&key).and_then(|uid| members.iter().position(|member| member == uid));
        let turn = last.map_or(0, |place| place + 1);
        let turn = if turn < members.len() { turn } else { 0 };
        if turns.len() >= MAX_GROUPS && !turns.contains_key(&key) {
            turns.clear();
        }
        match members.get(turn) {
            Some(member) => turns.insert(key, member.clone()),
            None => turns.remove(&key),
        };
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotation_returns_to_the_first_member() {
        let rotation = GroupRotation::default();
        let scope = Scope::new("s");
        let members = ["a", "b", "c"].map(UniqueIdentifier::new);
        let turns: Vec<usize> = (0..4).map(|_| rotation.next(&scope, "g", &members)).collect();
        assert_eq!(turns, [0, 1, 2, 0]);
        assert_eq!(rotation.next(&scope, "other", &members), 0);
        assert_eq!(rotation.next(&scope, "g", &members[1..]), 0, "the last one is gone");
        assert_eq!(rotation.next(&scope, "g", &[]), 0);
    }

    #[test]
    fn rotation_remembers_no_more_groups_than_it_may() {
        let rotation = GroupRotation::default();
        let members = ["a"].map(UniqueIdentifier::new);
        for group in 0..=MAX_GROUPS {
            rotation.next(&Scope::new("s"), &group.to_string(), &members);
        }
        assert_eq!(rotation.0.lock().unwrap().len(), 1);
    }
}
