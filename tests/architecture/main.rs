//! The layers of the runtime crate, read from its `use` lines.
//!
//! Imports go down only. Within a level nobody imports anybody, but for a folder and the
//! file of its name, the values (plain data made of plain data) and the edges.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every module of `cachekit/src`, with its level.
const LEVELS: &[(&str, u8)] = &[
    ("chance", 0),
    ("clock", 0),
    ("counter", 0),
    ("error", 0),
    ("fault", 0),
    ("first", 0),
    ("length", 0),
    ("park", 0),
    ("runtime", 0),
    ("sync", 0),
    ("binding", 1),
    ("codec", 1),
    ("compress", 1),
    ("config", 1),
    ("envelope", 1),
    ("epoch", 1),
    ("event", 1),
    ("families", 1),
    ("freshness", 1),
    ("function", 1),
    ("hot", 1),
    ("idle", 1),
    ("key", 1),
    ("labels", 1),
    ("manner", 1),
    ("membership", 1),
    ("mortal", 1),
    ("order", 1),
    ("owner", 1),
    ("place", 1),
    ("plan", 1),
    ("policy", 1),
    ("reason", 1),
    ("stored", 1),
    ("remote", 2),
    ("tier", 2),
    ("acks", 3),
    ("background", 3),
    ("breaker", 3),
    ("chain", 3),
    ("flight", 3),
    ("gates", 3),
    ("outbox", 3),
    ("refreshes", 3),
    ("registry", 3),
    ("stats", 3),
    ("tags", 3),
    ("trust", 3),
    ("wakes", 3),
    ("writes", 3),
    ("cache", 4),
    ("__private", 5),
    ("global", 5),
    ("testing", 5),
];

/// Levels whose modules may import one another.
const OPEN_LEVELS: &[u8] = &[1, 5];

/// A crate, and the only places that may name it.
const NAMED_IN: &[(&str, &[&str])] = &[
    ("moka", &["tier/on_moka.rs"]),
    ("quick_cache", &["tier/on_quick_cache.rs"]),
    ("lz4_flex", &["compress/lz4.rs"]),
    ("once_cell", &["global.rs"]),
    (
        "inventory",
        &["registry.rs", "__private.rs", "__private/macros.rs"],
    ),
    ("tracing", &["event.rs"]),
];

/// The only place that names the client, whose name is a module's and a feature's too.
const REDIS_FOLDER: &str = "remote/redis";

#[test]
fn imports_go_down_only() {
    let problems = check(&sources());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The two crates cannot share it.
#[test]
fn attributes_and_the_environment_have_one_grammar_of_lengths() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let copies = [
        "cachekit-macros/src/attr/duration_text.rs",
        "cachekit/src/model/config/duration_text.rs",
    ];
    let [one, other] = copies.map(|path| fs::read_to_string(root.join(path)).expect(path));
    assert_eq!(one, other, "change both of {copies:?}");
}

#[test]
fn the_check_sees_an_upward_import() {
    let mut sources = sources();
    add(&mut sources, "epoch.rs", "use crate::cache::Cache;\n");
    assert_eq!(
        check(&sources),
        ["epoch.rs (level 1) imports `cache` (level 4)"]
    );
}

#[test]
fn the_check_sees_a_path_in_the_code() {
    let mut sources = sources();
    add(
        &mut sources,
        "tier/on_moka.rs",
        "fn f() { crate::global::global(); }\n",
    );
    assert_eq!(
        check(&sources),
        ["tier/on_moka.rs (level 2) imports `global` (level 5)"]
    );
}

#[test]
fn the_check_sees_mechanisms_that_import_one_another() {
    let mut sources = sources();
    add(&mut sources, "flight.rs", "use crate::tags::Tags;\n");
    assert_eq!(
        check(&sources),
        ["flight.rs (level 3) imports `tags` (level 3)"]
    );
}

#[test]
fn the_check_sees_moka_outside_its_file() {
    let mut sources = sources();
    add(&mut sources, "cache/read.rs", "use moka::sync::Cache;\n");
    assert_eq!(
        check(&sources),
        ["cache/read.rs names `moka`; only tier/on_moka.rs may"]
    );
}

#[test]
fn the_check_sees_no_crate_in_a_text() {
    let mut sources = sources();
    let set_up = "#[cfg(feature = \"quick_cache\")]\nconst FIRST: &str = \"moka\";\n";
    add(&mut sources, "cache/read.rs", set_up);
    assert_eq!(check(&sources), [""; 0]);
    add(
        &mut sources,
        "cache/read.rs",
        "use quick_cache::sync::Cache;\n",
    );
    assert_eq!(
        check(&sources),
        ["cache/read.rs names `quick_cache`; only tier/on_quick_cache.rs may"]
    );
}

#[test]
fn the_check_sees_redis_outside_its_folder() {
    let mut sources = sources();
    add(&mut sources, "cache/read.rs", "use redis::Value;\n");
    assert_eq!(
        check(&sources),
        ["cache/read.rs names the crate `redis`; only remote/redis may"]
    );
}

