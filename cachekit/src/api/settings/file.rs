//! Parser of configuration files in TOML.

pub(crate) mod source_text;
pub(crate) mod tables;
pub(crate) mod values;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::api::settings::file::source_text::SourceText;
use crate::api::settings::file::tables::unknown_tables;
use crate::api::settings::file::values::text_of;
use crate::api::settings::function_option::{ATTRIBUTE_ONLY, FUNCTION_OPTIONS};
use crate::api::settings::kind::Kind;
use crate::api::settings::setting::SETTINGS;
use crate::api::settings::source::{ConfigSource, FileOption, FileSetting, FunctionTable};
use crate::base::unknown_word::unknown;
use crate::model::config::Config;
use crate::model::function_override::FunctionOverride;

/// Problems of a file, each with its line.
type Problems = Vec<(usize, String)>;

/// Parses `text`, the text of the file at `path`.
///
/// # Errors
///
/// Returns every problem of the file, in the order of lines.
pub(crate) fn parse(path: String, text: String) -> Result<ConfigSource, Vec<String>> {
    let mut problems = Problems::new();
    let mut settings = Vec::new();
    let mut functions = Vec::new();
    match DeTable::parse(&text) {
        Ok(table) => {
            let source = SourceText::new(&text);
            read_tables(
                source,
                table.get_ref(),
                &mut settings,
                &mut functions,
                &mut problems,
            );
        }
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            let line = SourceText::new(&text).line(start);
            let why = format!("this is not TOML: {}; correct the line", error.message());
            problems.push((line, why));
        }
    }
    if problems.is_empty() {
        return Ok(ConfigSource {
            path,
            text,
            settings,
            functions,
        });
    }
    problems.sort_by_key(|(line, _)| *line);
    let problems = problems.into_iter();
    Err(problems
        .map(|(line, text)| format!("{path}:{line}: {text}"))
        .collect())
}

fn read_tables(
    source: SourceText<'_>,
    table: &DeTable<'_>,
    settings: &mut Vec<FileSetting>,
    functions: &mut Vec<FunctionTable>,
    problems: &mut Problems,
) {
    problems.extend(unknown_tables(source, table));
    for name in ["cache", "redis"] {
        let given = table.get(name);
        let given = given.and_then(|given| as_table(source, given, name, problems));
        if let Some(given) = given {
            read_settings(source, name, given, settings, problems);
        }
    }
    problems.extend(two_secrets(settings));
    let given = table.get("functions");
    let given = given.and_then(|given| as_table(source, given, "functions", problems));
    for (name, options) in given.into_iter().flatten() {
        let line = source.line(name.span().start);
        let name = name.get_ref().as_ref();
        let header = format!("functions.\"{name}\"");
        if let Some(options) = as_table(source, options, &header, problems) {
            let options = read_options(source, &header, options, problems);
            let name = name.to_owned();
            functions.push(FunctionTable {
                name,
                line,
                options,
            });
        }
    }
    if cfg!(not(feature = "http"))
        && let Some(http) = table.get("http")
    {
        let text = "`[http]` needs the feature `http` of cachekit; enable it, or remove the table";
        problems.push((source.line(http.span().start), text.to_owned()));
    }
}

fn as_table<'a, 'i>(
    source: SourceText<'_>,
    value: &'a Spanned<DeValue<'i>>,
    header: &str,
    problems: &mut Problems,
) -> Option<&'a DeTable<'i>> {
    let table = value.get_ref().as_table();
    if table.is_none() {
        let name = header.replace('"', "");
        let text = format!("`{name}` is not a table; write `[{header}]`");
        problems.push((source.line(value.span().start), text));
    }
    table
}

fn read_settings(
    source: SourceText<'_>,
    header: &'static str,
    table: &DeTable<'_>,
    settings: &mut Vec<FileSetting>,
    problems: &mut Problems,
) {
    let mut scratch = Config::default();
    for (key, value) in table {
        let line = source.line(key.span().start);
        let key = key.get_ref().as_ref();
        let mut ours = SETTINGS.iter().filter(|it| it.table == header);
        let Some(setting) = ours.find(|it| it.key == key) else {
            problems.push((line, unknown_setting(header, key)));
            continue;
        };
        let set = |text: &str| (setting.read)(&mut scratch, text);
        match read_value(source, setting.kind, (key, value), set) {
            Ok(text) => settings.push(FileSetting {
                setting,
                text,
                line,
            }),
            Err(why) => problems.push((line, format!("`[{header}]`: {why}"))),
        }
    }
}

/// Returns the text of a value, if `set` accepts the text. An `Err` says what is wrong with the
/// value, and what to write.
fn read_value(
    source: SourceText<'_>,
    kind: Kind,
    (key, value): (&str, &Spanned<DeValue<'_>>),
    set: impl FnOnce(&str) -> Result<(), String>,
) -> Result<String, String> {
    let text = text_of(kind, value.get_ref());
    let read = text.and_then(|text| set(&text).map(|()| text));
    read.map_err(|why| match kind {
        Kind::Secret => format!("`{key}`: {why}"),
        _ => format!("{}: {why}", source.setting(key, value.span())),
    })
}

/// Returns the message for a key of `[cache]` or `[redis]` that is no setting there.
fn unknown_setting(header: &str, key: &str) -> String {
    let named = SETTINGS
        .iter()
        .find(|it| (it.key == key && it.table != header) || it.method == key);
    if let Some(setting) = named {
        return format!(
            "unknown key `{key}` in `[{header}]`; write `{}` in `[{}]`",
            setting.key, setting.table
        );
    }
    let ours = SETTINGS.iter().filter(|it| it.table == header);
    unknown("key", key, ours.map(|it| it.key)).replacen(
        &format!("`{key}`"),
        &format!("`{key}` in `[{header}]`"),
        1,
    )
}

/// Returns a problem for each secret that is given both as a text and by a file.
fn two_secrets(settings: &[FileSetting]) -> impl Iterator<Item = (usize, String)> {
    let find = |key: &str| settings.iter().find(|it| it.setting.key == key);
    let pairs = ["password", "sentinel_password", "encryption_keys"].into_iter();
    pairs.filter_map(move |text| {
        find(text)?;
        let key = format!("{text}_file");
        let file = find(&key)?;
        let problem = format!("`[redis]`: `{key}` and `{text}` are both set; remove one of them");
        Some((file.line, problem))
    })
}

fn read_options(
    source: SourceText<'_>,
    header: &str,
    table: &DeTable<'_>,
    problems: &mut Problems,
) -> Vec<FileOption> {
    let mut scratch = FunctionOverride::DEFAULT;
    let mut options = Vec::new();
    for (key, value) in table {
        let line = source.line(key.span().start);
        let key = key.get_ref().as_ref();
        let Some(option) = FUNCTION_OPTIONS.iter().find(|it| it.key == key) else {
            problems.push((line, format!("`[{header}]`: {}", unknown_option(key))));
            continue;
        };
        let set = |text: &str| (option.read)(&mut scratch, text);
        match read_value(source, option.kind, (key, value), set) {
            Ok(text) => options.push(FileOption { option, text, line }),
            Err(why) => problems.push((line, format!("`[{header}]`: {why}"))),
        }
    }
    options
}

fn unknown_option(key: &str) -> String {
    if ATTRIBUTE_ONLY.contains(&key) {
        return format!(
            "`{key}` is an option of the attribute alone, because the function is compiled with it; \
             change it there"
        );
    }
    unknown("key", key, FUNCTION_OPTIONS.iter().map(|it| it.key))
}
