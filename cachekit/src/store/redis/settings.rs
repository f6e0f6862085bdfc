//! The settings of a cache that the adapter for Redis needs.

use std::time::Duration;

use crate::base::fault::Faults;
use crate::store::redis::tls::Certificates;

/// The address and password of the Redis server, the namespace, and the options for the use of
/// Redis.
pub(crate) struct RedisSettings<'a> {
    pub(crate) url: &'a str,
    pub(crate) password: Option<&'a str>,
    pub(crate) certificates: &'a Certificates,
    /// The account on the sentinels, and its password.
    pub(crate) sentinel_user: Option<&'a str>,
    pub(crate) sentinel_password: Option<&'a str>,
    pub(crate) namespace: &'a str,
    /// `true` if the cache accepts every data set that the server may hold, even the data set of
    /// another server.
    pub(crate) any_origin: bool,
    /// `true` if the cache marks its writes, and carries out the marks of dead processes.
    pub(crate) has_intents: bool,
    /// `true` if the cache answers questions of other processes.
    pub(crate) has_answers: bool,
    /// The time for which the process trusts messages after the sending of a heartbeat.
    pub(crate) bus_timeout: Duration,
    pub(crate) faults: Faults,
}
