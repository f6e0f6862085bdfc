//! What was written: syntax with its spans, nothing interpreted and no defaults.

mod arg;
mod cached;
mod duration;
mod foreign;
mod freshness;
mod invalidates;
mod length;
mod limits;
mod reference;
mod template;
mod tiers;
mod value;
mod word;
mod write_through;

pub(crate) use arg::{Arg, Options, parse_all};
pub(crate) use cached::{CachedArgs, VERSION};
pub(crate) use duration::DurationValue;
pub(crate) use freshness::FreshnessArgs;
pub(crate) use invalidates::{InvalidatesArgs, Moment};
#[cfg(test)]
pub(crate) use length::CASES as LENGTHS;
pub(crate) use limits::{LimitArgs, MOST};
pub(crate) use reference::{Callee, Position, Reference, ReferenceArgs};
pub(crate) use template::{Piece, Template};
pub(crate) use tiers::{CAPACITY, CODECS, FLIGHTS, REPLICAS, TIERS, TierArgs};
pub(crate) use value::{CompanionName, Item, Items, SkipName};
pub(crate) use write_through::WriteThroughArgs;
