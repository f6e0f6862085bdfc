//! Parser for the options of `#[cached]`.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Expr, LitInt, LitStr, Path};

use crate::attr::arg::{Arg, Options};
use crate::attr::duration::DurationValue;
use crate::attr::freshness::FreshnessArgs;
use crate::attr::limits::LimitArgs;
use crate::attr::template::Template;
use crate::attr::template::read_key;
use crate::attr::tiers::TierArgs;
use crate::attr::value::{CompanionName, Items, Share, SkipName, parse_skip};
use crate::diag::Errors;

/// Parsed options of `#[cached(..)]`.
#[derive(Default)]
pub(crate) struct CachedArgs {
    pub(crate) cache: Option<Arg<Expr>>,
    pub(crate) companion: Option<Arg<CompanionName>>,
    pub(crate) err_ttl: Option<Arg<DurationValue>>,
    pub(crate) events: Option<Arg<Items>>,
    pub(crate) freshness: FreshnessArgs,
    pub(crate) jitter: Option<Arg<Share>>,
    pub(crate) key: Option<Arg<Template>>,
    pub(crate) krate: Option<Arg<Path>>,
    pub(crate) limits: LimitArgs,
    pub(crate) name: Option<Arg<LitStr>>,
    pub(crate) none_ttl: Option<Arg<DurationValue>>,
    pub(crate) skip: Option<Arg<Vec<SkipName>>>,
    pub(crate) store_if: Option<Arg<Expr>>,
    pub(crate) tags: Option<Arg<Items>>,
    pub(crate) tiers: TierArgs,
    pub(crate) ttl: Option<Arg<DurationValue>>,
    pub(crate) version: Option<Arg<LitInt>>,
    pub(crate) when: Option<Arg<Expr>>,
}

/// Error message for a value of `version` that is not a whole number from 0 to 4294967295.
pub(crate) const VERSION: &str = "expected a whole number from 0 to 4294967295, like `2`";

impl Options for CachedArgs {
    const ATTRIBUTE: &'static str = "cached";
    const NAMES: &'static [&'static str] = &[
        "key",
        "ttl",
        "tags",
        "events",
        "skip",
        "name",
        "version",
        "cache",
        "when",
        "store_if",
        "stale",
        "stale_if_error",
        "early",
        "soft_timeout",
        "detach",
        "depends",
        "none_ttl",
        "err_ttl",
        "jitter",
        "tier",
        "memory_ttl",
        "idle",
        "capacity",
        "redis_ttl",
        "replicas",
        "single_flight",
        "lock_timeout",
        "timeout",
        "timeout_error",
        "max_computations",
        "codec",
        "compress",
        "encrypt",
        "companion",
        "crate",
    ];

    fn option(
        &mut self,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<bool> {
        match key.to_string().as_str() {
            "cache" => Arg::read(&mut self.cache, key, input, errors)?,
            "companion" => Arg::read(&mut self.companion, key, input, errors)?,
            "crate" => Arg::read(&mut self.krate, key, input, errors)?,
            "err_ttl" => Arg::read(&mut self.err_ttl, key, input, errors)?,
            "events" => Arg::read(&mut self.events, key, input, errors)?,
            "jitter" => Arg::read(&mut self.jitter, key, input, errors)?,
            "key" => read_key(&mut self.key, key, input, errors)?,
            "name" => {
                let expected = "expected a name in quotes, like `\"users::get_user\"`";
                Arg::read_or(&mut self.name, key, input, errors, expected)?;
            }
            "none_ttl" => Arg::read(&mut self.none_ttl, key, input, errors)?,
            "skip" => {
                let names = parse_skip(key, input)?;
                Arg::set(&mut self.skip, key, names, errors);
            }
            "store_if" => Arg::read(&mut self.store_if, key, input, errors)?,
            "tags" => Arg::read(&mut self.tags, key, input, errors)?,
            "ttl" => Arg::read(&mut self.ttl, key, input, errors)?,
            "version" => Arg::read_or(&mut self.version, key, input, errors, VERSION)?,
            "when" => Arg::read(&mut self.when, key, input, errors)?,
            _ => {
                return Ok(self.tiers.option(key, input, errors)?
                    || self.limits.option(key, input, errors)?
                    || self.freshness.option(key, input, errors)?);
            }
        }
        Ok(true)
    }
}
