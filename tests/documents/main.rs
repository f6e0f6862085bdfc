//! The documents say what the code does.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_readme_begins_with_the_quickstart() {
    let readme = read("README.md");
    let listing = readme
        .split("```rust\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let quickstart = read("examples/src/bin/quickstart.rs");
    assert_eq!(listing, Some(quickstart.as_str()));
    assert!(quickstart.lines().count() <= 40);
}

/// The first cells of the rows of a table, up to the `=` or `(` of an option.
fn options(text: &str) -> Vec<String> {
    let rows = text
        .lines()
        .map(|line| line.trim_start_matches("///").trim());
    let cells = rows.filter_map(|row| row.strip_prefix("| `"));
    let word = |cell: &str| cell.split(['`', ' ', '(', '=']).next().map(str::to_owned);
    cells.filter_map(word).collect()
}

#[test]
fn the_readme_lists_the_options_that_the_attribute_documents() {
    let (readme, macros) = (read("README.md"), read("cachekit-macros/src/lib.rs"));
    let section = |text: &str, from: &str, to: &str| {
        let rest = text.split(from).nth(1).expect(from).to_owned();
        rest.split(to).next().expect(to).to_owned()
    };
    let mut shown = options(&section(&readme, "### `#[cached(..)]`", "### `#[inv"));
    let mut known = options(&section(
        &macros,
        "/// Caches the results",
        "#[proc_macro_attribute]",
    ));
    shown.sort();
    known.sort();
    assert!(known.len() > 10, "{known:?}");
    assert_eq!(shown, known);
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/guarantees.md",
        "docs/attributes.md",
        "docs/format.md",
    ] {
        let text = read(document);
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if link.starts_with("http") {
                continue;
            }
            let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(link);
            assert!(target.exists(), "{document} links to {link}");
        }
    }
}

/// Each row: where it begins, bytes, and after two spaces what they mean.
#[test]
fn the_entry_that_is_shown_is_the_golden_one() {
    let page = read("docs/format.md");
    let listing = page
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a listing");
    let mut shown = String::new();
    for row in listing.lines() {
        let (start, bytes) = row.trim_start().split_once("  ").expect("a row");
        assert_eq!(start.parse(), Ok(shown.len() / 2), "{row}");
        let bytes = bytes.split("  ").next().unwrap_or_default();
        shown.extend(bytes.split_whitespace());
    }
    let golden = read("cachekit/src/envelope/golden/value.hex");
    assert_eq!(shown, golden.split_whitespace().collect::<String>());
}

/// Each row of the page names a test as `file::name`, and the file has it.
#[test]
fn every_interleaving_has_its_test() {
    let page = read("docs/interleavings.md");
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let mut count = 0;
    for row in rows.filter(|row| !row.starts_with("| |")) {
        let cell = row.split('|').nth(4).unwrap_or_default();
        let named = cell.trim().trim_matches('`');
        let (file, name) = named.split_once("::").expect(row);
        let text = read(file);
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let starts = [format!("fn {name}("), format!("async fn {name}(")];
        let defines = |line: &&str| starts.iter().any(|start| line.starts_with(start));
        let is_made = |line: &&str| line.strip_suffix(',') == Some(name);
        let is_there = lines.iter().any(|line| defines(line) || is_made(line));
        assert!(is_there, "{file} has no test `{name}`");
        count += 1;
    }
    assert!(count > 40, "{count}");
}