#[test]
fn the_check_sees_a_module_without_a_level() {
    let mut sources = sources();
    add(&mut sources, "helpers.rs", "");
    assert_eq!(
        check(&sources),
        ["helpers.rs has no level; give it one in tests/architecture"]
    );
}

/// The values are pure: no async, no I/O, no clock of their own.
#[test]
fn values_are_pure() {
    for (file, text) in sources() {
        if level(&file) != Some(1) || file == "event.rs" {
            continue;
        }
        for forbidden in [
            "async ",
            "tokio::",
            "std::fs",
            "std::net",
            "Instant::now",
            "SystemTime::now",
        ] {
            assert!(
                !code(&text).contains(forbidden),
                "{file} holds `{forbidden}`"
            );
        }
    }
}

/// The macros' stages: who may not know whom.
const STAGES: &[(&str, &str)] = &[
    ("attr", "model"),
    ("attr", "check"),
    ("attr", "expand"),
    ("check", "expand"),
    ("expand", "attr"),
    ("expand", "check"),
    ("model", "attr"),
    ("model", "check"),
    ("model", "expand"),
];

#[test]
fn the_stages_of_the_macros_do_not_know_each_other() {
    for (file, text) in read_folder("cachekit-macros/src") {
        for module in imported(&code(&text)) {
            let forbidden = STAGES.contains(&(folder(&file), module.as_str()));
            assert!(!forbidden, "{file} imports `{module}`");
        }
    }
}

/// An expansion depends on tokens alone, so an editor may keep it.
#[test]
fn the_macros_read_no_file_and_no_environment() {
    for (file, text) in read_folder("cachekit-macros/src") {
        if file.starts_with("tests/") {
            continue;
        }
        for forbidden in [
            "std::env",
            "std::fs",
            "option_env",
            "env!",
            "include_str",
            "SystemTime",
        ] {
            assert!(
                !code(&text).contains(forbidden),
                "{file} holds `{forbidden}`"
            );
        }
    }
}

fn check(sources: &BTreeMap<String, String>) -> Vec<String> {
    let mut problems = Vec::new();
    for (file, text) in sources {
        if file == "lib.rs" {
            continue;
        }
        let Some(own) = level(file) else {
            problems.push(format!(
                "{file} has no level; give it one in tests/architecture"
            ));
            continue;
        };
        let code = code(text);
        for module in imported(&code) {
            let Some(other) = level(&module) else {
                continue;
            };
            let same_folder = module == folder(file);
            let allowed =
                other < own || same_folder || (other == own && OPEN_LEVELS.contains(&own));
            if !allowed {
                problems.push(format!(
                    "{file} (level {own}) imports `{module}` (level {other})"
                ));
            }
        }
        for (name, places) in NAMED_IN {
            let named = words(&unquoted(&code)).any(|word| word == *name);
            if named && !places.contains(&file.as_str()) {
                problems.push(format!(
                    "{file} names `{name}`; only {} may",
                    places.join(", ")
                ));
            }
        }
        if names_redis_client(&code) && !file.starts_with(REDIS_FOLDER) {
            problems.push(format!(
                "{file} names the crate `redis`; only {REDIS_FOLDER} may"
            ));
        }
    }
    problems.dedup();
    problems
}

/// The code without its texts: the name of a feature, or of a setting, may be that of a crate.
fn unquoted(code: &str) -> String {
    let lines = code
        .lines()
        .map(|line| line.split('"').step_by(2).collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a path begins with `redis::`.
fn names_redis_client(code: &str) -> bool {
    code.match_indices("redis::").any(|(at, _)| {
        let before = code[..at].chars().next_back();
        before.is_none_or(|c| !(c == ':' || c == '_' || c.is_alphanumeric()))
    })
}

fn sources() -> BTreeMap<String, String> {
    read_folder("cachekit/src")
}

fn read_folder(folder: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let mut files = vec![];
    collect(&root, &mut files);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    assert!(files.len() > 20, "the sources are there");
    let named = |path: &PathBuf| {
        let relative = path.strip_prefix(&root).expect("below the root");
        let name = relative.to_str().expect("UTF-8").replace('\\', "/");
        (name, fs::read_to_string(path).expect("readable"))
    };
    files.iter().map(named).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn add(sources: &mut BTreeMap<String, String>, file: &str, text: &str) {
    sources
        .entry(file.to_owned())
        .or_default()
        .insert_str(0, text);
}

fn folder(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or(file);
    first.strip_suffix(".rs").unwrap_or(first)
}

fn level(file: &str) -> Option<u8> {
    LEVELS
        .iter()
        .find(|(name, _)| *name == folder(file))
        .map(|(_, level)| *level)
}

/// The text without comments, documentation and its own tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or(text);
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules behind every `crate::`, those in braces too.
fn imported(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` in a macro names what is exported, not a module.
        if code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let end = list.find("};").unwrap_or(list.len());
            found.extend(
                list[..end]
                    .split(',')
                    .map(|part| first_word(part.trim()).to_owned()),
            );
        } else {
            found.push(first_word(rest).to_owned());
        }
    }
    found.retain(|module| !module.is_empty());
    found
}

fn first_word(text: &str) -> &str {
    words(text).next().unwrap_or_default()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}
