//! Every request to the interface is on record: before it is carried out where it changes something,
//! and with what became of it. What is open to anybody is not.

use axum::http::StatusCode;

use super::gate::{Call, Caller, Peer, Way};
use super::route::{Fields, Needs, Reply, Route, Verb};
use super::{Failure, Plane};
use crate::audit::{Actor, Facts, Outcome, Refused, notes};

fn actor(caller: &Caller) -> Actor {
    match caller {
        Caller::Nobody => Actor::Nobody,
        Caller::Local => Actor::Operator,
        Caller::Token(token, _) => Actor::Token { accessor: token.accessor.clone() },
        Caller::Certificate(client) => {
            let (issuer, serial) = (client.issuer.clone(), client.serial.clone());
            Actor::Certificate { issuer, serial }
        }
    }
}

/// Which operation it is, its route says: a path as it was sent may hold anything.
fn operation(route: &Route) -> String {
    format!("{} {}", route.verb.method(), route.path)
}

fn peer_text(peer: &Peer) -> Option<String> {
    match peer.way {
        Way::Socket => None,
        Way::Network(addr) => Some(addr.to_string()),
    }
}

impl Plane {
    fn facts(&self, route: &Route, peer: &Peer, caller: &Caller) -> Facts {
        let services = &self.services;
        Facts {
            request: Some(format!("{}-{}", services.instance, services.next_request())),
            principal: Some(actor(caller)),
            operation: Some(operation(route)),
            peer: peer_text(peer),
            ..Facts::default()
        }
    }

    /// Carries out `route` between its records.
    pub(super) fn attend(
        &self,
        route: &Route,
        peer: &Peer,
        call: &Call<'_>,
        fields: Fields,
    ) -> Result<Reply, Failure> {
        if route.needs == Needs::Nothing {
            return route.serve(call, fields);
        }
        let named = |name| Some(call.parameter(name)).filter(|text| !text.is_empty());
        let objects = named("uid").or_else(|| named("id")).map(notes::identifier);
        let facts = Facts {
            scope: named("scope").map(notes::identifier),
            role: named("role").map(notes::identifier),
            objects: objects.into_iter().collect(),
            ..self.facts(route, peer, call.caller)
        };
        let changes = matches!(route.verb, Verb::Write | Verb::Delete);
        let verdict = |outcome: &Result<Reply, Failure>| match outcome {
            Ok(_) => (Outcome::Success, None),
            Err(failure) => (Outcome::Failed, Some(failure.status().as_u16().to_string())),
        };
        let work = || route.serve(call, fields);
        let attended = self.services.audit.attend(facts, changes, work, verdict);
        attended.unwrap_or_else(|refused: Refused| Err(Failure::unavailable(refused.to_string())))
    }

    /// Notes that somebody was not let through, without waiting until that is taken: nothing was done.
    /// Of those who are nobody, over the network, only so many a second.
    pub(super) fn note_refusal(
        &self,
        route: &Route,
        peer: &Peer,
        caller: &Caller,
        status: StatusCode,
    ) {
        let is_stranger = matches!((caller, peer.way), (Caller::Nobody, Way::Network(_)));
        if is_stranger && !self.strangers.is_recorded() {
            return;
        }
        self.services.audit.mention(&Facts {
            result: Some(Outcome::Failed),
            reason: Some(status.as_u16().to_string()),
            ..self.facts(route, peer, caller)
        });
    }
}
