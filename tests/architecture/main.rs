//! The layers of the runtime crate and the files of both crates, read from their paths.
//!
//! Between folders imports go down only, level by level; within a level no folder knows another.
//! Between files they never go in a circle.

mod circles;
mod sources;

use std::fs;
use std::path::Path;

use sources::{Sources, code, folder, imported, read_folder, unquoted, words};

/// Every folder of `cachekit/src`, with its level. `lib.rs` exports what is public, and has none.
const LEVELS: &[(&str, u8)] = &[
    ("base", 0),
    ("encoding", 1),
    ("key", 1),
    ("model", 2),
    ("coordination", 3),
    ("l1", 3),
    ("return_type", 3),
    ("store", 3),
    ("l2", 4),
    ("core", 5),
    ("backfill", 6),
    ("invalidate", 6),
    ("read", 7),
    ("write", 7),
    ("api", 8),
    ("ops", 9),
    ("testing", 9),
    ("global", 10),
    ("write_behind", 11),
    ("__private", 12),
    ("http", 12),
    ("dashboard", 12),
    ("guide", 12),
];

/// So many folders can be remembered.
const MOST_FOLDERS: usize = 21;

/// A crate, and the only places that may name it.
const NAMED_IN: &[(&str, &[&str])] = &[
    ("moka", &["l1/moka_engine.rs"]),
    ("quick_cache", &["l1/quick_cache_engine.rs"]),
    ("lz4_flex", &["encoding/compress/lz4.rs"]),
    ("chacha20poly1305", &["encoding/encryption/sealer.rs"]),
    (
        "blake3",
        &["encoding/encryption/sealer.rs", "dashboard/session.rs"],
    ),
    ("once_cell", &["global.rs"]),
    (
        "inventory",
        &[
            "api/registry.rs",
            "core/queues.rs",
            "__private.rs",
            "__private/autoref.rs",
            "__private/templates/queue.rs",
        ],
    ),
    (
        "tracing",
        &["base/trace.rs", "base/trace/call.rs", "base/trace/span.rs"],
    ),
];

/// The only place that names the client, whose name is a module's and a feature's too.
const REDIS_FOLDER: &str = "store/redis";

#[test]
fn imports_go_down_only() {
    let problems = check(&sources());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn folders_can_be_remembered() {
    // `global` and `guide` are single files.
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cachekit/src");
    let folders = LEVELS.iter().filter(|(name, _)| source.join(name).is_dir());
    let count = folders.count();
    assert!(count <= MOST_FOLDERS, "{count} folders");
    let sources = sources();
    for (listed, _) in LEVELS {
        let is_there = sources.keys().any(|file| folder(file) == *listed);
        assert!(is_there, "there is no `{listed}` any more");
    }
}

/// The two crates cannot share it.
#[test]
fn attributes_and_the_environment_have_one_grammar_of_lengths() {
    assert_copies([
        "cachekit-macros/src/attr/duration_text.rs",
        "cachekit/src/model/config/duration_text.rs",
    ]);
}

/// Neither can they share this.
#[test]
fn attributes_and_files_have_one_idea_of_a_typing_mistake() {
    assert_copies([
        "cachekit-macros/src/spelling.rs",
        "cachekit/src/base/spelling.rs",
    ]);
}

fn assert_copies(copies: [&str; 2]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let [one, other] = copies.map(|path| fs::read_to_string(root.join(path)).expect(path));
    assert_eq!(one, other, "change both of {copies:?}");
}

#[test]
fn the_check_sees_an_upward_import() {
    let mut sources = sources();
    add(
        &mut sources,
        "model/epoch.rs",
        "use crate::core::state::Cache;\n",
    );
    assert_eq!(
        check(&sources),
        ["model/epoch.rs (level 2) imports `core` (level 5)"]
    );
}

#[test]
fn the_check_sees_a_path_in_the_code() {
    let mut sources = sources();
    add(
        &mut sources,
        "l1/moka_engine.rs",
        "fn f() { crate::global::global(); }\n",
    );
    assert_eq!(
        check(&sources),
        ["l1/moka_engine.rs (level 3) imports `global` (level 10)"]
    );
}

#[test]
fn the_check_sees_folders_of_one_level_that_import_one_another() {
    let mut sources = sources();
    add(
        &mut sources,
        "coordination/single_flight.rs",
        "use crate::l1::memory::Memory;\n",
    );
    assert_eq!(
        check(&sources),
        ["coordination/single_flight.rs (level 3) imports `l1` (level 3)"]
    );
}

#[test]
fn the_check_sees_moka_outside_its_file() {
    let mut sources = sources();
    add(&mut sources, "read/hit.rs", "use moka::sync::Cache;\n");
    assert_eq!(
        check(&sources),
        ["read/hit.rs names `moka`; only l1/moka_engine.rs may"]
    );
}

#[test]
fn the_check_sees_no_crate_in_a_text() {
    let mut sources = sources();
    let set_up = "#[cfg(feature = \"quick_cache\")]\nconst FIRST: &str = \"moka\";\n";
    add(&mut sources, "read/hit.rs", set_up);
    assert_eq!(check(&sources), [""; 0]);
    add(
        &mut sources,
        "read/hit.rs",
        "use quick_cache::sync::Cache;\n",
    );
    assert_eq!(
        check(&sources),
        ["read/hit.rs names `quick_cache`; only l1/quick_cache_engine.rs may"]
    );
}

#[test]
fn the_check_sees_redis_outside_its_folder() {
    let mut sources = sources();
    add(&mut sources, "read/hit.rs", "use redis::Value;\n");
    assert_eq!(
        check(&sources),
        ["read/hit.rs names the crate `redis`; only store/redis may"]
    );
}

#[test]
fn the_check_sees_a_folder_without_a_level() {
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
        if !["encoding", "key", "model", "return_type"].contains(&folder(&file)) {
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

/// An expansion depends on tokens alone, so an editor may keep it. Documentation is no expansion.
#[test]
fn the_macros_read_no_file_and_no_environment() {
    for (file, text) in read_folder("cachekit-macros/src") {
        if file.starts_with("tests/") {
            continue;
        }
        let code = code(&text).replace("#[doc = include_str!(\"examples/", "");
        for forbidden in [
            "std::env",
            "std::fs",
            "option_env",
            "env!",
            "include_str",
            "SystemTime",
        ] {
            assert!(!code.contains(forbidden), "{file} holds `{forbidden}`");
        }
    }
}

fn check(sources: &Sources) -> Vec<String> {
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
            if other >= own && module != folder(file) {
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

/// Whether a path begins with `redis::`.
fn names_redis_client(code: &str) -> bool {
    code.match_indices("redis::").any(|(at, _)| {
        let before = code[..at].chars().next_back();
        before.is_none_or(|c| !(c == ':' || c == '_' || c.is_alphanumeric()))
    })
}

fn sources() -> Sources {
    read_folder("cachekit/src")
}

fn add(sources: &mut Sources, file: &str, text: &str) {
    sources
        .entry(file.to_owned())
        .or_default()
        .insert_str(0, text);
}

fn level(file: &str) -> Option<u8> {
    LEVELS
        .iter()
        .find(|(name, _)| *name == folder(file))
        .map(|(_, level)| *level)
}
