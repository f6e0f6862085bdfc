//! Rules that involve more than one option, or an option and the function. The checks turn parsed
//! options into a model.

pub(crate) mod anonymous;
pub(crate) mod cached;
pub(crate) mod companion;
pub(crate) mod constant;
pub(crate) mod freshness;
pub(crate) mod function;
pub(crate) mod ident_usage;
pub(crate) mod intent;
pub(crate) mod key;
pub(crate) mod key_coverage;
pub(crate) mod limits;
pub(crate) mod pattern;
pub(crate) mod queued_arguments;
pub(crate) mod scope;
pub(crate) mod steps;
pub(crate) mod tags_hash;
pub(crate) mod tiers;
pub(crate) mod write_behind;
pub(crate) mod writes;
