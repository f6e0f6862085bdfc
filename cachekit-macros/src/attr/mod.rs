//! Syntax of the attributes, with spans. This module parses options, but knows neither their
//! meaning nor their defaults.

pub(crate) mod arg;
pub(crate) mod cached;
pub(crate) mod depends;
pub(crate) mod duration;
pub(crate) mod duration_text;
pub(crate) mod freshness;
pub(crate) mod intent;
pub(crate) mod invalidates;
pub(crate) mod limits;
pub(crate) mod migration_hints;
pub(crate) mod reference;
pub(crate) mod template;
pub(crate) mod tiers;
pub(crate) mod value;
pub(crate) mod word;
pub(crate) mod write_behind;
pub(crate) mod write_through;
