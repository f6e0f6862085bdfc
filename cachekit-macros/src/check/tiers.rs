//! Where entries live, and the options that only make sense there.

use proc_macro2::{Ident, Span};
use syn::LitInt;

use super::cached::constant;
use super::function::Facts;
use crate::attr::{Arg, CODECS, DurationValue, FLIGHTS, REPLICAS, TIERS, TierArgs};
use crate::diag::{Errors, either};
use crate::item::LooseFn;
use crate::model::{Choice, Constant};

/// The part of the policy that tells the tiers apart.
pub(super) struct Tiers {
    pub(super) choices: Vec<Choice>,
    pub(super) compress: Option<(bool, Span)>,
    pub(super) lengths: Vec<(&'static str, Constant)>,
    pub(super) replicas: Option<u8>,
}

/// Checks the options about tiers, and `none_ttl`, a constant like most of them.
pub(super) fn tiers(
    facts: &Facts,
    item: &LooseFn,
    args: TierArgs,
    none_ttl: Option<Arg<DurationValue>>,
    errors: &mut Errors,
) -> Tiers {
    check_sync(facts, item, args.tier.as_ref(), errors);
    let only = args.tier.as_ref().map(|tier| tier.value.to_string());
    match only.as_deref() {
        Some("memory") => check_memory(&args, errors),
        Some("redis") => check_redis(&args, errors),
        _ => {}
    }
    let replicas = args.replicas.as_ref();
    let replicas = replicas.and_then(|arg| replicas_of(arg, only.as_deref(), errors));
    let lengths = [none_ttl, args.memory_ttl, args.redis_ttl, args.lock_timeout];
    let lengths = constants(facts, lengths, errors);
    let choices = [
        ("tier", "Tier", args.tier, TIERS),
        ("single_flight", "SingleFlight", args.single_flight, FLIGHTS),
        ("codec", "Codec", args.codec, CODECS),
    ];
    Tiers {
        choices: choices
            .into_iter()
            .filter_map(|(option, ty, arg, words)| {
                let arg = arg?;
                Some(Choice {
                    option,
                    ty,
                    variant: variant(&arg, words, errors)?,
                    place: arg.value.span(),
                })
            })
            .collect(),
        compress: args.compress.map(|it| (it.value.value, it.value.span)),
        lengths,
        replicas,
    }
}

/// How many copies there are, of an entry that only Redis keeps.
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

/// What is asked of Redis although nothing is stored there.
fn check_memory(args: &TierArgs, errors: &mut Errors) {
    let remote = [
        args.redis_ttl.as_ref().map(|arg| &arg.key),
        args.codec.as_ref().map(|arg| &arg.key),
        args.compress.as_ref().map(|arg| &arg.key),
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

/// What is asked of memory although nothing is stored there.
fn check_redis(args: &TierArgs, errors: &mut Errors) {
    if let Some(Arg { key, .. }) = &args.memory_ttl {
        errors.at(
            key.span(),
            "`memory_ttl` is about memory, where `tier = redis` stores nothing; take one of them \
             out",
        );
    }
}

/// Only an asynchronous function can wait for an answer of Redis.
fn check_sync(facts: &Facts, item: &LooseFn, tier: Option<&Arg<Ident>>, errors: &mut Errors) {
    const WHY: &str = "a function that is not `async` can only be cached in memory, because other \
                       tiers are asked asynchronously";
    // A `const fn` and an `extern fn` were told already.
    if !facts.form.is_sync() || item.sig.constness.is_some() || item.sig.abi.is_some() {
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

/// The variant of the runtime that a word stands for, if it is one of `words`.
fn variant(arg: &Arg<Ident>, words: &[&str], errors: &mut Errors) -> Option<&'static str> {
    const VARIANTS: &[(&str, &str)] = &[
        ("bincode", "Bincode"),
        ("both", "Both"),
        ("cluster", "Cluster"),
        ("json", "Json"),
        ("memory", "Memory"),
        ("msgpack", "MsgPack"),
        ("off", "Off"),
        ("process", "Process"),
        ("redis", "Redis"),
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

/// Constant durations, and what is wrong with one of 0.
const LENGTHS: [(&str, &str); 4] = [
    (
        "none_ttl",
        "leave `none_ttl` out: then `None` is not cached",
    ),
    (
        "memory_ttl",
        "a `memory_ttl` of 0 keeps nothing in memory; write `tier = redis` in its place",
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

/// The constants of [`LENGTHS`], in that order, where they are given.
fn constants(
    facts: &Facts,
    given: [Option<Arg<DurationValue>>; 4],
    errors: &mut Errors,
) -> Vec<(&'static str, Constant)> {
    let known = LENGTHS.into_iter().zip(given);
    known
        .filter_map(|((name, zero), arg)| Some((name, constant(facts, arg?, zero, errors)?)))
        .collect()
}
