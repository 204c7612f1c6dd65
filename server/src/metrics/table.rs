//! The table of metrics: what is counted and measured, and what it means.

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until the server starts anew.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often a value fell below each of some bounds.
    Histogram,
}

/// One metric, with all its labels' values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name; the unit stands at the end.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Its labels. No value of one is chosen by a client, but for the names of scopes, which are
    /// the operator's.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

macro_rules! families {
    ($( $id:ident: $kind:ident $name:literal [$($label:literal),*] $help:literal; )*) => {
        $(
            #[doc = $help]
            pub const $id: Family = Family {
                name: $name,
                kind: Kind::$kind,
                labels: &[$($label),*],
                help: $help,
            };
        )*

        /// Every metric.
        pub const FAMILIES: &[&Family] = &[ $( &$id, )* ];
    };
}

families! {
    BUILD: Gauge "claviger_build_info" ["version"]
        "Always 1; the version is in the label.";

    OPERATIONS: Counter "claviger_operations_total" ["operation", "result", "reason"]
        "Batch items by KMIP operation, result (success, failed, pending) and result reason (empty \
         where it did not fail). An item that its batch took back later counts once more, as undone.";
    OPERATION_SECONDS: Histogram "claviger_operation_seconds" ["operation"]
        "Time that batch items took, the wait in the queue not counted.";
    SCOPE_OPERATIONS: Counter "claviger_scope_operations_total" ["scope", "result"]
        "Batch items by scope and result (success, failed, pending); the scopes beyond the first 100 \
         that were seen count together as (others).";

    REQUESTS: Counter "claviger_requests_total" ["lane"]
        "Request messages that came, by the lane that they were queued in.";
    REQUESTS_REFUSED: Counter "claviger_requests_refused_total" ["reason"]
        "Request messages none of whose items was carried out.";
    QUEUE_DEPTH: Gauge "claviger_queue_depth" ["lane"]
        "Requests that wait for a thread of the lane.";
    QUEUE_WAIT: Histogram "claviger_queue_wait_seconds" ["lane"]
        "Time that requests waited for a thread.";
    PANICS: Counter "claviger_panics_total" []
        "Panics caught while a request was served. Any is a fault of the server.";

    CONNECTIONS: Gauge "claviger_connections" ["transport"]
        "Connections open after their handshake.";
    CONNECTIONS_TOTAL: Counter "claviger_connections_total" ["transport"]
        "Connections whose handshake succeeded.";
    CONNECTIONS_REFUSED: Counter "claviger_connections_refused_total" ["limit"]
        "Connections closed before TLS because too many were open: of all clients (all) or from one \
         address (per_ip).";
    HANDSHAKE_FAILURES: Counter "claviger_handshake_failures_total" ["transport", "reason"]
        "TLS handshakes that failed: timeout, closed (by the client), no_certificate, \
         certificate (not trusted, expired, revoked), identity (trusted, but of no scope), alert (the \
         client refused the server), protocol (no common version or suite, or no TLS at all), io.";

    TOKEN_UP: Gauge "claviger_token_up" []
        "Whether the token is open and logged in.";
    TOKEN_SESSIONS: Gauge "claviger_token_sessions" ["state"]
        "Sessions with the token, idle and busy.";
    TOKEN_SESSIONS_LIMIT: Gauge "claviger_token_sessions_limit" []
        "Most sessions with the token.";
    TOKEN_CALL_SECONDS: Histogram "claviger_token_call_seconds" ["verb"]
        "Time that calls to the token took, the wait for a session counted.";
    TOKEN_ERRORS: Counter "claviger_token_errors_total" ["function", "ckr"]
        "PKCS#11 functions that failed, with their return value.";
    LIVE_KEYS: Gauge "claviger_token_live_keys" []
        "Wrapped keys that are live in the token.";
    LIVE_KEY_LOOKUPS: Counter "claviger_token_live_key_lookups_total" ["result"]
        "Uses of wrapped keys that were live (hit), or had to be unwrapped first (miss), since the \
         token was opened.";
    CANARY_SECONDS: Histogram "claviger_canary_seconds" []
        "Time of the trial operation in the token that readiness rests on.";

    READY: Gauge "claviger_ready" ["check"]
        "Whether each check of /readyz passed when it was last made.";

    STORE_COMMIT_SECONDS: Histogram "claviger_store_commit_seconds" []
        "Time that commits to the store took, the disk included; several requests may share one.";

    CERTIFICATE_EXPIRY: Gauge "claviger_certificate_not_after_timestamp_seconds" ["kind", "name"]
        "When certificates end, in seconds since 1970.";

    AUDIT_RECORDS: Counter "claviger_audit_records_total" []
        "Audit records written.";
    AUDIT_FAILURES: Counter "claviger_audit_failures_total" ["sink"]
        "Audit records that a sink did not take.";
    AUDIT_SINK_UP: Gauge "claviger_audit_sink_up" ["sink"]
        "Whether the sink took the last record.";
    AUDIT_WRITE_SECONDS: Histogram "claviger_audit_write_seconds" []
        "Time until an audit record was taken by the sinks.";
    AUDIT_HEAD: Gauge "claviger_audit_signed_head_timestamp_seconds" []
        "When the head of the audit chain was last signed, in seconds since 1970.";
}

/// Metrics of the process, which the library makes; on Linux only.
pub const PROCESS: &[Family] = &[
    process("process_cpu_seconds_total", Kind::Counter, "Processor time, in whole seconds."),
    process("process_open_fds", Kind::Gauge, "Open file descriptors."),
    process("process_max_fds", Kind::Gauge, "Most file descriptors."),
    process("process_resident_memory_bytes", Kind::Gauge, "Memory in use."),
    process("process_virtual_memory_bytes", Kind::Gauge, "Address space in use."),
    process("process_start_time_seconds", Kind::Gauge, "Start, in seconds since 1970."),
    process("process_threads", Kind::Gauge, "Threads."),
];

const fn process(name: &'static str, kind: Kind, help: &'static str) -> Family {
    Family { name, kind, labels: &[], help }
}
