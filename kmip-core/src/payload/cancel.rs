//! Cancel, since KMIP 1.0.

use crate::types::CancellationResult;

kmip_struct! {
    /// Cancel: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.27.
    pub struct CancelRequest {
        /// Asynchronous Correlation Value.
        req AsynchronousCorrelationValue => asynchronous_correlation_value: Vec<u8>,
    }
}

kmip_struct! {
    /// Cancel: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.27.
    pub struct CancelResponse {
        /// Asynchronous Correlation Value.
        req AsynchronousCorrelationValue => asynchronous_correlation_value: Vec<u8>,
        /// Cancellation Result.
        req CancellationResult => cancellation_result: CancellationResult,
    }
}
