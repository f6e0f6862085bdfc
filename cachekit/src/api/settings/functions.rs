//! Options of functions in a configuration file, compared with the functions of the program.

use crate::api::settings::function_option::FunctionOption;
use crate::api::settings::function_rules::check;
use crate::api::settings::source::{ConfigSource, FileOption, FunctionTable};
use crate::base::spelling::did_you_mean;
use crate::model::config_origin::ConfigOrigin;
use crate::model::config_report::ConfigEntry;
use crate::model::function_override::{FunctionOverride, FunctionOverrides};
use crate::model::function_spec::FnSpec;

/// Returns the options that the file `source` sets for each of the functions `all`.
///
/// # Errors
///
/// Returns every problem: a name that no function has, and an option that a function cannot have.
pub(crate) fn resolve(
    source: &ConfigSource,
    all: &[&'static FnSpec],
) -> Result<FunctionOverrides, Vec<String>> {
    let mut problems = unmatched(source, all);
    let mut resolved = FunctionOverrides::default();
    for spec in all {
        let options = options_for(source, spec);
        if options.is_empty() {
            continue;
        }
        let mut own = FunctionOverride::of(spec);
        for given in &options {
            // Every value was already parsed once, when the file was read.
            let _ = (given.option.read)(&mut own, &given.text);
        }
        problems.extend(
            check(spec, &own, &options)
                .map(|(line, text)| (line, format!("`[functions]`: `{}`: {text}", spec.name()))),
        );
        resolved
            .entries
            .extend(options.iter().map(|given| entry(source, spec, given, &own)));
        resolved.of.insert(spec.id(), own);
    }
    problems.sort();
    problems.dedup();
    if problems.is_empty() {
        return Ok(resolved);
    }
    let problems = problems.iter();
    Err(problems
        .map(|(line, text)| source.problem(*line, text))
        .collect())
}

fn entry(
    source: &ConfigSource,
    spec: &FnSpec,
    given: &FileOption,
    own: &FunctionOverride,
) -> ConfigEntry {
    ConfigEntry {
        section: spec.name().to_owned(),
        name: given.option.key.to_owned(),
        value: (given.option.show)(own),
        origin: ConfigOrigin::File {
            path: source.path.clone(),
            line: given.line,
        },
    }
}

/// Returns a problem for each table whose name no function has.
fn unmatched(source: &ConfigSource, all: &[&'static FnSpec]) -> Vec<(usize, String)> {
    let unmatched = source
        .functions
        .iter()
        .filter(|table| !all.iter().any(|spec| table.is_for(spec.name())));
    unmatched
        .map(|table| (table.line, unknown_function(&table.name, all)))
        .collect()
}

fn unknown_function(name: &str, all: &[&'static FnSpec]) -> String {
    if let Some(beginning) = name.strip_suffix('*') {
        return format!(
            "no cached function has a name that begins with `{beginning}`; correct or \
                        remove the table"
        );
    }
    let names = || all.iter().map(|spec| spec.name());
    let last = |name: &str| name.rsplit("::").next().unwrap_or_default().to_owned();
    let meant =
        did_you_mean(name, names()).or_else(|| names().find(|known| last(known) == last(name)));
    match meant {
        Some(meant) => format!("no cached function is named `{name}`; did you mean `{meant}`?"),
        None => format!(
            "no cached function is named `{name}`; write the full path of one, or the `name` of its \
             attribute: `Cache::config` shows them"
        ),
    }
}

impl FunctionTable {
    /// Returns `true` if the table has options for the function of this name.
    fn is_for(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => self.name == name,
        }
    }
}

/// Returns the options of the file for the function `spec`. If two tables have the same option, the
/// table with the whole name wins, or else the longer beginning.
fn options_for<'a>(source: &'a ConfigSource, spec: &FnSpec) -> Vec<&'a FileOption> {
    let name = spec.name();
    let tables = source.functions.iter().filter(|table| table.is_for(name));
    let mut tables: Vec<&FunctionTable> = tables.collect();
    tables.sort_by_key(|table| (table.name == name, table.name.len()));
    let mut options: Vec<&FileOption> = Vec::new();
    for given in tables.iter().flat_map(|table| &table.options) {
        let is_other = |other: &&FileOption| !is_same(other.option, given.option);
        options.retain(is_other);
        options.push(given);
    }
    options
}

fn is_same(one: &FunctionOption, other: &FunctionOption) -> bool {
    one.key == other.key
}
