//! The tables of `tests/README.md` and `examples/README.md` have a row for each program, and no other.

use std::fs;
use std::path::Path;

use super::read;

/// The names in a table's first column.
fn rows(page: &str) -> Vec<String> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let mut names: Vec<_> = cells
        .filter_map(|rest| rest.split('`').next().map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// The targets of a manifest: those that begin with `[[test]]` or `[[bin]]`.
fn targets(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    for table in ["\n[[test]]\n", "\n[[bin]]\n"] {
        let entries = manifest.split(table).skip(1);
        let name = |entry: &str| {
            let line = entry.lines().find_map(|it| it.strip_prefix("name = \""));
            line.and_then(|rest| rest.split('"').next())
                .map(str::to_owned)
        };
        names.extend(entries.filter_map(name));
    }
    names.sort();
    names
}

/// The programs in a folder: files, and folders with a `main.rs`.
fn programs(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(folder);
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |path: &Path| path.file_stem()?.to_str().map(str::to_owned);
    let mut names: Vec<_> = entries
        .filter_map(|entry| name(&entry.expect("a file").path()))
        .collect();
    names.sort();
    names
}

#[test]
fn every_test_binary_and_program_is_in_the_readme_of_the_tests() {
    let mut known = targets(&read("tests/Cargo.toml"));
    known.extend(targets(&read("tests/ui/Cargo.toml")));
    known.sort();
    assert!(known.len() > 20, "{known:?}");
    assert_eq!(rows(&read("tests/README.md")), known);
}

#[test]
fn every_example_is_in_the_readme_of_the_examples_with_its_command() {
    let page = read("examples/README.md");
    let known = programs("examples/src/bin");
    assert!(known.len() > 3, "{known:?}");
    assert_eq!(rows(&page), known);
    for name in known {
        let command = format!("-p cachekit-examples --bin {name}");
        assert!(page.contains(&command), "no command runs {name}");
    }
}
