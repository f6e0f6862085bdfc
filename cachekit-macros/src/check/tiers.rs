//! Rules for the options about memory and Redis, and for options that need one of the two.

use std::time::Duration;

use proc_macro2::{Ident, Span};
use syn::LitInt;

use crate::attr::arg::Arg;
use crate::attr::duration::DurationValue;
use crate::attr::tiers::{CAPACITY, CODECS, FLIGHTS, REPLICAS, TIERS, TierArgs};
use crate::check::constant::constant;
use crate::check::function::FnInfo;
use crate::diag::{Errors, either};
use crate::item::LooseFn;
use crate::model::{Choice, Constant};

/// Part of a function's model that the options about memory, Redis and single-flight determine.
pub(crate) struct Tiers {
    pub(crate) capacity: Option<u64>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) compress: Option<(bool, Span)>,
    pub(crate) encrypt: Option<(bool, Span)>,
    /// Span of the option `err_ttl`. `None`: the option is not set.
    pub(crate) err_ttl_at: Option<Span>,
    pub(crate) lengths: Vec<(&'static str, Constant)>,
    /// Span of the option `none_ttl`. `None`: the option is not set.
    pub(crate) none_ttl_at: Option<Span>,
    pub(crate) replicas: Option<u8>,
}

/// Checks the options about memory, Redis and single-flight, and the constant durations `none_ttl`
/// and `err_ttl`.
pub(crate) fn tiers(
    info: &FnInfo,
    item: &LooseFn,
    args: TierArgs,
    (ttl, [none_ttl, err_ttl]): (Option<Duration>, [Option<Arg<DurationValue>>; 2]),
    errors: &mut Errors,
) -> Tiers {
    check_sync(info, item, args.tier.as_ref(), errors);
    let only = args.tier.as_ref().map(|tier| tier.value.to_string());
    match only.as_deref() {
        Some("memory") => check_memory(&args, errors),
        Some("redis") => check_redis(&args, err_ttl.as_ref(), errors),
        _ => {}
    }
    let capacity = args.capacity.as_ref();
    let capacity = capacity.and_then(|arg| capacity_of(arg, errors));
    let replicas = args.replicas.as_ref();
    let replicas = replicas.and_then(|arg| replicas_of(arg, only.as_deref(), errors));
    check_idle(&args, ttl, errors);
    let [none_ttl_at, err_ttl_at] =
        [&none_ttl, &err_ttl].map(|arg| arg.as_ref().map(|arg| arg.key.span()));
    let lengths = [
        none_ttl,
        err_ttl,
        args.memory_ttl,
        args.idle,
        args.redis_ttl,
        args.lock_timeout,
    ];
    let lengths = constants(info, lengths, errors);
    let choices = [
        ("tier", "Tier", args.tier, TIERS),
        ("single_flight", "SingleFlight", args.single_flight, FLIGHTS),
        ("codec", "Codec", args.codec, CODECS),
    ];
    Tiers {
        capacity,
        choices: choices
            .into_iter()
            .filter_map(|(option, ty, arg, words)| {
                let arg = arg?;
                Some(Choice {
                    option,
                    ty,
                    variant: choice(&arg, words, errors)?,
                    span: arg.value.span(),
                })
            })
            .collect(),
        compress: args.compress.map(|it| (it.value.value, it.value.span)),
        encrypt: args.encrypt.map(|it| (it.value.value, it.value.span)),
        err_ttl_at,
        lengths,
        none_ttl_at,
        replicas,
    }
}

/// Returns the number of entries in the function's own memory, from the option `capacity`.
fn capacity_of(arg: &Arg<LitInt>, errors: &mut Errors) -> Option<u64> {
    let parsed = arg.value.base10_parse::<u64>().ok();
    match parsed {
        Some(0) => errors.at(
            arg.value.span(),
            "with `capacity = 0` memory keeps nothing; write `tier = redis` in its place, or leave it \
             out for a share of the cache's memory",
        ),
        None => errors.at(arg.value.span(), CAPACITY),
        Some(_) => {}
    }
    parsed
}

/// Returns the number of replicas from the option `replicas`. Reports the option if `tier` is not
/// `redis`.
fn replicas_of(arg: &Arg<LitInt>, tier: Option<&str>, errors: &mut Errors) -> Option<u8> {
    let Arg { key, value } = arg;
    if tier != Some("redis") {
        errors.at(
            key.span(),
            "`replicas` are copies in Redis, for what is not kept in memory, where a hot key costs \
             Redis nothing; write `tier = redis` too, or take it out",
        );
    }
    let parsed = value.base10_parse::<u8>().ok();
    let known = parsed.filter(|count| (2..=16).contains(count));
    if known.is_none() {
        errors.at(value.span(), REPLICAS);
    }
    known
}

/// Reports options about Redis if `tier` is `memory`.
fn check_memory(args: &TierArgs, errors: &mut Errors) {
    let remote = [
        args.redis_ttl.as_ref().map(|arg| &arg.key),
        args.codec.as_ref().map(|arg| &arg.key),
        args.compress.as_ref().map(|arg| &arg.key),
        args.encrypt.as_ref().map(|arg| &arg.key),
    ];
    for key in remote.into_iter().flatten() {
        errors.at(
            key.span(),
            format_args!(
                "`{key}` is about Redis, where `tier = memory` stores nothing; take one of them out"
            ),
        );
    }
    if let Some(Arg { value, .. }) = &args.single_flight
        && value == "cluster"
    {
        errors.at(
            value.span(),
            "other processes are met in Redis, which `tier = memory` never asks; write \
             `single_flight = process`, or take one of them out",
        );
    }
}

