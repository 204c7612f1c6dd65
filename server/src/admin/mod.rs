//! The administration interface: HTTP with JSON, in the dialect of Vault's, on a Unix socket and
//! over HTTPS.
//!
//! One table of routes says what there is; the router, the gate that lets callers
//! through, the OpenAPI document and the documents for people are made from it. Work that waits for
//! store or token is done on threads of its own, never on those of the network.

pub mod access;
mod api;
mod dispatch;
mod failure;
mod gate;
mod https;
mod listener;
mod loose;
mod openapi;
mod pacing;
mod pin;
mod record;
mod route;
mod settings;
mod socket;
mod start;
mod table;
#[cfg(test)]
mod tests;
pub mod tokens;
pub mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::audit::Strangers;
use crate::services::Services;
use crate::store::TokenStore;

pub use dispatch::router;
pub use failure::Failure;
pub use gate::{AdminClient, Peer, Way};
pub use https::{AdminHttps, HttpsError};
pub use listener::KmipListener;
pub use openapi::{document, routes_document};
pub use pin::PinCheck;
pub use route::{Form, Needs, Route, Verb};
pub(crate) use settings::Kept;
pub use socket::{AdminSocket, SocketError};
pub use start::{Administration, AdministrationError};
pub use table::routes;

use pacing::Pacing;
use tokens::Tokens;

/// What the interface works on.
pub struct Plane {
    services: Arc<Services>,
    tokens: Tokens,
    routes: Vec<Route>,
    wrong: Pacing,
    pin: PinCheck,
    listener: KmipListener,
    /// Held from reading what stands to writing what it becomes, where fields that are absent stay.
    changing: Mutex<()>,
    /// How often those who are nobody are put on record.
    strangers: Strangers,
}

impl Plane {
    /// What is changed by part is changed by one request at a time until this is dropped: the other's
    /// change would be undone.
    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The interface to `services`, with tokens kept in `tokens`; who knows the PIN of `pin` may
    /// recover it.
    #[must_use]
    pub fn new(
        services: Arc<Services>,
        tokens: Arc<dyn TokenStore>,
        pin: PinCheck,
        listener: KmipListener,
    ) -> Arc<Self> {
        let tokens = Tokens::new(tokens, Arc::clone(&services.clock));
        Arc::new(Self {
            services,
            tokens,
            routes: routes(),
            wrong: Pacing::default(),
            pin,
            listener,
            changing: Mutex::default(),
            strangers: Strangers::default(),
        })
    }
}
