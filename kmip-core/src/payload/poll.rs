//! Poll, since KMIP 1.0.

kmip_struct! {
    /// Poll: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.28.
    pub struct PollRequest {
        /// Asynchronous Correlation Value.
        req AsynchronousCorrelationValue => asynchronous_correlation_value: Vec<u8>,
    }
}

kmip_struct! {
    /// Poll: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.28.
    pub struct PollResponse {
    }
}
