//! Poll, since KMIP 1.0.

kmip_struct! {
    /// Asks for the result of an operation that was pending.
    ///
    /// Spec: KMIP 1.4 §4.28.
    pub struct PollRequest {
        /// What the pending answer called the operation.
        req AsynchronousCorrelationValue => asynchronous_correlation_value: Vec<u8>,
    }
}

kmip_struct! {
    /// Never sent: the answer is that of the operation polled, under its own name.
    ///
    /// Spec: KMIP 1.4 §4.28.
    pub struct PollResponse {
    }
}
