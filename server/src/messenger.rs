//! Messages to clients: Notify and Put, over a connection that the server opens.
//!
//! Spec: KMIP 1.4 §5. What is to be told waits in the store, in the order in which it happened, and
//! is forgotten when the client has answered. So it is told at least once, and in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kmip_core::attribute::{Attribute, AttributeKind, Link, UniqueIdentifier};
use kmip_core::message::{PutRequest, RequestHeader, ResponseMessage, ToClient};
use kmip_core::payload::{GetAttributesRequest, GetRequest, RequestPayload, ResponsePayload};
use kmip_core::ttlv::Limits;
use kmip_core::types::{LinkType, ProtocolVersion, ResultStatus};
use zeroize::Zeroizing;

use crate::audit::notes;
use crate::authz::Housekeeping;
use crate::bell::Bell;
use crate::client::{Client, ClientError, Connector, request_header};
use crate::object::Scope;
use crate::operation::{self, OpContext, OpError};
use crate::services::Services;
use crate::store::{News, Outgoing, StoreError};

/// How often dates are looked at that change objects by passing.
const ROUND: Duration = Duration::from_secs(30);

/// How soon a client that did not answer is tried again, at first and at last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Why a message is yet to be delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The client was not reached, or did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The object cannot be had just now.
    #[error(transparent)]
    Object(#[from] OpError),
}

/// Where the clients of a scope are told of what happens.
pub struct Endpoint {
    /// The scope.
    pub scope: Scope,
    /// The way there.
    pub connector: Connector,
    /// Rung when there is something to tell.
    pub bell: Arc<Bell>,
}

/// Tells the clients of one scope.
pub struct Messenger {
    services: Arc<Services>,
    endpoint: Endpoint,
}

/// The running threads.
#[derive(Default)]
pub struct Messengers(Vec<Arc<Bell>>);

impl Messengers {
    /// Starts a thread for every endpoint.
    ///
    /// # Errors
    ///
    /// Where the system gives no thread.
    pub fn start(services: &Arc<Services>, endpoints: Vec<Endpoint>) -> std::io::Result<Self> {
        let mut bells = Vec::with_capacity(endpoints.len());
        for endpoint in endpoints {
            bells.push(Arc::clone(&endpoint.bell));
            let messenger = Messenger::new(Arc::clone(services), endpoint);
            std::thread::Builder::new()
                .name("messenger".to_owned())
                .spawn(move || messenger.run())?;
        }
        Ok(Self(bells))
    }

    /// Has the threads end, without waiting for clients that do not answer: what was not delivered
    /// is after the next start.
    pub fn stop(&self) {
        self.0.iter().for_each(|bell| bell.stop());
    }
}

impl Messenger {
    /// What tells the clients at `endpoint`.
    #[must_use]
    pub const fn new(services: Arc<Services>, endpoint: Endpoint) -> Self {
        Self { services, endpoint }
    }

    /// Delivers what waits, the oldest first, and returns how many messages that were.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`]; what was not delivered waits on.
    pub fn deliver(&self) -> Result<usize, DeliveryError> {
        let (services, scope) = (&*self.services, &self.endpoint.scope);
        OpContext::for_operator(services, scope).let_time_pass()?;
        let mut connection = None;
        let mut delivered = 0;
        while let Some(outgoing) = services.store.outgoing(Housekeeping::new(), scope)? {
            if self.endpoint.bell.is_stopped() {
                break;
            }
            if let Some(message) = self.message(&outgoing)? {
                self.send(&mut connection, &message)?;
                delivered += 1;
            }
            services.store.delivered(Housekeeping::new(), outgoing.number)?;
        }
        if let Some(connection) = connection {
            connection.close();
        }
        Ok(delivered)
    }

