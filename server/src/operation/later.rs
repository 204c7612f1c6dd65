//! Which operations may go on after their request was answered.
//!
//! Spec: KMIP 1.4 §6.7: a client only permits it, the server decides.

use std::sync::Arc;

use kmip_core::payload::{
    CreateKeyPairResponse, CreateResponse, CreateSplitKeyResponse, DeriveKeyResponse,
    JoinSplitKeyResponse, ReKeyKeyPairResponse, ReKeyResponse, ResponsePayload,
};
use kmip_core::types::Operation;

use crate::object::ManagedObject;

/// How the answer of an operation follows from the objects it made, in the order it made them.
type AnswerOf = fn(&[Arc<ManagedObject>]) -> Option<ResponsePayload>;

/// The operations that keep the token busy for long. Their answers name what they made, and hold
/// nothing that is not in the store: no secret waits to be polled.
const TABLE: &[(Operation, AnswerOf)] = &[
    (Operation::Create, create),
    (Operation::CreateKeyPair, create_key_pair),
    (Operation::ReKey, re_key),
    (Operation::ReKeyKeyPair, re_key_key_pair),
    (Operation::DeriveKey, derive_key),
    (Operation::CreateSplitKey, create_split_key),
    (Operation::JoinSplitKey, join_split_key),
];

/// Whether the operation may go on after its request was answered.
#[must_use]
pub fn may_be_later(operation: Operation) -> bool {
    TABLE.iter().any(|(entry, _)| *entry == operation)
}

/// The answer of an operation that made these objects, all of them.
pub(super) fn answer(operation: Operation, made: &[Arc<ManagedObject>]) -> Option<ResponsePayload> {
    TABLE.iter().find(|(entry, _)| *entry == operation).and_then(|(_, answer)| answer(made))
}

fn create(made: &[Arc<ManagedObject>]) -> Option<ResponsePayload> {
    let [key] = made else { return None };
    Some(ResponsePayload::Create(CreateResponse {
        object_type: key.object_type,
        unique_identifier: key.uid.clone(),
        template_attribute: None,
    }))
}

fn create_key_pair(made: &[Arc<ManagedObject>]) -> Option<ResponsePayload> {
    let [private, public] = made else { return None };
    Some(ResponsePayload::CreateKeyPair(CreateKeyPairResponse {
        private_key_unique_identifier: private.uid.clone(),
        public_key_unique_identifier: public.uid.clone(),
        private_key_template_attribute: None,
        public_key_template_attribute: None,
    }))
}

fn re_key(made: &[Arc<ManagedObject>]) -> Option<ResponsePayload> {
    let [key] = made else { return None };
    Some(ResponsePayload::ReKey(ReKeyResponse {
        unique_identifier: key.uid.clone(),
        template_attribute: None,
    }))
}

fn re_key_key_pair(made: &[Arc<ManagedObject>]) -> Option<ResponsePayload> {
    let [private, public] = made else { return None };
    Some(ResponsePayload::ReKeyKeyPair(ReKeyKeyPairResponse {
        private_key_unique_identifier: private.uid.clone(),
        public_key_unique_identifier: public.uid.clone(),
        private_key_template_attribute: None,
        public_key_template_attribute: None,
    }))
}

fn derive_key(made: &[Arc<ManagedObject>]) -> Option<ResponsePayload> {
    let [key] = made else { return None };
    Some(ResponsePayload::DeriveKey(DeriveKeyResponse {
        unique_identifier: key.uid.clone(),
        template_attribute: None,
    }))
}

fn create_split_key(made: &[Arc<ManagedObject>]) -> Option<ResponsePayload> {
    Some(ResponsePayload::CreateSplitKey(CreateSplitKeyResponse {
        object_type: None,
        unique_identifiers: made.iter().map(|part| part.uid.clone()).collect(),
        template_attribute: None,
    }))
}

fn join_split_key(made: &[Arc<ManagedObject>]) -> Option<ResponsePayload> {
    let [whole] = made else { return None };
    Some(ResponsePayload::JoinSplitKey(JoinSplitKeyResponse {
        object_type: None,
        unique_identifier: whole.uid.clone(),
        template_attribute: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::SERVED;
    use crate::worker::Lane;

    #[test]
    fn operations_of_the_slow_lane_and_no_others_may_be_later() {
        for entry in SERVED {
            let slow = entry.lane == Lane::Slow;
            assert_eq!(may_be_later(entry.operation), slow, "{:?}", entry.operation);
        }
    }
}
