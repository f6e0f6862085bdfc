//! Links lead somewhere: on the host of the repository, and in the rustdoc of the crate.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::read;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every document at the root, in `docs` and in `docs/decisions`, by its path from the root.
fn documents() -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["", "docs/", "docs/decisions/"] {
        for file in fs::read_dir(root().join(folder)).expect("a folder") {
            let name = file.expect("a file").file_name();
            let name = name.to_str().expect("a name");
            if Path::new(name).extension().is_some_and(|it| it == "md") {
                found.push(format!("{folder}{name}"));
            }
        }
    }
    assert!(found.len() > 30, "{found:?}");
    found
}

/// The text of a document without its blocks and spans of code.
fn prose(text: &str) -> String {
    let blocks = text.split("\n```").step_by(2);
    let lines: Vec<_> = blocks
        .flat_map(str::lines)
        .filter(|line| !line.starts_with("    "))
        .map(|line| line.split('`').step_by(2).collect::<Vec<_>>().join("`"))
        .collect();
    lines.join("\n")
}

/// The labels that a document defines, with their targets.
fn definitions(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter_map(|line| line.strip_prefix('['));
    lines.filter_map(|line| line.split_once("]: ")).collect()
}

/// The targets of links: inline ones, and those of labels.
fn targets(text: &str) -> Vec<String> {
    let prose = prose(text);
    let inline = prose.split("](").skip(1);
    let inline = inline.filter_map(|rest| rest.split(')').next());
    let defined = definitions(text).into_iter().map(|(_, target)| target);
    inline.chain(defined).map(str::to_owned).collect()
}

/// The labels that a document uses: `[label]`, and the second of `[text][label]`.
fn labels(text: &str) -> BTreeSet<String> {
    let prose = prose(text).replace('\n', " ");
    let mut found = BTreeSet::new();
    for (at, _) in prose.match_indices('[') {
        let Some((label, rest)) = prose[at + 1..].split_once(']') else {
            continue;
        };
        let is_label = !rest.starts_with(['(', '[', ':']) && !label.is_empty();
        if is_label && label.chars().all(|it| it.is_alphabetic() || it == ' ') {
            found.insert(label.to_lowercase());
        }
    }
    found
}

/// A heading as a link names it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.replace(' ', "-");
    kept.chars()
        .filter(|it| it.is_alphanumeric() || ['-', '_'].contains(it))
        .collect()
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    for document in documents() {
        let text = read(&document);
        for target in targets(&text) {
            if target.starts_with("http") {
                continue;
            }
            let (path, fragment) = target.split_once('#').unwrap_or((&target, ""));
            // From where the document is.
            let file = match path {
                "" => root().join(&document),
                path => root().join(&document).with_file_name(path),
            };
            assert!(file.exists(), "{document} links to {target}");
            if !fragment.is_empty() {
                let page = fs::read_to_string(&file).expect("a page");
                let mut headings = page.lines().filter(|line| line.starts_with('#'));
                let is_there = headings.any(|heading| anchor(heading) == fragment);
                assert!(is_there, "{document} links to {target}");
            }
        }
        let defined: BTreeSet<_> = definitions(&text)
            .into_iter()
            .map(|(label, _)| label.to_owned())
            .collect();
        assert_eq!(labels(&text), defined, "{document}: used and defined");
    }
}

/// The pages that `guide.rs` includes, and the labels that it defines before them.
fn guide() -> (BTreeSet<String>, BTreeSet<String>) {
    let guide = read("cachekit/src/guide.rs");
    let pages = guide.split(" = \"").skip(1);
    let pages = pages.filter_map(|rest| rest.split('"').next());
    let pages = pages.filter(|page| Path::new(page).extension().is_some_and(|it| it == "md"));
    let labels = guide.split("doc = \"[").skip(1);
    let labels = labels.filter_map(|rest| rest.split_once("]: crate::guide::"));
    (
        pages.map(str::to_owned).collect(),
        labels.map(|(label, _)| label.to_owned()).collect(),
    )
}

/// In rustdoc a page is a module: a link to a file would lead nowhere there.
#[test]
fn a_page_of_the_guide_links_to_the_guide_alone() {
    let (pages, labels) = guide();
    assert!(pages.len() > 10, "{pages:?}");
    assert_eq!(pages.len(), labels.len());
    for page in &pages {
        let text = read(&format!("docs/{page}"));
        for (label, target) in definitions(&text) {
            assert!(labels.contains(label), "docs/{page}: no module [{label}]");
            assert!(
                pages.contains(target),
                "docs/{page}: {target} is no page of the guide"
            );
        }
        let targets = targets(&text);
        let mut files = targets.iter().filter(|target| !pages.contains(*target));
        let is_within = files.all(|target| target.starts_with(['#', 'h']));
        assert!(is_within, "docs/{page} links to a file: {targets:?}");
    }
}

/// The packaged crate has the pages: its folder `docs` is that of the repository.
#[test]
fn the_crate_has_the_pages() {
    let (pages, _) = guide();
    for page in pages {
        let packaged = fs::read_to_string(root().join("cachekit/docs").join(&page));
        assert_eq!(packaged.expect("a page"), read(&format!("docs/{page}")));
    }
}

/// A page that names a file of the sources or a test names one that is there.
#[test]
fn every_test_that_a_guarantee_names_is_there() {
    let page = read("docs/guarantees.md");
    let named: Vec<_> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|it| it.starts_with("tests/"))
        .collect();
    assert!(named.len() > 50, "{}", named.len());
    for path in named {
        assert!(
            root().join(path).exists(),
            "docs/guarantees.md names {path}"
        );
    }
}
