//! Every rule that needs more than one word: arguments against templates, options against each
//! other. Takes what was written, gives the model.

mod anonymous;
mod cached;
mod companion;
mod freshness;
mod function;
mod key;
mod late;
mod limits;
mod look;
mod mention;
mod pattern;
mod scope;
mod steps;
mod tiers;
mod writes;

pub(crate) use cached::cached;
pub(crate) use writes::{invalidates, write_through};
