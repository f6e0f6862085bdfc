//! The result of an examination of a store: of its server, the cache's account and the bus.

use std::time::Duration;

use crate::model::server_info::ServerInfo;

/// Facts about a store, which an examination found over connections that it opened for itself.
#[derive(Debug, Clone)]
pub(crate) struct Examination {
    /// The address of the server, without user and password.
    pub(crate) address: String,
    /// The number of the database that the cache uses.
    pub(crate) database: i64,
    /// Information of the server about itself. `None` if the account may not ask for it.
    pub(crate) info: Option<ServerInfo>,
    /// The error code with which the server refuses writes. `None` if the server accepts writes.
    pub(crate) refuses_writes: Option<String>,
    /// The rights that the account lacks for every cache. `None` if it lacks none.
    pub(crate) missing_rights: Option<MissingRightsFound>,
    /// The rights that the account lacks for queues of write-behind functions. `None` if it lacks none
    /// but `missing_rights`.
    pub(crate) missing_for_queues: Option<MissingRightsFound>,
    /// The rights that the account lacks for warm starts. `None` if it lacks none but
    /// `missing_rights`.
    pub(crate) missing_for_warm_starts: Option<MissingRightsFound>,
    /// `true` if the namespace has keys of queues. `false` if it has none, or nobody looked.
    pub(crate) has_queues: bool,
    /// The number of milliseconds by which the server's clock is ahead of this machine's clock. The
    /// number is negative if the server's clock is behind. `None` if the server did not tell its
    /// time.
    pub(crate) clock_ahead: Option<i64>,
    /// The time from sending a message on the bus to its arrival. `None` if no message arrived.
    pub(crate) bus_round_trip: Option<Duration>,
    /// The answers of the sentinels. Empty without sentinels.
    pub(crate) sentinels: Vec<SentinelAnswer>,
    /// The masters of a Redis Cluster, and `info` is then the total of those that were examined. `None`
    /// for one server.
    pub(crate) cluster: Option<ClusterFound>,
    /// `true` if the server refuses writes while it has too few replicas (`min-replicas-to-write`).
    /// `None` if the account may not ask for it.
    pub(crate) has_min_replicas: Option<bool>,
}

/// Facts about a Redis Cluster.
#[derive(Debug, Clone)]
pub(crate) struct ClusterFound {
    /// The masters that have slots, each with its address without user and password, and the
    /// examination of it.
    pub(crate) masters: Vec<(String, Result<Examination, Unexamined>)>,
    /// The number of slots that no master has.
    pub(crate) uncovered_slots: usize,
}

/// The answer of one sentinel to the question for the master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SentinelAnswer {
    /// The address of the sentinel.
    pub(crate) sentinel: String,
    /// The host and the port of the master, or the reason for which the sentinel named none.
    pub(crate) master: Result<String, String>,
}

/// The rights that an account lacks, as texts for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MissingRightsFound {
    /// The commands that the account may not run.
    pub(crate) commands: String,
    pub(crate) remedy: String,
    /// `true` if the cache works although the account may run none of these commands.
    pub(crate) can_be_spared: bool,
}

/// The problem that prevents the examination of a store, and the remedy, as texts for the user.
pub(crate) type Unexamined = (String, String);
