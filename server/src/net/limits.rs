//! How many connections may be open, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Counts open connections; shared by all addresses of a listener.
#[derive(Debug)]
pub(crate) struct ConnectionLimits {
    all: Arc<Semaphore>,
    capacity: u32,
    per_ip: u32,
    open: Mutex<HashMap<IpAddr, u32>>,
}

/// The right to one open connection; given back on drop.
#[derive(Debug)]
pub(crate) struct Slot {
    limits: Arc<ConnectionLimits>,
    ip: IpAddr,
    _permit: OwnedSemaphorePermit,
}

/// Which limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// That of all connections.
    All,
    /// That of those from one address.
    PerIp,
}

impl Full {
    /// Its name among the metrics.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::PerIp => "per_ip",
        }
    }
}

impl ConnectionLimits {
    pub(crate) fn new(capacity: u32, per_ip: u32) -> Arc<Self> {
        let permits = usize::try_from(capacity).unwrap_or(Semaphore::MAX_PERMITS);
        let all = Arc::new(Semaphore::new(permits));
        Arc::new(Self { all, capacity, per_ip, open: Mutex::default() })
    }

    /// Takes a slot for a connection from `ip`, or says which limit is reached.
    pub(crate) fn take(self: &Arc<Self>, ip: IpAddr) -> Result<Slot, Full> {
        // The same host may come as 192.0.2.1 and as ::ffff:192.0.2.1.
        let ip = ip.to_canonical();
        let permit = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Full::All)?;
        let mut open = self.open();
        let count = open.entry(ip).or_insert(0);
        if *count >= self.per_ip {
            return Err(Full::PerIp);
        }
        *count += 1;
        drop(open);
        Ok(Slot { limits: Arc::clone(self), ip, _permit: permit })
    }

    /// Waits until no connection is open.
    pub(super) async fn all_closed(&self) {
        // Fails only on a closed semaphore, and this one is never closed.
        let _ = self.all.acquire_many(self.capacity).await;
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.limits.open();
        if let Some(count) = open.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn slots_are_limited_per_address_and_in_all() {
        let limits = ConnectionLimits::new(3, 2);
        let first = limits.take(ip("192.0.2.1")).unwrap();
        let _second = limits.take(ip("::ffff:192.0.2.1")).unwrap();
        assert_eq!(limits.take(ip("192.0.2.1")).unwrap_err(), Full::PerIp);
        let _third = limits.take(ip("192.0.2.2")).unwrap();
        assert_eq!(limits.take(ip("192.0.2.3")).unwrap_err(), Full::All);
        drop(first);
        limits.take(ip("192.0.2.1")).unwrap();
        assert_eq!(limits.open().len(), 2);
    }
}
