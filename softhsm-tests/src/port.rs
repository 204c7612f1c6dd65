//! Ports for programs that cannot take a free one by themselves.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// The ports handed out: below those that the system gives away by itself, so that nobody gets one of
/// them by chance between two starts of the same program.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// How many places each process of tests begins after another, at least mostly.
const STRIDE: u32 = 64;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port of 127.0.0.1 that nobody listens on, and that is handed out once by this process.
///
/// # Panics
///
/// If there is none.
#[must_use]
pub fn fresh() -> u16 {
    let begin = u16::try_from(std::process::id() * STRIDE % u32::from(COUNT)).unwrap();
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (begin + step) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("every port from {FIRST} on is taken");
}
