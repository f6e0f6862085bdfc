//! Checks of the options of a rule or of the defaults.

use std::time::Duration;

use http::HeaderName;

use crate::http::rules::error::Problem;
use crate::http::rules::options::{Cookies, Downstream, Etag, Mode, Query, SetCookie};
use crate::http::rules::pattern::twice;
use crate::http::rules::settings::{Lines, Settings};

/// The place that is checked, and the problems found there.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) rule: Option<&'a str>,
    pub(crate) lines: &'a Lines,
    pub(crate) problems: &'a mut Vec<Problem>,
}

impl Report<'_> {
    /// Adds a problem with the key `key`. `text` says what is wrong and what to do.
    pub(crate) fn add(&mut self, key: &str, text: impl Into<String>) {
        self.problems.push(Problem {
            line: self.lines.of(key),
            rule: self.rule.map(str::to_owned),
            text: text.into(),
        });
    }

    /// Adds a problem for each key that is set, with the text that `text` makes of the key.
    pub(crate) fn add_each(&mut self, keys: &[(&str, bool)], text: impl Fn(&str) -> String) {
        for (key, _) in keys.iter().filter(|(_, is_set)| *is_set) {
            self.add(key, text(key));
        }
    }
}

/// Checks the values of the options that are set.
pub(crate) fn check(settings: &Settings, mode: Mode, report: &mut Report<'_>) {
    times(settings, report);
    statuses(settings, report);
    headers(settings, report);
    names("query", query_names(settings), report);
    cookies(settings, report);
    match mode {
        Mode::Owned => owned(settings, report),
        Mode::Shared => shared(settings, report),
    }
}

fn times(settings: &Settings, report: &mut Report<'_>) {
    if settings.ttl == Some(Duration::ZERO) {
        report.add(
            "ttl",
            "`ttl` is zero; write a longer time, or `cache = false` if nothing is to be stored",
        );
    }
    if settings.negative_ttl == Some(Duration::ZERO) {
        report.add(
            "negative_ttl",
            "`negative_ttl` is zero; write a longer time, or leave it out if such responses are \
             not to be stored",
        );
    }
    let jitter = settings.ttl_jitter.unwrap_or_default();
    if !(0.0..=1.0).contains(&jitter) {
        report.add(
            "ttl_jitter",
            format!("`ttl_jitter` is {jitter}; write a share from 0 to 1, such as 0.1"),
        );
    }
    if settings.max_body == Some(0) {
        report.add(
            "max_body",
            "`max_body` is zero; write a size such as `1MiB`, or `cache = false` if nothing is to \
             be stored",
        );
    }
    if let Some(Downstream::MaxAge(age)) = settings.downstream
        && age.subsec_nanos() != 0
    {
        report.add(
            "downstream",
            "`downstream` has a fraction of a second; `max-age` has whole seconds",
        );
    }
}

fn statuses(settings: &Settings, report: &mut Report<'_>) {
    let Some(statuses) = &settings.statuses else {
        return;
    };
    if statuses.is_empty() {
        report.add(
            "statuses",
            "`statuses` is empty; write `[200]`, or `cache = false` if nothing is to be stored",
        );
    }
    for status in statuses {
        let why = match status {
            200..206 | 207..304 | 305..412 | 413..416 | 417..500 => continue,
            412 | 416 => {
                "is never stored, because it answers the condition or the range of one request"
            }
            206 | 304 => "is never stored, because it is no complete response",
            500..600 => "is never stored, because it is a failure; `sie` serves stale responses",
            100..200 => "is never stored, because it is not final",
            _ => "is no status",
        };
        report.add(
            "statuses",
            format!("`statuses`: {status} {why}; remove it from the list"),
        );
    }
}

fn headers(settings: &Settings, report: &mut Report<'_>) {
    let all = settings.headers.as_deref().unwrap_or_default();
    let lower: Vec<String> = all.iter().map(|name| name.to_ascii_lowercase()).collect();
    for name in &lower {
        match name.as_str() {
            "cookie" => report.add(
                "headers",
                "`headers` has `cookie`, which differs for each client; write \
                 `cookies = { key = [\"name\"] }`",
            ),
            "authorization" => report.add(
                "headers",
                "`headers` has `authorization`; write `auth = \"key\"`",
            ),
            name if HeaderName::from_bytes(name.as_bytes()).is_err() => report.add(
                "headers",
                format!(
                    "`headers`: `{name}` is no name of a header field; write one such as \
                     `accept-language`"
                ),
            ),
            _ => {}
        }
    }
    names("headers", &lower, report);
}

fn query_names(settings: &Settings) -> &[String] {
    match &settings.query {
        Some(Query::Only(names)) => names,
        _ => &[],
    }
}

/// Reports a name that is in a list twice.
fn names(key: &str, all: &[String], report: &mut Report<'_>) {
    if let Some(name) = twice(all) {
        report.add(key, format!("`{key}` has `{name}` twice; remove one"));
    }
}

fn cookies(settings: &Settings, report: &mut Report<'_>) {
    let Some(Cookies::Key(all)) = &settings.cookies else {
        return;
    };
    if all.is_empty() {
        report.add(
            "cookies",
            "`cookies` has an empty list; write `\"ignore\"` if the handler reads no cookie, or \
             the names of those that it reads",
        );
    }
    for name in all {
        // The names of cookies are tokens, as those of header fields are.
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            report.add(
                "cookies",
                format!("`cookies`: `{name}` is no name of a cookie; write one such as `lang`"),
            );
        }
    }
    names("cookies", all, report);
}

fn owned(settings: &Settings, report: &mut Report<'_>) {
    if settings.set_cookie == Some(SetCookie::Rfc) {
        report.add(
            "set_cookie",
            "`set_cookie = \"rfc\"` is for the mode `shared`: clients would get each other's \
             cookies; write `\"refuse\"` or `\"strip\"`",
        );
    }
}

/// Reports options of the owned mode that are set in the shared mode, in which responses decide.
fn shared(settings: &Settings, report: &mut Report<'_>) {
    let etag = settings.etag.is_some_and(|etag| etag != Etag::Off);
    let downstream = settings.downstream.is_some_and(|it| it != Downstream::Off);
    let without_effect = [
        ("ttl", settings.ttl.is_some()),
        ("swr", settings.swr.is_some()),
        ("sie", settings.sie.is_some()),
        ("negative_ttl", settings.negative_ttl.is_some()),
        ("ttl_jitter", settings.ttl_jitter.is_some()),
        ("statuses", settings.statuses.is_some()),
        ("etag", etag),
        ("downstream", downstream),
    ];
    report.add_each(&without_effect, |key| {
        format!(
            "`{key}` has no effect in the mode `shared`, where the response's header fields \
             decide; remove it, or use the mode `owned`"
        )
    });
    if settings.honour_request_no_cache.is_some() {
        report.add(
            "honour_request",
            "`honour_request` has no effect in the mode `shared`, where directives of requests are \
             always honoured; remove it, or use the mode `owned`",
        );
    }
}
