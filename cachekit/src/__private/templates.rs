//! The shape of what an attribute makes, as templates: the attribute fills in words, and all
//! that is the same for every function stands here, once.
//!
//! Arguments that hold the user's tokens are handed on as they are, so that they keep their
//! places and their hygiene. Names that such tokens use (`$key`, `$entry_tags`) are given by the
//! attribute.

pub(crate) mod body;
pub(crate) mod companion;
pub(crate) mod hidden;
pub(crate) mod read;
#[cfg(test)]
mod tests;
pub(crate) mod value;
pub(crate) mod write;
