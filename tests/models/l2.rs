//! The searched parts of the second tier.

pub(crate) mod bus;