/// Reports options about memory if `tier` is `redis`.
fn check_redis(args: &TierArgs, err_ttl: Option<&Arg<DurationValue>>, errors: &mut Errors) {
    let local = [
        args.memory_ttl.as_ref().map(|arg| &arg.key),
        args.idle.as_ref().map(|arg| &arg.key),
        args.capacity.as_ref().map(|arg| &arg.key),
        err_ttl.map(|arg| &arg.key),
    ];
    for key in local.into_iter().flatten() {
        errors.at(
            key.span(),
            format_args!(
                "`{key}` is about memory, where `tier = redis` stores nothing; take one of them out"
            ),
        );
    }
}

/// Returns the duration if the user wrote it as a literal, or `None` if it is an expression.
fn known(arg: &Arg<DurationValue>) -> Option<Duration> {
    match &arg.value {
        DurationValue::Constant(value, _) => Some(*value),
        DurationValue::Expr(_) => None,
    }
}

/// Reports the option `idle` (the time after which an unused entry ends) if it has no effect,
/// because it is not shorter than a constant `ttl` or `memory_ttl`.
fn check_idle(args: &TierArgs, ttl: Option<Duration>, errors: &mut Errors) {
    let Some(DurationValue::Constant(length, span)) = args.idle.as_ref().map(|it| &it.value) else {
        return;
    };
    let longest = [ttl, args.memory_ttl.as_ref().and_then(known)];
    let names = ["ttl", "memory_ttl"].into_iter().zip(longest);
    for (name, longest) in names {
        if longest.is_some_and(|longest| *length >= longest) {
            errors.at(
                *span,
                format_args!(
                    "an entry ends with its `{name}`, also if it is used, and that is no longer than \
                     this `idle`; make `{name}` longer, or leave `idle` out"
                ),
            );
        }
    }
}

/// Reports a tier with Redis on a function that is not `async`, because such a function cannot wait
/// for a reply of Redis.
fn check_sync(info: &FnInfo, item: &LooseFn, tier: Option<&Arg<Ident>>, errors: &mut Errors) {
    const WHY: &str = "a function that is not `async` can only be cached in memory, because other \
                       tiers are asked asynchronously";
    // A `const fn` or an `extern fn` was already reported.
    if !info.form.is_sync() || item.sig.constness.is_some() || item.sig.abi.is_some() {
        return;
    }
    match tier {
        None => errors.on(
            item.sig.fn_token,
            format_args!("{WHY}; add `tier = memory`, or make it an `async fn`"),
        ),
        Some(tier) if tier.value == "redis" || tier.value == "both" => errors.at(
            tier.value.span(),
            format_args!("{WHY}; write `tier = memory`, or make it an `async fn`"),
        ),
        Some(_) => {}
    }
}

/// Returns the name of the variant of cachekit's enum for a word, such as `Memory` for `memory`.
/// Reports a word that is not in `words`, the values that the option allows.
pub(crate) fn choice(
    arg: &Arg<Ident>,
    words: &[&str],
    errors: &mut Errors,
) -> Option<&'static str> {
    const VARIANTS: &[(&str, &str)] = &[
        ("bincode", "Bincode"),
        ("both", "Both"),
        ("cluster", "Cluster"),
        ("fail", "Fail"),
        ("json", "Json"),
        ("memory", "Memory"),
        ("msgpack", "MsgPack"),
        ("off", "Off"),
        ("process", "Process"),
        ("redis", "Redis"),
        ("wait", "Wait"),
        ("write", "Write"),
    ];
    let Arg { key, value } = arg;
    let variant = VARIANTS
        .iter()
        .find(|(word, _)| value == word && words.contains(word));
    if variant.is_none() {
        let words = either(words);
        errors.at(
            value.span(),
            format_args!("unknown {key} `{value}`; expected {words}"),
        );
    }
    variant.map(|(_, variant)| *variant)
}

/// Names of the options with a constant duration, each with the error message for a duration of 0.
const LENGTHS: [(&str, &str); 6] = [
    (
        "none_ttl",
        "leave `none_ttl` out: then `None` is not cached",
    ),
    (
        "err_ttl",
        "an `err_ttl` of 0 remembers nothing; leave it out",
    ),
    (
        "memory_ttl",
        "a `memory_ttl` of 0 keeps nothing in memory; write `tier = redis` in its place",
    ),
    (
        "idle",
        "an `idle` of 0 keeps nothing in memory; leave it out, and an entry lives as long as its `ttl`",
    ),
    (
        "redis_ttl",
        "a `redis_ttl` of 0 keeps nothing in Redis; write `tier = memory` in its place",
    ),
    (
        "lock_timeout",
        "a `lock_timeout` of 0 waits for nobody; write `single_flight = off` in its place",
    ),
];

/// Checks the durations that the user gave for the options in [`LENGTHS`], and returns them in that
/// order.
fn constants(
    info: &FnInfo,
    given: [Option<Arg<DurationValue>>; 6],
    errors: &mut Errors,
) -> Vec<(&'static str, Constant)> {
    let known = LENGTHS.into_iter().zip(given);
    known
        .filter_map(|((name, zero), arg)| Some((name, constant(info, arg?, zero, errors)?)))
        .collect()
}
