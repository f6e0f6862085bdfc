//! The documents agree with the code.

mod dependencies;
mod links;
mod pictures;
mod prose;
mod readmes;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

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

/// rustdoc compiles no `#[tokio::test]`, and the crate does not depend on axum.
#[test]
fn the_page_of_tests_shows_tests_that_run() {
    let page = read("docs/testing.md");
    for (fence, file) in [
        ("```rust,standalone_crate\n", "page.rs"),
        ("```rust,ignore\n", "page_served.rs"),
    ] {
        let listing = page.split(fence).nth(1);
        let listing = listing.and_then(|rest| rest.split("```").next());
        let tests = read(&format!("tests/testing/{file}"));
        assert_eq!(listing, Some(tests.as_str()), "{file}");
    }
}

#[test]
fn the_page_of_the_dashboard_shows_code_that_runs() {
    let page = read("docs/dashboard.md");
    let listing = page.split("```rust,ignore\n").nth(1);
    let listing = listing.and_then(|rest| rest.split("```").next());
    let code = read("tests/dashboard/page.rs");
    assert_eq!(listing, Some(code.as_str()));
    for theme in ["light", "dark"] {
        let picture = format!("docs/pictures/dashboard-{theme}.png");
        let picture = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(picture);
        let bytes = fs::metadata(picture).expect("a picture").len();
        assert!(bytes < 150_000, "{theme}: {bytes} bytes");
    }
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
fn the_page_of_attributes_lists_the_options_that_the_attribute_documents() {
    let (page, macros) = (
        read("docs/attributes.md"),
        read("cachekit-macros/src/lib.rs"),
    );
    let section = |text: &str, from: &str, to: &str| {
        let rest = text.split(from).nth(1).expect(from).to_owned();
        rest.split(to).next().expect(to).to_owned()
    };
    let mut shown = options(&section(&page, "## `#[cached(..)]`", "\n## "));
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

/// The fields of a struct, and the names in the list of a macro.
fn fields(text: &str, from: &str) -> Vec<String> {
    let body = text.split(from).nth(1).expect(from);
    let lines = body.lines().skip(1).take_while(|line| *line != "}");
    let lines = lines.filter(|line| !line.trim().starts_with("//"));
    let name = |line: &str| {
        let code = line.trim().strip_suffix(',')?;
        let field = code
            .strip_prefix("pub ")
            .and_then(|it| it.split(':').next());
        let listed = code.rsplit(' ').next();
        let name = field.or(listed)?;
        let is_name = |it: &str| it.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        is_name(name).then(|| name.to_owned())
    };
    lines.filter_map(name).collect()
}

#[test]
fn every_counter_has_its_row() {
    let read_model = |file: &str| read(&format!("cachekit/src/model/{file}.rs"));
    let (calls, causes) = (read_model("call_stats"), read_model("miss_cause"));
    let (stats, redis) = (read_model("stats"), read_model("redis_stats"));
    let page = read("docs/operating.md");
    let section = |title: &str| {
        let rest = page.split(&format!("\n### {title}\n")).nth(1).expect(title);
        options(rest.split("\n### ").next().unwrap_or_default())
    };
    let of = |name: &str| fields(&stats, &format!("\npub struct {name} {{"));
    let whole = section("The cache");
    for (known, shown) in [
        (fields(&calls, "\ncounters! {"), section("Calls")),
        (fields(&causes, "\ncauses! {"), section("Causes of misses")),
        (
            fields(&redis, "\npub struct RedisStats {"),
            section("Redis"),
        ),
    ] {
        assert!(known.len() > 10, "{known:?}");
        let missing: Vec<_> = known.iter().filter(|it| !shown.contains(it)).collect();
        assert!(missing.is_empty(), "docs/operating.md lacks {missing:?}");
    }
    let others = of("Stats")
        .into_iter()
        .filter(|it| !["calls", "background", "redis", "functions"].contains(&it.as_str()));
    let background = of("BackgroundStats").into_iter();
    let known: Vec<_> = others
        .chain(background.map(|it| format!("background.{it}")))
        .collect();
    assert_eq!(whole, known);
}

/// Each row: where it begins, bytes, and after two spaces what they mean.
#[test]
fn the_entry_that_is_shown_is_the_golden_one() {
    let page = read("docs/format.md");
    let listing = page
        .split("## An entry, byte by byte")
        .nth(1)
        .and_then(|rest| rest.split("```text\n").nth(1))
        .and_then(|rest| rest.split("```").next())
        .expect("a listing");
    let mut shown = String::new();
    for row in listing.lines() {
        let (start, bytes) = row.trim_start().split_once("  ").expect("a row");
        assert_eq!(start.parse(), Ok(shown.len() / 2), "{row}");
        let bytes = bytes.split("  ").next().unwrap_or_default();
        shown.extend(bytes.split_whitespace());
    }
    let golden = read("cachekit/src/encoding/envelope/golden/value.hex");
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

/// What may grow: by the words of a field's type.
const CONTAINERS: [&str; 14] = [
    "HashMap<",
    "HashSet<",
    "BTreeMap<",
    "BTreeSet<",
    "VecDeque<",
    "Vec<",
    "Box<[",
    "Sender<",
    "Receiver<",
    "Mutex<",
    "RwLock<",
    "RefCell<",
    "Cache<",
    "Slab<",
];

/// Every field, static, alias and tuple struct of that kind in `text`: its name.
fn containers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut ends = None;
    for line in text.lines() {
        let code = line.trim().split("//").next().unwrap_or_default();
        let indent = &line[..line.len() - line.trim_start().len()];
        let mut words = code
            .split([' ', '(', ':', '<', ';', '{'])
            .filter(|it| !it.is_empty());
        let mut word = words.next().unwrap_or_default();
        while ["pub", "crate)", "super)", "static"].contains(&word) {
            word = words.next().unwrap_or_default();
        }
        if ends.as_deref() == Some(line) {
            ends = None;
        }
        let is_whole = word == "struct" || word == "type";
        if is_whole && code.ends_with('{') {
            ends = Some(format!("{indent}}}"));
            continue;
        }
        if is_whole {
            word = words.next().unwrap_or_default();
        }
        let is_field = ends.is_some() && code.ends_with(',') && code.contains(": ");
        let is_static = code.contains("static ") && code.contains(": ");
        let is_container = CONTAINERS.iter().any(|it| code.contains(it));
        if is_container && (is_whole || is_field || is_static) {
            found.push(word.to_owned());
        }
    }
    found
}

/// Adds the Rust files below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// Returns `true` for files of tests, and of stores that only tests have.
fn is_of_tests(path: &Path) -> bool {
    let of_tests = ["conformance", "tests", "fuzz", "testing", "fake"];
    path.iter()
        .filter_map(|part| Path::new(part).file_stem())
        .any(|stem| of_tests.iter().any(|it| stem == *it))
}

/// What the page says of each file: the fields that it names behind it; with `true`, that all of its
/// lists live as long as one call. Of the rows of a table, the first cells.
fn bounds(page: &str) -> BTreeMap<String, (Vec<String>, bool)> {
    let page = page.split("## In the process").nth(1);
    let page = page.and_then(|page| page.split("\nA value has").next());
    let (tables, of_calls) = page
        .expect("the section")
        .split_once("Lists that live")
        .expect("the list");
    let cell = |line: &str| match line.strip_prefix("| ") {
        Some(row) => row.split(" |").next().unwrap_or_default().to_owned(),
        None => line.to_owned(),
    };
    let tables: Vec<_> = tables.lines().map(cell).collect();
    let mut files = BTreeMap::<String, (Vec<String>, bool)>::new();
    for (text, is_of_calls) in [(tables.join("\n"), false), (of_calls.to_owned(), true)] {
        let mut file = None;
        for word in text.split('`').skip(1).step_by(2) {
            if Path::new(word).extension().is_some_and(|it| it == "rs") {
                files.entry(word.to_owned()).or_default().1 |= is_of_calls;
                file = Some(word.to_owned());
            } else if let Some(entry) = file.as_ref().and_then(|file| files.get_mut(file)) {
                entry.0.push(word.to_owned());
            }
        }
    }
    files
}

/// Each container of the sources, by file and field, so that a new one is not forgotten; and none
/// that is not there any more.
#[test]
fn everything_that_grows_has_its_bound_on_the_page() {
    let known = bounds(&read("docs/bounds.md"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cachekit/src");
    let (mut files, mut count) = (Vec::new(), 0);
    sources(&root, &mut files);
    for path in files {
        let name = path.strip_prefix(&root).expect("below it");
        if is_of_tests(name) {
            continue;
        }
        let name = name.to_str().expect("a name").to_owned();
        let text = fs::read_to_string(&path).expect("a source");
        let text = text.split("\nmod tests {").next().unwrap_or_default();
        let (fields, is_of_calls) = known.get(&name).cloned().unwrap_or_default();
        for field in containers(text) {
            count += 1;
            assert!(
                is_of_calls || fields.contains(&field),
                "docs/bounds.md does not say how far `{name}` `{field}` grows"
            );
        }
    }
    assert!(count > 80, "{count}");
    for (file, (fields, _)) in known {
        let text = fs::read_to_string(root.join(&file));
        let there = containers(&text.unwrap_or_else(|_| panic!("the page names {file}")));
        let gone = fields.iter().find(|field| !there.contains(field));
        assert_eq!(gone, None, "docs/bounds.md names what is not in {file}");
    }
}
