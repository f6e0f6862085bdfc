//! A function's return type: its form and properties, found at compile time, and the operations on
//! its values and errors.

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
