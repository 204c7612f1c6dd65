//! Clients that cannot be had: their requests are sent as they were described, down to the order of the
//! header's fields, and what comes back is read as strictly as by the strictest of them.
//!
//! A [`Way`] leads to a server as TLS has it, a [`Line`] is one connection that speaks in a client's
//! [`Manner`], and an [`answer`] is checked as a whole before a test sees any of it.

pub(crate) mod answer;
mod fields;
pub(crate) mod items;
mod reader;
pub(crate) mod strict;
mod wire;

use kmip_core::ttlv::Item;
use kmip_core::types::{Operation, ProtocolVersion, Tag};

pub(crate) use answer::{Asked, Outcome, Payload, Refusal};
use items::{bytes, integer, item, structure};
pub(crate) use wire::{Way, Wire};

/// How a client words its requests.
#[derive(Clone)]
pub(crate) struct Manner {
    /// Version of its requests, where it does not change.
    pub(crate) version: ProtocolVersion,
    /// What stands in a header between version and batch count, in this order.
    pub(crate) header: Vec<Item>,
    /// Length of its Unique Batch Item IDs; 0: it sends none.
    pub(crate) id_bytes: usize,
}

impl Manner {
    /// No more than a request must have.
    pub(crate) const fn plain(version: ProtocolVersion) -> Self {
        Self { version, header: Vec::new(), id_bytes: 0 }
    }
}

/// A connection of a client.
pub(crate) struct Line {
    wire: Wire,
    manner: Manner,
    asked: usize,
}

impl Line {
    /// Connects.
    pub(crate) fn open(way: &Way, manner: &Manner) -> Self {
        Self { wire: Wire::open(way), manner: manner.clone(), asked: 0 }
    }

    /// Asks for one thing, which is done.
    pub(crate) fn ask(&mut self, operation: Operation, payload: Vec<Item>) -> Payload {
        self.ask_in(self.manner.version, operation, payload)
    }

    /// The same, in a version of its own.
    pub(crate) fn ask_in(
        &mut self,
        version: ProtocolVersion,
        operation: Operation,
        payload: Vec<Item>,
    ) -> Payload {
        let outcome = self.exchange(version, vec![(operation, payload)]).pop().unwrap();
        outcome.unwrap_or_else(|refusal| panic!("{operation:?} was refused: {refusal:?}"))
    }

    /// Asks for one thing, which is refused.
    pub(crate) fn refused(&mut self, operation: Operation, payload: Vec<Item>) -> Refusal {
        let version = self.manner.version;
        let outcome = self.exchange(version, vec![(operation, payload)]).pop().unwrap();
        match outcome {
            Ok(payload) => panic!("{operation:?} was not refused: {payload:?}"),
            Err(refusal) => refusal,
        }
    }

    /// Asks for several things at once.
    pub(crate) fn batch(&mut self, items: Vec<(Operation, Vec<Item>)>) -> Vec<Outcome> {
        self.exchange(self.manner.version, items)
    }

    /// Asks for several things at once, which are done.
    pub(crate) fn all_of(&mut self, items: Vec<(Operation, Vec<Item>)>) -> Vec<Payload> {
        self.batch(items).into_iter().map(Result::unwrap).collect()
    }

    /// The same, where the answer may end early.
    pub(crate) fn batch_until(&mut self, items: Vec<(Operation, Vec<Item>)>) -> Vec<Outcome> {
        self.send(self.manner.version, items)
    }

    fn exchange(
        &mut self,
        version: ProtocolVersion,
        items: Vec<(Operation, Vec<Item>)>,
    ) -> Vec<Outcome> {
        let number = items.len();
        let outcomes = self.send(version, items);
        assert_eq!(outcomes.len(), number);
        outcomes
    }

    /// Sends a request, and reads its answer.
    fn send(
        &mut self,
        version: ProtocolVersion,
        items: Vec<(Operation, Vec<Item>)>,
    ) -> Vec<Outcome> {
        let several = items.into_iter().map(|(operation, payload)| self.item(operation, payload));
        let (asked, items): (Vec<_>, Vec<_>) = several.unzip();
        self.wire.send(&message(version, &self.manner.header, items));
        let answer = reader::read(&self.wire.receive(), version, &asked);
        answer.unwrap_or_else(|fault| panic!("{asked:?} in {version}: {fault}"))
    }

    /// Whether it goes on with an earlier TLS session.
    pub(crate) fn is_resumed(&self) -> bool {
        self.wire.is_resumed()
    }

    /// A batch item, and what its answer must repeat.
    fn item(&mut self, operation: Operation, payload: Vec<Item>) -> (Asked, Item) {
        self.asked += 1;
        let id = (self.manner.id_bytes > 0).then(|| {
            let mut id = vec![0xA5; self.manner.id_bytes];
            *id.last_mut().unwrap() = u8::try_from(self.asked % 256).unwrap();
            id
        });
        let mut fields = vec![item(Tag::Operation, &operation)];
        fields.extend(id.as_deref().map(|id| bytes(Tag::UniqueBatchItemID, id)));
        fields.push(structure(Tag::RequestPayload, payload));
        (Asked { operation, id }, structure(Tag::BatchItem, fields))
    }

    /// Takes leave, as the server does.
    pub(crate) fn close(self) {
        self.wire.close();
    }

    /// Sends something else altogether, and returns the answer's bytes: one TLS record.
    pub(crate) fn raw(&mut self, message: &[u8]) -> Vec<u8> {
        self.wire.send(message);
        self.wire.receive()
    }
}

/// A whole request.
pub(crate) fn message(version: ProtocolVersion, header: &[Item], items: Vec<Item>) -> Vec<u8> {
    let mut fields = vec![item(Tag::ProtocolVersion, &version)];
    fields.extend_from_slice(header);
    fields.push(integer(Tag::BatchCount, i32::try_from(items.len()).unwrap()));
    let header = structure(Tag::RequestHeader, fields);
    structure(Tag::RequestMessage, std::iter::once(header).chain(items).collect()).to_bytes()
}
