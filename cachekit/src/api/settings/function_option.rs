//! The table of all options of cached functions that a configuration file can set.

use std::time::Duration;

use crate::api::settings::kind::Kind;
use crate::base::durations::cut;
use crate::model::config::parse_duration;
use crate::model::config::text::{
    DEPENDS, FLIGHTS, TIERS, parse_count, parse_flag, shown_length, value_of, word_for,
};
use crate::model::entry_options::ComputationLimit;
use crate::model::function_override::FunctionOverride;

/// An option of cached functions.
#[derive(Debug)]
pub(crate) struct FunctionOption {
    /// Key of the option, which is the name of the attribute's option too.
    pub(crate) key: &'static str,
    #[cfg_attr(
        not(feature = "config-file"),
        expect(dead_code, reason = "only files have options of functions")
    )]
    pub(crate) kind: Kind,
    /// `true` if a reload can change the option while the cache is in use.
    pub(crate) is_reloadable: bool,
    /// Reason why only the attribute can turn the option on. Empty: a file can turn it on too.
    pub(crate) needs_attribute: &'static str,
    /// Sets the option to the value of a text. An `Err` says what is expected.
    pub(crate) read: fn(&mut FunctionOverride, &str) -> Result<(), String>,
    /// Returns the text of the option's value, as `read` reads it. Empty: the option is not set.
    pub(crate) show: fn(&FunctionOverride) -> String,
}

const OWNED: &str = "a computation in the background owns its arguments, and the compiler can only \
                     check that at the attribute";
const FALLIBLE: &str =
    "the function must return a `Result`, and the compiler can only check that at the attribute";
const OPTIONAL: &str =
    "the function must return an `Option`, and the compiler can only check that at the attribute";
const CLONED: &str = "the function must return a `Result` whose error can be cloned, and the compiler \
                      can only check that at the attribute";
const ANSWER: &str = "callers get an error of the function's own, which the attribute makes";
const ROOM: &str =
    "the compiled call knows in which memory to look, so that a hit asks for nothing";

/// Returns a row from the key, the kind, the word `live` (a reload can change the option) or
/// `fixed`, the reason why only the attribute can turn it on, the parser and the printer.
macro_rules! option {
    ($key:literal, $kind:ident, $when:ident, $reason:expr, $read:expr, $show:expr) => {
        FunctionOption {
            key: $key,
            kind: Kind::$kind,
            is_reloadable: option!(@$when),
            needs_attribute: $reason,
            read: |of, text| {
                ($read)(of, text)?;
                Ok(())
            },
            show: |of| ($show)(of),
        }
    };
    (@live) => { true };
    (@fixed) => { false };
    // A length of time. With `off`, zero turns the option off; otherwise the text says what to
    // write in place of zero.
    (length $key:literal, $reason:expr, $field:ident, off) => {
        option!($key, Length, live, $reason,
            |of: &mut FunctionOverride, text: &str| {
                let length = parse_duration(text)?;
                of.options.$field = (!length.is_zero()).then(|| cut(length));
                Ok::<_, String>(())
            },
            |of: &FunctionOverride| shown(of.options.$field))
    };
    (length $key:literal, $reason:expr, $field:ident, $zero:literal) => {
        option!($key, Length, live, $reason,
            |of: &mut FunctionOverride, text: &str| {
                of.options.$field = Some(above_zero(text, $zero)?);
                Ok::<_, String>(())
            },
            |of: &FunctionOverride| shown(of.options.$field))
    };
}

