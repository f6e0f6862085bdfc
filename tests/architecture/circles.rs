//! No file imports one that imports it, directly or by others.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{Sources, code, paths, read_folder, unquoted};

/// Which files each file imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_files_import_each_other_in_a_circle() {
    for root in ["cachekit/src", "cachekit-macros/src"] {
        let circles = circles(&imports(&read_folder(root)));
        assert!(circles.is_empty(), "{root}: {circles:?}");
    }
}

#[test]
fn imports_are_seen() {
    let imports = imports(&read_folder("cachekit/src"));
    let count: usize = imports.values().map(BTreeSet::len).sum();
    assert!(count > 1_000, "only {count} imports");
    assert!(imports["read/miss.rs"].contains("read/join_flight.rs"));
}

#[test]
fn the_check_sees_a_circle_of_two() {
    seeded(
        "cachekit/src",
        ("read/call.rs", "use crate::read::miss::begin;\n"),
        &["read/call.rs", "read/miss.rs"],
    );
}

#[test]
fn the_check_sees_a_circle_through_others() {
    seeded(
        "cachekit/src",
        (
            "core/state.rs",
            "use crate::read::{answer::Answer, hit::{Found, returned}};\n",
        ),
        &["core/state.rs", "read/cached_error.rs", "read/hit.rs"],
    );
}

#[test]
fn the_check_sees_a_circle_by_relative_paths() {
    seeded(
        "cachekit/src",
        ("l1/engine.rs", "fn f() { super::memory::engine(); }\n"),
        &["l1/engine.rs", "l1/memory.rs", "l1/moka_engine.rs"],
    );
}

#[test]
fn the_check_sees_a_file_and_the_hub_that_uses_it() {
    seeded(
        "cachekit/src",
        ("store/redis/script.rs", "use crate::store::redis::Redis;\n"),
        &["store/redis.rs", "store/redis/script.rs"],
    );
}

#[test]
fn the_check_sees_a_circle_in_the_macros() {
    seeded(
        "cachekit-macros/src",
        ("check/constant.rs", "use crate::check::cached::cached;\n"),
        &["check/cached.rs", "check/constant.rs", "check/limits.rs"],
    );
}

/// With `text` in `file`, all of `expected` are in the one circle that there is.
fn seeded(root: &str, (file, text): (&str, &str), expected: &[&str]) {
    let mut sources = read_folder(root);
    sources
        .get_mut(file)
        .expect("a file that is there")
        .insert_str(0, text);
    let found = circles(&imports(&sources));
    let [circle] = found.as_slice() else {
        panic!("one circle: {found:?}");
    };
    for file in expected {
        assert!(
            circle.iter().any(|other| other == file),
            "{file}: {circle:?}"
        );
    }
}

fn imports(sources: &Sources) -> Imports {
    let modules: BTreeMap<Vec<&str>, &str> = sources
        .keys()
        .map(|file| (module(file), file.as_str()))
        .collect();
    let mut imports = Imports::new();
    for (file, text) in sources {
        let own = module(file);
        let code = unquoted(&code(text));
        let mut found: Vec<Vec<String>> = Vec::new();
        let mut from = |base: &[&str], start: &str| {
            for path in paths(&code, start) {
                let mut whole: Vec<String> = base.iter().map(|&part| part.to_owned()).collect();
                whole.extend(path.split("::").map(str::to_owned));
                found.push(whole);
            }
        };
        from(&[], "crate::");
        from(&own, "self::");
        if let Some((_, parent)) = own.split_last() {
            from(parent, "super::");
        }
        for child in modules.keys() {
            if let Some((name, parent)) = child.split_last()
                && *parent == own
            {
                // A path that begins with a module of the file's own.
                from(child, &format!("{name}::"));
            }
        }
        let others = found.iter().filter_map(|path| {
            let parts: Vec<&str> = path.iter().map(String::as_str).collect();
            (0..=parts.len())
                .rev()
                .find_map(|length| modules.get(&parts[..length]))
        });
        let others = others
            // The root exports what is public, and is no place of its own.
            .filter(|other| **other != "lib.rs" && **other != file)
            .map(|other| (*other).to_owned())
            .collect();
        imports.insert(file.clone(), others);
    }
    imports
}

/// The path of a file in the tree of modules.
fn module(file: &str) -> Vec<&str> {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let mut parts: Vec<&str> = path.split('/').collect();
    if matches!(parts.last(), Some(&("lib" | "mod"))) {
        parts.pop();
    }
    parts
}

/// Files that reach each other, in groups.
fn circles(imports: &Imports) -> Vec<Vec<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = imports
        .keys()
        .map(|file| (file.as_str(), reached_from(file, imports)))
        .collect();
    let mut circles: Vec<Vec<String>> = Vec::new();
    for (file, others) in &reached {
        let seen = circles.iter().flatten().any(|other| other == file);
        if seen || !others.contains(file) {
            continue;
        }
        let both = others.iter().filter(|other| reached[*other].contains(file));
        circles.push(both.map(|other| (*other).to_owned()).collect());
    }
    circles
}

fn reached_from<'a>(file: &str, imports: &'a Imports) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = vec![file];
    while let Some(file) = next.pop() {
        for other in imports.get(file).into_iter().flatten() {
            if reached.insert(other.as_str()) {
                next.push(other);
            }
        }
    }
    reached
}
