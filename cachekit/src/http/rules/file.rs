//! Rules from a TOML file.

mod options;
mod rule;
mod section;
mod values;

use std::fs;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::api::settings::file::source_text::SourceText;
use crate::api::settings::file::tables::unknown_tables;
use crate::base::unknown_word::unknown;
use crate::http::rules::error::{Problem, RuleError};
use crate::http::rules::file::options::{OPTIONS, set_option};
use crate::http::rules::file::section::{Section, at_line, put};
use crate::http::rules::file::values::{duration, flag, string, word};
use crate::http::rules::options::{Mode, StatusHeader};
use crate::http::rules::rule_set::RuleSet;
use crate::http::rules::rule_set_builder::RuleSetBuilder;

/// Keys of `[http]`.
const KEYS: &[&str] = &[
    "mode",
    "status_header",
    "cache_name",
    "heuristics",
    "stale_on_failure",
    "keep",
    "defaults",
    "rule",
];

impl RuleSet {
    /// Reads rules from the TOML file at `path`.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or [`from_toml_str`](Self::from_toml_str) returns an error.
    pub fn from_toml_path(path: impl AsRef<Path>) -> Result<Self, RuleError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|error| {
            let text = format!("cannot be read: {error}; check the path and its permissions");
            RuleError::new(vec![at_line(None, text)])
        });
        text.and_then(|text| Self::from_toml_str(&text))
            .map_err(|error| error.in_file(path.display().to_string()))
    }

    /// Reads rules from the text of a TOML file.
    ///
    /// The file has a table `[http]`, a table `[http.defaults]` with options for all rules, and a
    /// table `[[http.rule]]` for each rule. The names of options are those of the methods of
    /// [`Rule`](crate::http::Rule). The tables `cache`, `redis` and `functions` are for
    /// [`CacheBuilder::from_file`](crate::CacheBuilder::from_file).
    ///
    /// # Errors
    ///
    /// The text is not TOML, has an unknown key or a value that cannot be used, or two rules
    /// conflict.
    pub fn from_toml_str(text: &str) -> Result<Self, RuleError> {
        let source = SourceText::new(text);
        let table = DeTable::parse(text).map_err(|error| {
            let line = error.span().map(|span| source.line(span.start));
            let text = format!("this is not TOML: {}; correct the line", error.message());
            RuleError::new(vec![at_line(line, text)])
        })?;
        builder(source, table.get_ref()).build()
    }
}

fn builder(source: SourceText<'_>, table: &DeTable<'_>) -> RuleSetBuilder {
    let mut problems = Vec::new();
    let mut builder = RuleSetBuilder::new(Mode::Owned);
    let http = table.get("http");
    builder.defaults_are_unread = table.contains_key("defaults");
    for (line, text) in unknown_tables(source, table) {
        problems.push(at_line(Some(line), text));
    }
    match http.map(|http| (http.get_ref(), http.span())) {
        Some((DeValue::Table(http), _)) => read_http(source, http, &mut builder, &mut problems),
        Some((_, span)) => {
            let text = "`http` is not a table; write `[http]`".to_owned();
            problems.push(at_line(Some(source.line(span.start)), text));
        }
        None => {}
    }
    builder.problems = problems;
    builder
}

fn read_http(
    source: SourceText<'_>,
    table: &DeTable<'_>,
    builder: &mut RuleSetBuilder,
    problems: &mut Vec<Problem>,
) {
    let mut section = Section::new(source, None);
    section.read(table, &[KEYS], |key, value| {
        http_key(key, value, builder).unwrap_or_else(|| Err(unknown_in_http(key)))
    });
    problems.append(&mut section.problems);
    builder.defaults_are_unread |= section.lines.is_meant("defaults");
    builder.lines = section.lines;
    if let Some(defaults) = table.get("defaults") {
        read_defaults(source, defaults, builder, problems);
    }
    if let Some(rules) = table.get("rule") {
        for rule in rule::read_rules(source, rules, problems) {
            builder.rules.push(rule);
        }
    }
}

/// Sets the option `key` of `[http]`; `None` if there is no such option.
fn http_key(
    key: &str,
    value: &DeValue<'_>,
    builder: &mut RuleSetBuilder,
) -> Option<Result<(), String>> {
    match key {
        "mode" => Some(word(value, MODES).map(|mode| builder.mode = mode)),
        "status_header" => {
            Some(word(value, STATUS_HEADERS).map(|header| builder.status_header = header))
        }
        "cache_name" => Some(string(value).map(|name| name.clone_into(&mut builder.cache_name))),
        "heuristics" => put(&mut builder.heuristics, flag(value)),
        "stale_on_failure" => put(&mut builder.stale_on_failure, duration(value)),
        "keep" => put(&mut builder.keep, duration(value)),
        "defaults" | "rule" => Some(Ok(())),
        _ => None,
    }
}

const MODES: &[(&str, Mode)] = &[("owned", Mode::Owned), ("shared", Mode::Shared)];

const STATUS_HEADERS: &[(&str, StatusHeader)] = &[
    ("cache-status", StatusHeader::CacheStatus),
    ("x-cache", StatusHeader::XCache),
    ("both", StatusHeader::Both),
    ("off", StatusHeader::Off),
];

fn unknown_in_http(key: &str) -> String {
    if OPTIONS.contains(&key) {
        return format!("unknown key `{key}` in `[http]`; move it to `[http.defaults]`");
    }
    unknown("key", key, KEYS.iter().copied())
}

fn read_defaults(
    source: SourceText<'_>,
    value: &Spanned<DeValue<'_>>,
    builder: &mut RuleSetBuilder,
    problems: &mut Vec<Problem>,
) {
    let DeValue::Table(table) = value.get_ref() else {
        let line = builder.lines.of("defaults");
        let text = "`defaults` is not a table; write `[http.defaults]`".to_owned();
        problems.push(at_line(line, text));
        builder.defaults_are_unread = true;
        return;
    };
    let mut section = Section::new(source, None);
    section.read(table, &[OPTIONS], |key, value| {
        set_option(key, value, &mut builder.defaults).unwrap_or_else(|| Err(unknown_default(key)))
    });
    problems.append(&mut section.problems);
    builder.default_lines = section.lines;
}

fn unknown_default(key: &str) -> String {
    if rule::KEYS.contains(&key) {
        return format!("unknown key `{key}` in `[http.defaults]`; move it to a `[[http.rule]]`");
    }
    if KEYS.contains(&key) {
        return format!("unknown key `{key}` in `[http.defaults]`; move it to `[http]`");
    }
    unknown("key", key, OPTIONS.iter().copied())
}
