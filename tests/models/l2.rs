//! Of the second tier, what is searched.

pub(crate) mod bus;
