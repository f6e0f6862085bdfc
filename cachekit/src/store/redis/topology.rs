//! The kinds of set-ups of Redis: one server, or a set with sentinels.

use std::future::pending;
use std::sync::Arc;

use crate::store::redis::address::Address;
use crate::store::redis::sentinel::search;
use crate::store::redis::sentinel::sentinels::Sentinels;
use crate::store::redis::settings::RedisSettings;
use crate::store::redis::unconnected::Unconnected;
use crate::store::redis::wrong::Wrong;

/// The servers among which the cache finds the one that it uses.
#[derive(Debug, Clone)]
pub(crate) enum Topology {
    /// One server, whose address never changes.
    Server(Arc<Address>),
    /// The master of a set of servers, which the sentinels know.
    Sentinels(Arc<Sentinels>),
}

impl Topology {
    /// Parses the address in `settings`.
    ///
    /// # Errors
    ///
    /// Returns the problem and the remedy, without the address.
    pub(crate) fn parse(settings: &RedisSettings<'_>) -> Result<Self, Wrong> {
        let scheme = settings.url.split_once("://").map(|(scheme, _)| scheme);
        if let Some("redis+sentinel" | "rediss+sentinel") = scheme {
            return Ok(Self::Sentinels(Arc::new(Sentinels::parse(settings)?)));
        }
        let address = Address::parse(settings.url, settings.password, settings.certificates)?;
        Ok(Self::Server(Arc::new(address)))
    }

    /// Calls `attempt` with the address of the server to use, and returns the result, with the number
    /// of changes of the master that the connection knows of. With sentinels, calls it with the
    /// address that each sentinel names, until an attempt succeeds: `attempt` must fail with a
    /// server that is not the master.
    pub(crate) async fn connect<T, F, Fut>(&self, attempt: F) -> Result<(T, u64), Unconnected>
    where
        F: Fn(Address) -> Fut,
        Fut: Future<Output = Result<T, Unconnected>>,
    {
        match self {
            Self::Server(address) => attempt(Address::clone(address)).await.map(|made| (made, 0)),
            Self::Sentinels(sentinels) => search::connect(sentinels, attempt).await,
        }
    }

    /// Returns `true` if another server may become the master, so that each connection has to make
    /// sure of its server's role.
    pub(crate) fn has_sentinels(&self) -> bool {
        matches!(self, Self::Sentinels(_))
    }

    /// Returns the number of times that another server became the master.
    pub(crate) fn changes(&self) -> u64 {
        match self {
            Self::Server(_) => 0,
            Self::Sentinels(sentinels) => sentinels.changes(),
        }
    }

    /// Waits until another server has become the master since [`changes`](Self::changes) returned
    /// `since`.
    pub(crate) async fn changed(&self, since: u64) {
        match self {
            Self::Server(_) => pending().await,
            Self::Sentinels(sentinels) => sentinels.changed(since).await,
        }
    }

    /// Waits until another server is the master, for a connection to `address` that was made after
    /// `seen` changes.
    pub(crate) async fn moved(&self, address: &Address, seen: u64) {
        match (self, address.place()) {
            (Self::Sentinels(sentinels), Some(place)) => sentinels.moved(&place, seen).await,
            _ => pending().await,
        }
    }

    /// Returns `true` if another server is the master, for a connection to `address` that was made
    /// after `seen` changes.
    pub(crate) fn has_moved(&self, address: &Address, seen: u64) -> bool {
        match (self, address.place()) {
            (Self::Sentinels(sentinels), Some(place)) => sentinels.known().has_moved(&place, seen),
            _ => false,
        }
    }

    /// Returns the number of the database that the cache uses.
    pub(crate) fn database(&self) -> i64 {
        match self {
            Self::Server(address) => address.database(),
            Self::Sentinels(sentinels) => sentinels.database(),
        }
    }

    /// Returns the text that names the set-up in messages, without any login.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Server(address) => format!("{address:?}"),
            Self::Sentinels(sentinels) => format!("the master `{}`", sentinels.name),
        }
    }
}
