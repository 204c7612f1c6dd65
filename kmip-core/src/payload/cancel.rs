//! Cancel, since KMIP 1.0.

use crate::types::CancellationResult;

kmip_struct! {
    /// Asks to give up an operation that is still pending.
    ///
    /// Spec: KMIP 1.4 §4.27.
    pub struct CancelRequest {
        /// What the pending answer called the operation.
        req AsynchronousCorrelationValue => asynchronous_correlation_value: Vec<u8>,
    }
}

kmip_struct! {
    /// Says whether it was still possible.
    ///
    /// Spec: KMIP 1.4 §4.27.
    pub struct CancelResponse {
        /// What the pending answer called the operation.
        req AsynchronousCorrelationValue => asynchronous_correlation_value: Vec<u8>,
        /// Whether it was still possible.
        req CancellationResult => cancellation_result: CancellationResult,
    }
}
