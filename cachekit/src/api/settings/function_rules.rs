//! Rules about the options of one function: options that a file cannot set, because the function is
//! compiled without them, and options without an effect.

use crate::api::settings::source::FileOption;
use crate::encoding::{compress, encryption};
use crate::model::config::{SingleFlight, Tier};
use crate::model::function_override::FunctionOverride;
use crate::model::function_spec::FnSpec;

/// Options about memory, without effect if memory keeps nothing.
const OF_MEMORY: &[&str] = &["memory_ttl", "idle", "capacity", "err_ttl"];

/// Options about Redis, without effect if Redis keeps nothing.
const OF_REDIS: &[&str] = &["redis_ttl", "codec", "compress", "encrypt", "replicas"];

/// Returns the problems, each with its line, of the options `given` in a file. With them, the
/// function `spec` has the options `own`.
pub(crate) fn check(
    spec: &FnSpec,
    own: &FunctionOverride,
    given: &[&FileOption],
) -> impl Iterator<Item = (usize, String)> {
    let attribute = FunctionOverride::of(spec);
    let problems = given.iter().filter_map(|option| {
        let problem = turned_on(&attribute, own, option)
            .or_else(|| tier(&attribute, own, option))
            .or_else(|| without_effect(own, option))
            .or_else(|| feature(own, option))?;
        Some((option.line, problem))
    });
    problems.collect::<Vec<_>>().into_iter()
}

/// Returns a problem if only the attribute can turn the option on, and does not do so.
fn turned_on(
    attribute: &FunctionOverride,
    own: &FunctionOverride,
    given: &FileOption,
) -> Option<String> {
    let (option, key) = (given.option, given.option.key);
    let is_on = !(option.show)(own).is_empty();
    let was_on = !(option.show)(attribute).is_empty();
    (is_on && !was_on && !option.needs_attribute.is_empty()).then(|| {
        format!(
            "a file cannot turn on `{key}`: {}; set `{key}` in the attribute, then a file can \
             change its value",
            option.needs_attribute
        )
    })
}

fn tier(
    attribute: &FunctionOverride,
    own: &FunctionOverride,
    given: &FileOption,
) -> Option<String> {
    let was = attribute.options.tier;
    if given.option.key != "tier" || was == Tier::Both || was == own.options.tier {
        return None;
    }
    let (word, reason) = match was {
        Tier::Memory => ("memory", "its values need not be made for Redis"),
        _ => ("redis", "its calls do not look into memory"),
    };
    Some(format!(
        "the function is compiled with `tier = {word}`, so that {reason}; remove `tier` from the \
         attribute, then a file can set it"
    ))
}

fn without_effect(own: &FunctionOverride, given: &FileOption) -> Option<String> {
    let options = &own.options;
    let key = given.option.key;
    let elsewhere = match options.tier {
        Tier::Memory if OF_REDIS.contains(&key) => "Redis, where `tier = \"memory\"`",
        Tier::Redis if OF_MEMORY.contains(&key) => "memory, where `tier = \"redis\"`",
        _ => return other_without_effect(own, key),
    };
    Some(format!(
        "`{key}` is about {elsewhere} stores nothing; remove one of them"
    ))
}

fn other_without_effect(own: &FunctionOverride, key: &str) -> Option<String> {
    let options = &own.options;
    let flight = options.single_flight;
    let problem = match key {
        "single_flight"
            if flight == Some(SingleFlight::Cluster) && options.tier == Tier::Memory =>
        {
            "other processes are met in Redis, where `tier = \"memory\"` stores nothing; write \
             `single_flight = \"process\"`"
        }
        "single_flight" | "detach" if flight == Some(SingleFlight::Off) && options.detach => {
            "with `detach` and `single_flight = \"off\"`, no call can wait for the computation that \
             goes on; turn off one of them"
        }
        "replicas" if options.leaves_replicas_out() => {
            "`replicas` are of entries that only Redis has; write `tier = \"redis\"` too"
        }
        "idle"
            if options.idle >= options.ttl.min(options.memory_ttl.or(options.ttl))
                && options.ttl.is_some() =>
        {
            "`idle` is not shorter than `ttl` or `memory_ttl`, and has no effect; write a shorter time"
        }
        _ => return None,
    };
    Some(problem.to_owned())
}

fn feature(own: &FunctionOverride, given: &FileOption) -> Option<String> {
    match given.option.key {
        "codec" => {
            let codec = own.options.codec.filter(|codec| !codec.is_available())?;
            Some(format!(
                "this build lacks the codec `{codec}`; enable the feature `{codec}` of cachekit"
            ))
        }
        "compress" if own.options.compress == Some(true) && !compress::is_available() => Some(
            "this build cannot compress; enable the feature `lz4` of cachekit, or remove the option"
                .to_owned(),
        ),
        "encrypt" if own.options.encrypt == Some(true) && !encryption::is_available() => Some(
            "this build cannot encrypt; enable the feature `encryption` of cachekit, or remove the \
             option"
                .to_owned(),
        ),
        _ => None,
    }
}
