//! The page `docs/configuration.md` has the tables of settings and of options, and its file can be
//! read.

use crate::api::settings::file::parse;
use crate::api::settings::function_option::FUNCTION_OPTIONS;
use crate::api::settings::setting::SETTINGS;
use crate::model::config::Config;

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// Returns the rows of the table under `heading`, without their last cells, the meanings.
fn rows(heading: &str) -> Vec<String> {
    let section = PAGE.split(heading).nth(1).expect(heading);
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let row = row.trim_end_matches(" |");
        let (known, meaning) = row.rsplit_once(" | ").expect("cells");
        assert!(meaning.len() > 5, "a meaning: {row}");
        known.to_owned()
    })
    .collect()
}

#[test]
fn it_lists_every_setting() {
    let default = Config::default();
    let row = |setting: &crate::api::settings::setting::Setting| {
        let value = match (setting.show)(&default) {
            value if value.is_empty() => "none".to_owned(),
            value => format!("`{value}`"),
        };
        format!(
            "| `[{}] {}` | `{}` | `{}` | {} | {value}",
            setting.table,
            setting.key,
            setting.variable,
            setting.method,
            setting.kind.unit(),
        )
    };
    let expected: Vec<String> = SETTINGS.iter().map(row).collect();
    assert_eq!(rows("\n## Settings\n"), expected, "{}", expected.join("\n"));
}

#[test]
fn it_lists_every_option_of_functions() {
    let row = |option: &crate::api::settings::function_option::FunctionOption| {
        let when = if option.is_reloadable { "yes" } else { "no" };
        let needed = if option.needs_attribute.is_empty() {
            "no"
        } else {
            "yes"
        };
        format!(
            "| `{}` | {} | {when} | {needed}",
            option.key,
            option.kind.unit()
        )
    };
    let expected: Vec<String> = FUNCTION_OPTIONS.iter().map(row).collect();
    assert_eq!(
        rows("\n## Functions\n"),
        expected,
        "{}",
        expected.join("\n")
    );
}

#[test]
fn its_file_can_be_read() {
    let file = PAGE
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let source = parse("cachekit.toml".to_owned(), file.expect("a file").to_owned()).unwrap();
    assert!(source.settings.len() > 5 && source.functions.len() > 1);
}
