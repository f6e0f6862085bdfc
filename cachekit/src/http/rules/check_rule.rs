//! Checks of one rule, and its compilation.

use crate::http::rules::check::{Report, check};
use crate::http::rules::compiled_rule::{CompiledRule, Identity};
use crate::http::rules::error::Problem;
use crate::http::rules::options::{Mode, Query};
use crate::http::rules::pattern::parameters;
use crate::http::rules::rule::Rule;
use crate::http::rules::settings::{Defaults, Settings};
use crate::http::rules::template::Template;

/// Message for `soft` without effect.
pub(crate) const SOFT_WITHOUT_WINDOW: &str = "`soft` has no effect without `swr` or `sie`, because \
    no stale response is served; add a time for which one is, such as `swr = \"1m\"`, or remove \
    `soft`";

/// Checks `rule` and decides its options. The result is only of use if no problem was added.
pub(crate) fn compile(
    rule: &Rule,
    mode: Mode,
    defaults: Defaults<'_>,
    problems: &mut Vec<Problem>,
) -> CompiledRule {
    let mut report = Report {
        rule: Some(rule.label()),
        lines: &rule.lines,
        problems,
    };
    check(&rule.settings, mode, &mut report);
    let (tags, events) = match parameters(&rule.path) {
        Ok(known) => (
            templates("tags", &rule.tags, &known, &mut report),
            templates("invalidate_on", &rule.invalidate_on, &known, &mut report),
        ),
        Err(why) => {
            report.add("path", format!("`path = \"{}\"`: {why}", rule.path));
            (Vec::new(), Vec::new())
        }
    };
    let settings = rule.settings.clone().or(defaults.settings);
    if rule.cache {
        missing_ttl(rule, mode, (&settings, defaults), &mut report);
        soft_without_window(rule, mode, (&settings, defaults), &mut report);
    } else {
        without_effect(rule, &mut report);
    }
    unlisted_query(rule, (&settings, defaults), &mut report);
    let identity = Identity {
        name: rule.label().to_owned(),
        path: Some(rule.path.clone()),
        cache: rule.cache,
        tags,
        events,
    };
    CompiledRule::new(identity, settings, mode)
}

/// Returns `true` if the file has `key` for the rule, or as a default, and its value could not be
/// read.
fn is_unread(
    key: &str,
    rule: &Rule,
    defaults: Defaults<'_>,
    is_read: impl Fn(&Settings) -> bool,
) -> bool {
    (rule.lines.has(key) && !is_read(&rule.settings))
        || (defaults.may_have(key) && !is_read(defaults.settings))
}

fn templates(
    key: &str,
    texts: &[String],
    parameters: &[String],
    report: &mut Report<'_>,
) -> Vec<Template> {
    let mut templates = Vec::new();
    for text in texts {
        match Template::parse(text, parameters) {
            Ok(template) => templates.push(template),
            Err(why) => report.add(key, format!("`{key}`, \"{text}\": {why}")),
        }
    }
    templates
}

/// `settings` has the defaults where the rule does not set an option.
fn missing_ttl(
    rule: &Rule,
    mode: Mode,
    (settings, defaults): (&Settings, Defaults<'_>),
    report: &mut Report<'_>,
) {
    let is_unread = is_unread("ttl", rule, defaults, |it| it.ttl.is_some());
    if mode == Mode::Shared || settings.ttl.is_some() || is_unread {
        return;
    }
    let own = [
        ("swr", rule.settings.swr.is_some()),
        ("sie", rule.settings.sie.is_some()),
    ];
    match own.iter().find(|(_, is_set)| *is_set) {
        Some((key, _)) => report.add(
            key,
            format!("`{key}` without `ttl`; add the time before it, such as `ttl = \"5m\"`"),
        ),
        None => report.add(
            "",
            "`ttl` is missing; add for how long a response is fresh, such as `ttl = \"5m\"`, or \
             `cache = false` if nothing is to be stored",
        ),
    }
}

/// Reports `soft` in a rule without a time for which a stale response is served. In such a rule, a
/// soft invalidation removes the response. In the mode `shared`, each response says for how long it
/// is served stale.
fn soft_without_window(
    rule: &Rule,
    mode: Mode,
    (settings, defaults): (&Settings, Defaults<'_>),
    report: &mut Report<'_>,
) {
    let may_have_window = settings.has_window()
        || is_unread("swr", rule, defaults, |it| it.swr.is_some())
        || is_unread("sie", rule, defaults, |it| it.sie.is_some());
    if rule.settings.soft == Some(true) && mode == Mode::Owned && !may_have_window {
        report.add("soft", SOFT_WITHOUT_WINDOW);
    }
}

/// Reports the options of a rule with `cache = false`, which stores nothing.
fn without_effect(rule: &Rule, report: &mut Report<'_>) {
    let settings = &rule.settings;
    let options = [
        ("ttl", settings.ttl.is_some()),
        ("swr", settings.swr.is_some()),
        ("sie", settings.sie.is_some()),
        ("negative_ttl", settings.negative_ttl.is_some()),
        ("ttl_jitter", settings.ttl_jitter.is_some()),
        ("statuses", settings.statuses.is_some()),
        ("query", settings.query.is_some()),
        ("unlisted_query", settings.unlisted_query.is_some()),
        ("headers", settings.headers.is_some()),
        ("auth", settings.auth.is_some()),
        ("cookies", settings.cookies.is_some()),
        ("set_cookie", settings.set_cookie.is_some()),
        ("etag", settings.etag.is_some()),
        ("downstream", settings.downstream.is_some()),
        ("tags", !rule.tags.is_empty()),
        ("invalidate_on", !rule.invalidate_on.is_empty()),
        ("max_body", settings.max_body.is_some()),
        ("coalesce", settings.coalesce.is_some()),
        ("depends", settings.depends.is_some()),
        ("honour_request", settings.honour_request_no_cache.is_some()),
        ("soft", settings.soft.is_some()),
    ];
    report.add_each(&options, |key| {
        format!("`{key}` has no effect with `cache = false`; remove one of the two")
    });
}

fn unlisted_query(
    rule: &Rule,
    (settings, defaults): (&Settings, Defaults<'_>),
    report: &mut Report<'_>,
) {
    let query = settings.query.as_ref().unwrap_or(&Query::All);
    let is_unread = is_unread("query", rule, defaults, |it| it.query.is_some());
    if rule.settings.unlisted_query.is_some() && *query == Query::All && rule.cache && !is_unread {
        report.add(
            "unlisted_query",
            "`unlisted_query` has no effect, because every parameter is in the key; add \
             `query = [..]` with the parameters that the handler reads",
        );
    }
}
