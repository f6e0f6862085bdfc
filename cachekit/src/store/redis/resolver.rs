//! The way to the server that a subscription needs.

use std::fmt;

use crate::store::redis::address::Address;
use crate::store::redis::topology::Topology;
use crate::store::redis::unconnected::Unconnected;

/// Finds the server from which a process receives messages, and notices that it is another one.
pub(crate) trait Resolver: fmt::Debug + Send + Sync + 'static {
    /// Calls `attempt` with the address of the server, and returns the result, with the number of
    /// changes of the server that the connection knows of. May call `attempt` with several addresses,
    /// until it succeeds: it must fail with a server that is not the master.
    fn connect<T, F, Fut>(
        &self,
        attempt: F,
    ) -> impl Future<Output = Result<(T, u64), Unconnected>> + Send
    where
        T: Send,
        F: Fn(Address) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Unconnected>> + Send;

    /// Returns `true` if another server may become the right one, so that each connection has to make
    /// sure of its server's role.
    fn may_change(&self) -> bool;

    /// Returns the number of times that another server became the right one.
    fn changes(&self) -> u64;

    /// Waits until another server has become the right one since [`changes`](Self::changes) returned
    /// `since`.
    fn changed(&self, since: u64) -> impl Future<Output = ()> + Send;

    /// Waits until another server is the right one, for a connection to `address` that was made after
    /// `seen` changes.
    fn moved(&self, address: &Address, seen: u64) -> impl Future<Output = ()> + Send;
}

impl Resolver for Topology {
    fn connect<T, F, Fut>(
        &self,
        attempt: F,
    ) -> impl Future<Output = Result<(T, u64), Unconnected>> + Send
    where
        T: Send,
        F: Fn(Address) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T, Unconnected>> + Send,
    {
        Self::connect(self, attempt)
    }

    fn may_change(&self) -> bool {
        self.has_sentinels()
    }

    fn changes(&self) -> u64 {
        Self::changes(self)
    }

    fn changed(&self, since: u64) -> impl Future<Output = ()> + Send {
        Self::changed(self, since)
    }

    fn moved(&self, address: &Address, seen: u64) -> impl Future<Output = ()> + Send {
        Self::moved(self, address, seen)
    }
}
