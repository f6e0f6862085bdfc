//! The use of L2 by one call: the validation of entries, leases, and the storing of values.

pub(crate) mod found_entry;
pub(crate) mod lease;
pub(crate) mod lineage;
pub(crate) mod lookup;
pub(crate) mod question;
pub(crate) mod store;
pub(crate) mod validate;
