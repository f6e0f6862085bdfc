//! A function's return type: the findings of the compiler about it, and their operations.

pub(crate) mod cacheable;
pub(crate) mod cacheable_error;
pub(crate) mod capabilities;
pub(crate) mod diagnostics;
pub(crate) mod dispatch;
pub(crate) mod erased_ops;
pub(crate) mod known_size;
#[cfg(feature = "redis")]
pub(crate) mod serializable;
pub(crate) mod shape;
pub(crate) mod timeout_error;
