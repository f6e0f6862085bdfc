//! Redis Sentinel: the servers that know which server is the master of a set, and choose another
//! one when the master is gone.

pub(crate) mod answer;
pub(crate) mod question;
pub(crate) mod search;
pub(crate) mod sentinels;
pub(crate) mod watch;
