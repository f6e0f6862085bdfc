//! Tools for the people who operate a service: the check of the set-up, information about Redis, and
//! metrics.

#[cfg(feature = "json")]
pub(crate) mod ask;
pub(crate) mod doctor;
pub(crate) mod inspect;
#[cfg(feature = "metrics")]
pub(crate) mod metrics;
pub(crate) mod names;
pub(crate) mod server_info;
pub(crate) mod warm;
pub(crate) mod watch;
