//! Tools for the people who operate a service: the check of the set-up, and information about Redis.

pub(crate) mod doctor;
pub(crate) mod inspect;
pub(crate) mod names;
pub(crate) mod server_info;
pub(crate) mod warm;
pub(crate) mod watch;
