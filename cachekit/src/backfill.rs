//! Between one call and the second tier: validation, leases and stores.

pub(crate) mod lease;
pub(crate) mod lineage;
pub(crate) mod question;
pub(crate) mod store;
pub(crate) mod validate;
