//! Tables of a configuration file, which several readers share.

use toml::de::DeTable;

use crate::api::settings::file::source_text::SourceText;
use crate::base::unknown_word::unknown;

/// Tables at the top of a file: those of the cache and its functions, and the rules of HTTP
/// responses. Each reader reads its own tables, so that one file can have all tables.
const TABLES: &[&str] = &["cache", "redis", "functions", "http"];

/// Returns a problem, with its line, for each table or key at the top of a file that no reader
/// knows.
pub(crate) fn unknown_tables(source: SourceText<'_>, table: &DeTable<'_>) -> Vec<(usize, String)> {
    let unknown = table
        .iter()
        .filter(|(key, _)| !TABLES.contains(&key.get_ref().as_ref()));
    unknown
        .map(|(key, _)| (source.line(key.span().start), unknown_table(key.get_ref())))
        .collect()
}

fn unknown_table(name: &str) -> String {
    match name {
        "defaults" => "unknown table `defaults`; write `[http.defaults]`".to_owned(),
        "rule" => "unknown table `rule`; write `[[http.rule]]`".to_owned(),
        _ => unknown("table", name, TABLES.iter().copied()),
    }
}
