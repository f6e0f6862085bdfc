//! The number of crates that a user builds, and their purposes.

use std::collections::BTreeSet;
use std::process::Command;

use super::read;

/// An empty crate with the default features builds no more than these, cachekit's own two counted in.
const MOST: usize = 80;

/// The crates that cachekit stands on, itself among them.
fn crates(options: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let tree = Command::new(cargo)
        .args([
            "tree",
            "--offline",
            "--locked",
            "-p",
            "cachekit",
            "--prefix",
            "none",
        ])
        .args([
            "--edges",
            "normal,build",
            "--target",
            "x86_64-unknown-linux-gnu",
        ])
        .args(options)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let shown = String::from_utf8(tree.stdout).expect("text");
    // A name and a version; behind them may stand what kind of crate it is.
    let crates = shown
        .lines()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
    crates.filter(|it| !it.is_empty()).collect()
}

#[test]
fn a_user_builds_few_crates() {
    let all = crates(&[]);
    assert!(all.len() <= MOST, "{}: {all:#?}", all.len());
    let none = crates(&["--no-default-features"]);
    let with_icu = "redis bincode lz4 quick_cache tracing";
    let with_icu = crates(&["--no-default-features", "--features", with_icu]);
    let page = read("docs/decisions/0014-dependencies.md");
    let shown = format!(
        "{} today; {} without default features;",
        all.len(),
        none.len()
    );
    assert!(page.contains(&shown), "{shown}");
    // The workspace has the choice of tables, whoever asks for it.
    assert!(
        with_icu.iter().any(|it| it.starts_with("tracing v")),
        "{with_icu:?}"
    );
    assert!(all.iter().any(|it| it.starts_with("tracing v")), "{all:?}");
}

/// The names of the features, as `Cargo.toml` has them.
fn features() -> BTreeSet<String> {
    let manifest = read("cachekit/Cargo.toml");
    let section = manifest
        .split("[features]\n")
        .nth(1)
        .expect("there are features");
    let section = section.split("\n[").next().unwrap_or_default();
    let names = section.lines().filter_map(|line| line.split_once(" = "));
    let names = names.filter(|(name, _)| !name.starts_with('#') && *name != "default");
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_readme_names_every_feature() {
    let readme = read("README.md");
    let table = readme
        .split("| feature |")
        .nth(1)
        .expect("a table of features");
    let table = table.split("\n\n").next().unwrap_or_default();
    let rows = table.lines().filter_map(|row| row.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split(" |").next());
    let named: BTreeSet<String> = cells
        .flat_map(|cell| cell.split(", "))
        .map(|name| name.trim_matches('`').to_owned())
        .collect();
    assert!(named.len() > 10, "{named:?}");
    assert_eq!(named, features());
}
