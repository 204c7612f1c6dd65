//! `[monitoring]`: where metrics and health are shown.

use std::net::SocketAddr;

use super::check::{Checked, address};
use super::raw::RawMonitoring;

/// `[monitoring]`: where metrics and health are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonitoringConfig {
    /// The address of the plain listener; absent: none. Port 0 takes a free port.
    pub http_addr: Option<SocketAddr>,
}

/// Checks `[monitoring]`.
pub(super) fn checked(raw: &RawMonitoring) -> Checked<MonitoringConfig> {
    let parse = |text: &String| address("monitoring.http_addr", text);
    Ok(MonitoringConfig { http_addr: raw.http_addr.as_ref().map(parse).transpose()? })
}
