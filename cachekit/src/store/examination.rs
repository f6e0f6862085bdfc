//! The result of an examination of a store: of its server, the cache's account and the bus.

use std::time::Duration;

use crate::model::server_info::ServerInfo;

/// Facts about a store, found over connections of the examination's own.
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
    /// The time by which the clock of the server is ahead of this machine's, in milliseconds, and
    /// below zero if it is behind. `None` if the server did not tell its time.
    pub(crate) clock_ahead: Option<i64>,
    /// The time from sending a message on the bus to its arrival. `None` if no message arrived.
    pub(crate) bus_round_trip: Option<Duration>,
}

/// The rights that an account lacks, as texts for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MissingRightsFound {
    /// The commands that the account may not run.
    pub(crate) commands: String,
    pub(crate) remedy: String,
    /// `true` if the cache works without all of these commands.
    pub(crate) can_be_spared: bool,
}

/// The problem for which a store cannot be examined, and its remedy, as texts for the user.
pub(crate) type Unexamined = (String, String);