    fn run(&self) {
        let mut pause = FIRST_PAUSE;
        while !self.endpoint.bell.is_stopped() {
            match self.deliver() {
                Ok(_) => {
                    pause = FIRST_PAUSE;
                    self.endpoint.bell.wait(ROUND);
                }
                Err(error) => {
                    let scope = self.endpoint.scope.as_str();
                    tracing::warn!(scope, %error, "a client is yet to be told");
                    self.rest(pause);
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
            }
        }
    }

    /// Waits, however much there is to tell meanwhile.
    fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.endpoint.bell.wait(left) {
                return;
            }
        }
    }

    /// What the client is sent; nothing of an object that it may not have.
    fn message(&self, outgoing: &Outgoing) -> Result<Option<ToClient>, OpError> {
        let put = match &outgoing.news {
            News::Changed(notify) => return Ok(Some(ToClient::Notify(notify.clone()))),
            News::Born => {
                let (scope, uid) = (self.endpoint.scope.as_str(), &outgoing.uid);
                let objects = vec![notes::identifier(uid.as_str())];
                let audit = &self.services.audit;
                audit.housekeeping("Put", Some(scope), objects, || self.put(uid))?
            }
        };
        match put {
            Ok(put) => Ok(Some(ToClient::Put(Box::new(put)))),
            Err(OpError::Hsm(error)) if error.kind.is_retryable() => Err(error.into()),
            Err(OpError::Store(error)) => Err(error.into()),
            Err(OpError::Unrecorded(refused)) => Err(refused.into()),
            Err(error) => {
                tracing::debug!(%error, "an object is not given to its client");
                Ok(None)
            }
        }
    }

    /// The object as a Get of the scope's own clients gives it.
    fn put(&self, uid: &UniqueIdentifier) -> Result<PutRequest, OpError> {
        let subject = self.services.directory.messenger(&self.endpoint.scope);
        let subject = subject.ok_or(OpError::NotFound)?;
        let mut ctx = OpContext::new(&self.services, subject, ProtocolVersion::NEWEST);
        let attributes = GetAttributesRequest {
            unique_identifier: Some(uid.clone()),
            attribute_names: Vec::new(),
        };
        let attributes =
            match operation::dispatch(&mut ctx, RequestPayload::GetAttributes(attributes))? {
                ResponsePayload::GetAttributes(answer) => answer.attributes,
                other => return Err(OpError::Unsupported(other.operation())),
            };
        let get = GetRequest {
            unique_identifier: Some(uid.clone()),
            key_format_type: None,
            key_wrap_type: None,
            key_compression_type: None,
            key_wrapping_specification: None,
        };
        let object = match operation::dispatch(&mut ctx, RequestPayload::Get(get))? {
            ResponsePayload::Get(answer) => answer.object,
            other => return Err(OpError::Unsupported(other.operation())),
        };
        Ok(PutRequest {
            unique_identifier: uid.clone(),
            replaced_unique_identifier: replaced(&attributes),
            object,
            attributes,
        })
    }

    /// Sends the message and waits for the answer, over a connection that is opened if need be.
    fn send(&self, connection: &mut Option<Client>, message: &ToClient) -> Result<(), ClientError> {
        let client = match connection {
            Some(client) => client,
            None => connection.insert(self.endpoint.connector.connect()?),
        };
        let header = RequestHeader { batch_count: 1, ..request_header(ProtocolVersion::NEWEST) };
        let request = Zeroizing::new(message.encode(&header));
        let answer = client.send_raw(&request)?;
        let answer = ResponseMessage::decode(&answer, &Limits::default());
        let answer = answer.map_err(ClientError::Unreadable)?;
        let [item] = &*answer.items else {
            return Err(ClientError::Protocol("an answer with more or fewer than one item"));
        };
        if item.result_status != ResultStatus::Success {
            let (scope, operation) = (self.endpoint.scope.as_str(), message.operation());
            let reason = item.result_reason;
            tracing::warn!(scope, ?operation, ?reason, "a client refused what it was told");
        }
        Ok(())
    }
}

/// The object whose place the one with these attributes takes.
fn replaced(attributes: &[Attribute]) -> Option<UniqueIdentifier> {
    let links = attributes.iter().filter(|one| one.name.kind() == Some(AttributeKind::Link));
    let mut links = links.filter_map(|one| one.value.to::<Link>(ProtocolVersion::NEWEST).ok());
    links
        .find(|link| link.link_type == LinkType::ReplacedObjectLink)
        .map(|link| link.linked_object_identifier)
}
