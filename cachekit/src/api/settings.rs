//! Settings from configuration files and environment variables, and the effective configuration.
//!
//! A setting has one row in [`setting::SETTINGS`], and an option of functions has one row in
//! [`function_option::FUNCTION_OPTIONS`]. Files, the environment, the printed configuration and the
//! page `docs/configuration.md` follow these tables.

pub(crate) mod effective;
pub(crate) mod environment;
#[cfg(feature = "config-file")]
pub(crate) mod file;
pub(crate) mod function_option;
pub(crate) mod function_rules;
pub(crate) mod functions;
pub(crate) mod kind;
pub(crate) mod read;
pub(crate) mod reload;
pub(crate) mod setting;
pub(crate) mod source;

#[cfg(test)]
mod tests;
