//! Rules, which decide which requests are answered from the cache, under which key and for how
//! long.

pub(crate) mod bypass;
pub(crate) mod check;
pub(crate) mod check_rule;
pub(crate) mod compiled_rule;
pub(crate) mod decision;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod host;
pub(crate) mod key;
pub(crate) mod options;
pub(crate) mod pattern;
pub(crate) mod percent;
pub(crate) mod plan;
pub(crate) mod query;
pub(crate) mod rule;
pub(crate) mod rule_set;
pub(crate) mod rule_set_builder;
pub(crate) mod settings;
pub(crate) mod template;

#[cfg(test)]
mod tests;