/// All options. The order is that of the documentation.
pub(crate) const FUNCTION_OPTIONS: &[FunctionOption] = &[
    option!(
        "enabled",
        Flag,
        live,
        "",
        |of: &mut FunctionOverride, text: &str| parse_flag(text)
            .map(|is_enabled| of.options.is_enabled = is_enabled),
        |of: &FunctionOverride| of.options.is_enabled.to_string()
    ),
    option!("ttl", Length, live, "", set_ttl, |of: &FunctionOverride| {
        shown(of.options.ttl)
    }),
    option!(length "stale", OWNED, stale, off),
    option!(length "stale_if_error", FALLIBLE, stale_if_error, off),
    option!(
        "early",
        Factor,
        live,
        "",
        set_early,
        |of: &FunctionOverride| of.options.early.to_string()
    ),
    option!(
        "depends",
        WordOrFlag,
        live,
        "",
        |of: &mut FunctionOverride, text: &str| value_of(DEPENDS, text)
            .map(|depends| of.options.depends = depends),
        |of: &FunctionOverride| word_for(DEPENDS, &of.options.depends).to_owned()
    ),
    option!(length "soft_timeout", OWNED, soft_timeout,
        "a call must wait for some time; `stale` serves the old value at once"),
    option!(
        "detach",
        Flag,
        live,
        OWNED,
        |of: &mut FunctionOverride, text: &str| parse_flag(text)
            .map(|detach| of.options.detach = detach),
        |of: &FunctionOverride| if of.options.detach {
            "true".to_owned()
        } else {
            String::new()
        }
    ),
    option!(length "none_ttl", OPTIONAL, none_ttl, off),
    option!(length "err_ttl", CLONED, err_ttl, off),
    option!(
        "jitter",
        Factor,
        live,
        "",
        set_jitter,
        |of: &FunctionOverride| of.options.jitter.to_string()
    ),
    option!(
        "tier",
        Text,
        fixed,
        "",
        |of: &mut FunctionOverride, text: &str| value_of(TIERS, text)
            .map(|tier| of.options.tier = tier),
        |of: &FunctionOverride| word_for(TIERS, &of.options.tier).to_owned()
    ),
    option!(length "memory_ttl", "", memory_ttl,
        "memory would keep nothing; write `tier = \"redis\"` in its place"),
    option!(length "idle", "", idle,
        "memory would keep nothing; leave it out"),
    option!(length "redis_ttl", "", redis_ttl,
        "Redis would keep nothing; write `tier = \"memory\"` in its place"),
    option!(
        "capacity",
        Count,
        fixed,
        ROOM,
        set_capacity,
        |of: &FunctionOverride| of.capacity.map_or_else(String::new, |it| it.to_string())
    ),
    option!(
        "replicas",
        Count,
        fixed,
        "",
        set_replicas,
        |of: &FunctionOverride| of.options.replicas.to_string()
    ),
    option!(
        "single_flight",
        Text,
        live,
        "",
        |of: &mut FunctionOverride, text: &str| value_of(FLIGHTS, text)
            .map(|flight| of.options.single_flight = Some(flight)),
        |of: &FunctionOverride| of
            .options
            .single_flight
            .map_or_else(String::new, |it| word_for(FLIGHTS, &it).to_owned())
    ),
    option!(length "lock_timeout", "", lock_timeout,
        "a call would wait for nobody; write `single_flight = \"off\"` in its place"),
    option!(length "timeout", ANSWER, timeout, off),
    option!(
        "max_computations",
        Count,
        fixed,
        "",
        set_max_computations,
        |of: &FunctionOverride| of
            .options
            .bound
            .map_or_else(String::new, |it| it.max.to_string())
    ),
    option!(
        "codec",
        Text,
        live,
        "",
        |of: &mut FunctionOverride, text: &str| text
            .parse::<crate::Codec>()
            .map(|codec| of.options.codec = Some(codec)),
        |of: &FunctionOverride| of
            .options
            .codec
            .map_or_else(String::new, |it| it.to_string())
    ),
    option!(
        "compress",
        Flag,
        live,
        "",
        |of: &mut FunctionOverride, text: &str| parse_flag(text)
            .map(|compress| of.options.compress = Some(compress)),
        |of: &FunctionOverride| of
            .options
            .compress
            .map_or_else(String::new, |it| it.to_string())
    ),
    option!(
        "encrypt",
        Flag,
        live,
        "",
        |of: &mut FunctionOverride, text: &str| parse_flag(text)
            .map(|encrypt| of.options.encrypt = Some(encrypt)),
        |of: &FunctionOverride| of
            .options
            .encrypt
            .map_or_else(String::new, |it| it.to_string())
    ),
];

/// Options that only the attribute has.
#[cfg(any(test, feature = "config-file"))]
pub(crate) const ATTRIBUTE_ONLY: &[&str] = &[
    "key",
    "tags",
    "events",
    "skip",
    "when",
    "store_if",
    "name",
    "version",
    "cache",
    "companion",
    "timeout_error",
    "crate",
];

fn shown(length: Option<Duration>) -> String {
    length.map_or_else(String::new, shown_length)
}

fn above_zero(text: &str, zero: &str) -> Result<Duration, String> {
    let length = parse_duration(text)?;
    if length.is_zero() {
        return Err(format!("it is zero, and {zero}"));
    }
    Ok(cut(length))
}

fn set_ttl(of: &mut FunctionOverride, text: &str) -> Result<(), String> {
    let zero = "an entry would end at once; write a longer time, or `enabled = false`";
    of.options.ttl = Some(above_zero(text, zero)?);
    of.options.has_fixed_ttl = true;
    Ok(())
}

fn set_early(of: &mut FunctionOverride, text: &str) -> Result<(), String> {
    let beta = match text.trim() {
        "false" => Some(0.0),
        "true" => Some(1.0),
        text => text.parse().ok(),
    };
    let beta = beta.filter(|beta: &f32| beta.is_finite() && *beta >= 0.0);
    of.options.early = beta.ok_or("expected a number of at least zero (`1.5`), or `false`")?;
    Ok(())
}

fn set_jitter(of: &mut FunctionOverride, text: &str) -> Result<(), String> {
    let share = text.trim().parse().ok();
    let share = share.filter(|share| (0.0..=1.0).contains(share));
    of.options.jitter = share.ok_or("expected a share from 0 to 1 (`0.1`)")?;
    Ok(())
}

fn set_capacity(of: &mut FunctionOverride, text: &str) -> Result<(), String> {
    let entries = parse_count(text)?;
    if entries == 0 {
        return Err("it is zero, and memory would keep nothing; write at least 1".to_owned());
    }
    of.capacity = Some(entries);
    Ok(())
}

fn set_replicas(of: &mut FunctionOverride, text: &str) -> Result<(), String> {
    let count = parse_count(text).ok();
    let count = count.filter(|count| (1..=16).contains(count));
    of.options.replicas = count.ok_or("expected a whole number from 1 to 16")?;
    Ok(())
}

fn set_max_computations(of: &mut FunctionOverride, text: &str) -> Result<(), String> {
    let max = parse_count(text)?;
    if max == 0 {
        return Err("it is zero, and nothing would be computed; write at least 1".to_owned());
    }
    of.options.bound = Some(ComputationLimit { group: None, max });
    Ok(())
}
