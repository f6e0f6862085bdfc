//! The tables of rules.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::api::settings::file::source_text::SourceText;
use crate::base::unknown_word::unknown;
use crate::http::rules::error::Problem;
use crate::http::rules::file::options::{OPTIONS, set_option};
use crate::http::rules::file::section::{Section, at_line};
use crate::http::rules::file::values::{flag, string, strings};
use crate::http::rules::rule::Rule;

/// Keys that only rules have.
pub(crate) const KEYS: &[&str] = &["name", "path", "methods", "cache", "tags", "invalidate_on"];

/// Reads the rules. Rules that cannot be checked further are left out.
pub(crate) fn read_rules(
    source: SourceText<'_>,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Vec<Problem>,
) -> Vec<Rule> {
    let mut not_rule = |span: std::ops::Range<usize>| {
        let text = "`rule` is not a list of tables; write `[[http.rule]]`".to_owned();
        problems.push(at_line(Some(source.line(span.start)), text));
    };
    let DeValue::Array(all) = value.get_ref() else {
        not_rule(value.span());
        return Vec::new();
    };
    let mut tables = Vec::new();
    for one in all {
        match one.get_ref() {
            DeValue::Table(table) => tables.push((table, source.line(one.span().start))),
            _ => not_rule(one.span()),
        }
    }
    let read = |(table, line)| read_rule(source, table, line, problems);
    tables.into_iter().filter_map(read).collect()
}

fn read_rule(
    source: SourceText<'_>,
    table: &DeTable<'_>,
    first: usize,
    problems: &mut Vec<Problem>,
) -> Option<Rule> {
    let text = |key| table.get(key).and_then(|value| value.get_ref().as_str());
    let label = text("name").or(text("path"));
    let mut section = Section::new(source, label.map(str::to_owned));
    let mut rule = Rule::get(text("path").unwrap_or_default());
    section.read(table, &[KEYS, OPTIONS], |key, value| {
        let set = rule_key(key, value, &mut rule);
        set.or_else(|| set_option(key, value, &mut rule.settings))
            .unwrap_or_else(|| Err(unknown("key", key, KEYS.iter().chain(OPTIONS).copied())))
    });
    section.lines.first = Some(first);
    if !section.lines.has("name") {
        let text = "`name` is missing; add one for statistics, such as `name = \"product\"`";
        section.add(Some(first), text.to_owned());
    }
    if !section.lines.has("path") {
        let text =
            "`path` is missing; add the path of a route, such as `path = \"/products/{id}\"`";
        section.add(Some(first), text.to_owned());
    }
    problems.append(&mut section.problems);
    rule.lines = section.lines;
    text("path").map(|_| rule)
}

/// Sets `key`, which only rules have; `None` if it is not such a key.
fn rule_key(key: &str, value: &DeValue<'_>, rule: &mut Rule) -> Option<Result<(), String>> {
    let set = match key {
        "name" => string(value).and_then(|name| {
            rule.name = Some(name.to_owned());
            let is_empty = name.trim().is_empty();
            let why = "it is empty; write one for statistics, such as `\"product\"`";
            if is_empty {
                Err(why.to_owned())
            } else {
                Ok(())
            }
        }),
        "path" => string(value).map(|_| ()),
        "methods" => methods(value),
        "cache" => flag(value).map(|cache| rule.cache = cache),
        "tags" => strings(value).map(|tags| rule.tags = tags),
        "invalidate_on" => strings(value).map(|events| rule.invalidate_on = events),
        _ => return None,
    };
    Some(set)
}

/// Checks the methods, which are GET, and HEAD with it.
fn methods(value: &DeValue<'_>) -> Result<(), String> {
    let methods = strings(value)?;
    let other = methods
        .iter()
        .find(|method| !["GET", "HEAD"].contains(&method.as_str()));
    match other.map(|other| (other, other.to_ascii_uppercase())) {
        Some((_, upper)) if upper == "GET" || upper == "HEAD" => {
            Err(format!("methods are in upper case; write `\"{upper}\"`"))
        }
        Some((other, _)) => Err(format!(
            "rules are for GET and HEAD, and `{other}` always reaches the handler; remove it"
        )),
        None if methods.iter().any(|method| method == "GET") => Ok(()),
        None => Err("GET is missing; write `[\"GET\"]`, which HEAD goes with".to_owned()),
    }
}
