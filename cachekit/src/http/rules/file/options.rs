//! Options that rules and the defaults have.

use toml::de::DeValue;

use crate::api::settings::file::values::{share, wrong_type};
use crate::base::unknown_word::unknown;
use crate::http::rules::file::section::put;
use crate::http::rules::file::values::{duration, flag, size, statuses, strings, table, word};
use crate::http::rules::options::{
    Auth, Cookies, Downstream, Etag, Query, SetCookie, UnlistedQuery,
};
use crate::http::rules::settings::Settings;
use crate::model::config::parse_duration;

/// Keys of the options.
pub(crate) const OPTIONS: &[&str] = &[
    "ttl",
    "swr",
    "sie",
    "negative_ttl",
    "ttl_jitter",
    "statuses",
    "query",
    "unlisted_query",
    "headers",
    "auth",
    "cookies",
    "set_cookie",
    "etag",
    "downstream",
    "max_body",
    "coalesce",
    "depends",
    "honour_request",
    "soft",
];

/// Sets the option `key`; `None` if there is no such option.
pub(crate) fn set_option(
    key: &str,
    value: &DeValue<'_>,
    settings: &mut Settings,
) -> Option<Result<(), String>> {
    match key {
        "ttl" => put(&mut settings.ttl, duration(value)),
        "swr" => put(&mut settings.swr, duration(value)),
        "sie" => put(&mut settings.sie, duration(value)),
        "negative_ttl" => put(&mut settings.negative_ttl, duration(value)),
        "ttl_jitter" => put(&mut settings.ttl_jitter, share(value)),
        "statuses" => put(&mut settings.statuses, statuses(value)),
        "max_body" => put(&mut settings.max_body, size(value)),
        "depends" => put(&mut settings.depends, flag(value)),
        "soft" => put(&mut settings.soft, flag(value)),
        "coalesce" => Some(coalesce(value, settings)),
        "honour_request" => put(&mut settings.honour_request_no_cache, honour(value)),
        _ => set_choice(key, value, settings),
    }
}

fn set_choice(
    key: &str,
    value: &DeValue<'_>,
    settings: &mut Settings,
) -> Option<Result<(), String>> {
    match key {
        "query" => put(&mut settings.query, query(value)),
        "unlisted_query" => put(&mut settings.unlisted_query, word(value, UNLISTED)),
        "headers" => put(&mut settings.headers, strings(value)),
        "auth" => put(&mut settings.auth, word(value, AUTH)),
        "cookies" => put(&mut settings.cookies, cookies(value)),
        "set_cookie" => put(&mut settings.set_cookie, word(value, SET_COOKIE)),
        "etag" => put(&mut settings.etag, word(value, ETAG)),
        "downstream" => put(&mut settings.downstream, downstream(value)),
        _ => None,
    }
}

const UNLISTED: &[(&str, UnlistedQuery)] = &[
    ("strip", UnlistedQuery::Strip),
    ("bypass", UnlistedQuery::Bypass),
    ("ignore", UnlistedQuery::Ignore),
];

const AUTH: &[(&str, Auth)] = &[
    ("bypass", Auth::Bypass),
    ("key", Auth::Key),
    ("ignore", Auth::Ignore),
];

const SET_COOKIE: &[(&str, SetCookie)] = &[
    ("refuse", SetCookie::Refuse),
    ("strip", SetCookie::Strip),
    ("rfc", SetCookie::Rfc),
];

const ETAG: &[(&str, Etag)] = &[
    ("weak", Etag::Weak),
    ("strong", Etag::Strong),
    ("off", Etag::Off),
];

fn query(value: &DeValue<'_>) -> Result<Query, String> {
    match value {
        DeValue::String(_) => word(value, &[("all", Query::All), ("none", Query::None)]),
        DeValue::Array(_) => strings(value).map(Query::Only),
        _ => Err(wrong_type(
            value,
            "`\"all\"`, `\"none\"` or a list of parameters such as `[\"q\"]`",
        )),
    }
}

fn cookies(value: &DeValue<'_>) -> Result<Cookies, String> {
    const EXAMPLE: &str = "`\"bypass\"`, `\"ignore\"` or `{ key = [\"lang\"] }`";
    match value {
        DeValue::String(text) if text == "key" => {
            Err(format!("it names no cookie; write {EXAMPLE}"))
        }
        DeValue::String(_) => word(
            value,
            &[("bypass", Cookies::Bypass), ("ignore", Cookies::Ignore)],
        ),
        _ => {
            let table = table(value, EXAMPLE)?;
            let other = table.iter().find(|(key, _)| key.get_ref() != "key");
            match (table.get("key"), other) {
                (Some(names), None) => strings(names.get_ref()).map(Cookies::Key),
                _ => Err(format!("it is another table; write {EXAMPLE}")),
            }
        }
    }
}

fn downstream(value: &DeValue<'_>) -> Result<Downstream, String> {
    if let Some(age) = value
        .as_str()
        .and_then(|text| text.strip_prefix("max-age="))
    {
        return parse_duration(age).map(Downstream::MaxAge);
    }
    let words = [
        ("no-cache", Some(Downstream::NoCache)),
        ("off", Some(Downstream::Off)),
        ("max-age=30", None),
    ];
    let known = word(value, &words)?;
    known.ok_or_else(|| "it has no time; write `\"max-age=30\"`".to_owned())
}

fn coalesce(value: &DeValue<'_>, settings: &mut Settings) -> Result<(), String> {
    const KEYS: [&str; 3] = ["enabled", "wait_timeout", "hfm_ttl"];
    let table = table(value, "a table such as `{ enabled = false }`")?;
    for (key, value) in table {
        let (key, value) = (key.get_ref().as_ref(), value.get_ref());
        let set = match key {
            "enabled" => put(&mut settings.coalesce, flag(value)),
            "wait_timeout" => put(&mut settings.wait_timeout, duration(value)),
            "hfm_ttl" => put(&mut settings.hit_for_miss, duration(value)),
            _ => return Err(unknown("key in `coalesce`,", key, KEYS.into_iter())),
        };
        set.unwrap_or(Ok(()))
            .map_err(|why| format!("`{key}`: {why}"))?;
    }
    Ok(())
}

/// Reads the directives of requests that are honoured: `no-cache` or none.
fn honour(value: &DeValue<'_>) -> Result<bool, String> {
    let directives = strings(value)?;
    match directives.iter().find(|directive| *directive != "no-cache") {
        Some(other) => Err(format!(
            "`{other}` is not supported; write `[\"no-cache\"]` or `[]`"
        )),
        None => Ok(!directives.is_empty()),
    }
}
