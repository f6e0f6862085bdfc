//! Links lead somewhere: on the host of the repository, and in the rustdoc of the crate.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::read;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Adds the documents in a folder, by their paths from the root.
fn collect(folder: &str, is_deep: bool, found: &mut Vec<String>) {
    for file in fs::read_dir(root().join(folder)).expect("a folder") {
        let file = file.expect("a file");
        let name = file.file_name();
        let path = format!("{folder}{}", name.to_str().expect("a name"));
        if is_deep && file.path().is_dir() {
            collect(&format!("{path}/"), true, found);
        } else if Path::new(&path).extension().is_some_and(|it| it == "md") {
            found.push(path);
        }
    }
}

/// Every document at the root, of the examples and the tests, and below `docs`.
fn documents() -> Vec<String> {
    let mut found = Vec::new();
    for (folder, is_deep) in [
        ("", false),
        ("examples/", false),
        ("tests/", false),
        ("tests/services/", false),
        ("docs/", true),
    ] {
        collect(folder, is_deep, &mut found);
    }
    assert!(found.len() > 60, "{found:?}");
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

/// The anchors of a page. A heading that was there before gets a number.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let text = page.split("\n```").step_by(2).flat_map(str::lines);
    for heading in text.filter(|line| line.starts_with('#')) {
        let name = anchor(heading);
        let numbered = (1..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let free = names.find(|it| !found.contains(it));
        found.extend(free);
    }
    found
}

/// The file to which `target` leads from `document`, if it leads to one, and its anchor.
fn destination(document: &str, target: &str) -> Result<PathBuf, String> {
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    // From the folder of the document.
    let file = match path {
        "" => root().join(document),
        path => root().join(document).with_file_name(path),
    };
    let problem = || format!("{document} links to {target}");
    if !file.exists() {
        return Err(problem());
    }
    if fragment.is_empty() {
        return Ok(file);
    }
    let page = fs::read_to_string(&file).map_err(|_| problem())?;
    let is_there = anchors(&page).contains(fragment);
    is_there.then_some(file).ok_or_else(problem)
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    for document in documents() {
        let text = read(&document);
        let targets = targets(&text);
        let mut local = targets.iter().filter(|target| !target.starts_with("http"));
        let broken = local.find_map(|target| destination(&document, target).err());
        assert_eq!(broken, None);
        let defined: BTreeSet<_> = definitions(&text)
            .into_iter()
            .map(|(label, _)| label.to_owned())
            .collect();
        assert_eq!(labels(&text), defined, "{document}: used and defined");
    }
}

#[test]
fn an_anchor_is_a_heading_and_no_comment_in_a_listing() {
    let page = "# A page\n\n```sh\n# a comment\n```\n\n## Costs\n\n## `ttl`: a time\n\n## Costs\n";
    let expected = ["a-page", "costs", "costs-1", "ttl-a-time"];
    assert!(anchors(page).iter().eq(&expected), "{:?}", anchors(page));
}

/// The book has the pages that its summary names, each once.
#[test]
fn each_page_is_in_the_summary() {
    let mut pages = Vec::new();
    collect("docs/", true, &mut pages);
    pages.retain(|page| page != "docs/SUMMARY.md");
    pages.sort();
    let mut named: Vec<_> = targets(&read("docs/SUMMARY.md"))
        .into_iter()
        .map(|target| format!("docs/{target}"))
        .collect();
    named.sort();
    assert_eq!(named, pages);
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

/// In rustdoc a page is a module: a link to a file would lead nowhere there. A picture has a label
/// too, which `guide.rs` defines as its text.
#[test]
fn a_page_of_the_guide_links_to_the_guide_alone() {
    let guide_text = read("cachekit/src/guide.rs");
    let (pages, labels) = guide();
    assert!(pages.len() > 10, "{pages:?}");
    assert_eq!(pages.len(), labels.len());
    let is_picture = |label: &str, target: &str| {
        let name = target.strip_prefix("pictures/").unwrap_or_default();
        let is_defined = guide_text.contains(&format!("concat!(\"[{label}]: \","));
        is_defined && Path::new(name).extension().is_some_and(|it| it == "svg")
    };
    for page in &pages {
        let text = read(&format!("docs/{page}"));
        let mut pictures = BTreeSet::new();
        for (label, target) in definitions(&text) {
            if is_picture(label, target) {
                pictures.insert(target);
                continue;
            }
            assert!(labels.contains(label), "docs/{page}: no module [{label}]");
            assert!(
                pages.contains(target),
                "docs/{page}: {target} is no page of the guide"
            );
        }
        let targets = targets(&text);
        let is_within = |target: &String| {
            target.starts_with(['#', 'h'])
                || pages.contains(target)
                || pictures.contains(target.as_str())
        };
        assert!(
            targets.iter().all(is_within),
            "docs/{page} links to a file: {targets:?}"
        );
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
