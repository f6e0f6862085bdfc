//! Ports that no other process takes by chance.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

/// Somebody who listens at a port below those that the system gives to outgoing connections: one
/// of these would take it while nobody listens there.
///
/// # Panics
///
/// If there is none.
pub(crate) fn listener() -> TcpListener {
    let random = RandomState::new();
    let candidate = |n: u64| 20_000 + u16::try_from(random.hash_one(n) % 12_000).unwrap_or(0);
    let listen = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
    let mut listeners = (0..1000).map(candidate).filter_map(listen);
    listeners.next().expect("a free port")
}

/// A port at which nobody listens.
///
/// # Panics
///
/// If there is none.
pub fn free() -> u16 {
    listener().local_addr().expect("it listens").port()
}
