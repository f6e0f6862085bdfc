//! Parser for the options of `#[cached]` about memory, Redis and single-flight.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{LitBool, LitInt};

use crate::attr::arg::Arg;
use crate::attr::duration::DurationValue;
use crate::diag::Errors;

/// Words that the option `tier` accepts.
pub(crate) const TIERS: &[&str] = &["memory", "redis", "both"];
/// Words that the option `single_flight` accepts.
pub(crate) const FLIGHTS: &[&str] = &["process", "cluster", "off"];
/// Words that the option `codec` accepts.
pub(crate) const CODECS: &[&str] = &["bincode", "msgpack", "json"];
/// Error message for a value of `capacity` that is not a whole number of entries.
pub(crate) const CAPACITY: &str =
    "expected how many entries of this function memory keeps: a whole number, like `1000`";
/// Error message for a value of `replicas` that is not a whole number from 2 to 16.
pub(crate) const REPLICAS: &str = "expected a whole number from 2 to 16, like `4`";

/// Parsed options about memory, Redis and single-flight.
#[derive(Default)]
pub(crate) struct TierArgs {
    pub(crate) capacity: Option<Arg<LitInt>>,
    pub(crate) codec: Option<Arg<Ident>>,
    pub(crate) compress: Option<Arg<LitBool>>,
    pub(crate) encrypt: Option<Arg<LitBool>>,
    pub(crate) idle: Option<Arg<DurationValue>>,
    pub(crate) lock_timeout: Option<Arg<DurationValue>>,
    pub(crate) memory_ttl: Option<Arg<DurationValue>>,
    pub(crate) redis_ttl: Option<Arg<DurationValue>>,
    pub(crate) replicas: Option<Arg<LitInt>>,
    pub(crate) single_flight: Option<Arg<Ident>>,
    pub(crate) tier: Option<Arg<Ident>>,
}

impl TierArgs {
    /// Parses the value of the option named `key`. Returns `false` if `key` is no option about
    /// tiers.
    pub(crate) fn option(
        &mut self,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<bool> {
        match key.to_string().as_str() {
            "capacity" => Arg::read_or(&mut self.capacity, key, input, errors, CAPACITY)?,
            "codec" => Arg::read_word(&mut self.codec, key, input, errors, CODECS)?,
            "compress" => Arg::read_switch(&mut self.compress, key, input, errors)?,
            "encrypt" => Arg::read_switch(&mut self.encrypt, key, input, errors)?,
            "idle" => Arg::read(&mut self.idle, key, input, errors)?,
            "lock_timeout" => Arg::read(&mut self.lock_timeout, key, input, errors)?,
            "memory_ttl" => Arg::read(&mut self.memory_ttl, key, input, errors)?,
            "redis_ttl" => Arg::read(&mut self.redis_ttl, key, input, errors)?,
            "replicas" => Arg::read_or(&mut self.replicas, key, input, errors, REPLICAS)?,
            "single_flight" => {
                Arg::read_word(&mut self.single_flight, key, input, errors, FLIGHTS)?;
            }
            "tier" => Arg::read_word(&mut self.tier, key, input, errors, TIERS)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}
