//! The pictures of the documents: each is readable without sight and in both themes, and the rustdoc
//! of the crate has those of the guide too.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::read;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures")
}

/// The pictures, by the name of the file without its extension.
fn pictures() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder()).expect("a folder") {
        let path = file.expect("a file").path();
        if path.extension().is_some_and(|it| it == "svg") {
            let name = path.file_stem().and_then(|it| it.to_str()).expect("a name");
            let picture = fs::read_to_string(&path).expect("a picture");
            found.push((name.to_owned(), picture));
        }
    }
    assert!(found.len() > 2, "{}", found.len());
    found
}

/// The text between a tag and its end.
fn element<'a>(picture: &'a str, tag: &str) -> &'a str {
    let rest = picture
        .split(&format!("<{tag} "))
        .nth(1)
        .unwrap_or_default();
    let rest = rest.split_once('>').map_or("", |(_, rest)| rest);
    rest.split('<').next().unwrap_or_default()
}

#[test]
fn each_picture_says_what_it_shows_and_has_two_themes() {
    for (name, picture) in pictures() {
        assert!(!element(&picture, "title").is_empty(), "{name}: no title");
        assert!(
            element(&picture, "desc").len() > 100,
            "{name}: no description"
        );
        assert!(
            picture.contains("prefers-color-scheme: dark"),
            "{name}: one theme"
        );
        let rest = picture.replacen("http://www.w3.org/2000/svg", "", 1);
        for outside in ["http", "href", "@import", "url(", "<script", "<image"] {
            let inside = rest.matches("url(#").count();
            let count = rest.matches(outside).count();
            let allowed = if outside == "url(" { inside } else { 0 };
            assert_eq!(count, allowed, "{name}: {outside}");
        }
    }
}

/// The README shows the picture that the example `shop` writes. The rustdoc does not have the README.
const OF_THE_README: &str = "shop";

/// The page on speed shows the plots that the benches draw. The rustdoc does not have that page.
const OF_THE_BENCHES: [&str; 2] = ["curve", "hits"];

/// The pictures of the guide.
fn pictures_of_the_guide() -> impl Iterator<Item = (String, String)> {
    let others: Vec<_> = OF_THE_BENCHES.into_iter().chain([OF_THE_README]).collect();
    let all = pictures().into_iter();
    all.filter(move |(name, _)| !others.contains(&name.as_str()))
}

#[test]
fn the_page_on_speed_has_the_plots_of_the_benches() {
    let page = read("docs/speed.md");
    for name in OF_THE_BENCHES {
        let shown = format!("](pictures/{name}.svg)");
        let (before, _) = page.split_once(&shown).unwrap_or_else(|| panic!("{name}"));
        let alt = before.rsplit_once("![").map(|(_, alt)| alt);
        assert!(
            alt.is_some_and(|alt| alt.len() > 30 && !alt.contains('[')),
            "{name}"
        );
    }
}

/// A page of the guide shows a picture by a label, which `guide.rs` defines as the whole picture,
/// because rustdoc copies no files.
fn uri(picture: &str) -> String {
    let mut uri = "data:image/svg+xml,".to_owned();
    for byte in picture.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.:;,/=".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02X}").expect("a string");
        }
    }
    uri + "\n"
}

#[test]
fn the_rustdoc_has_each_picture_as_it_is() {
    let guide = read("cachekit/src/guide.rs");
    for (name, picture) in pictures_of_the_guide() {
        let path = folder().join(format!("{name}.uri"));
        if std::env::var_os("CACHEKIT_BLESS").is_some() {
            fs::write(&path, uri(&picture)).expect("written");
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == uri(&picture),
            "{name}.uri is not of {name}.svg; CACHEKIT_BLESS=1 writes it"
        );
        assert!(
            guide.contains(&format!("/docs/pictures/{name}.uri")),
            "{name}"
        );
    }
}

#[test]
fn each_picture_is_on_a_page_with_a_text_in_its_place() {
    let pages =
        ["freshness", "guarantees", "invalidation"].map(|page| read(&format!("docs/{page}.md")));
    for (name, _) in pictures_of_the_guide() {
        let shown = pages.iter().any(|page| {
            let defined = page
                .lines()
                .find(|line| line.ends_with(&format!("]: pictures/{name}.svg")));
            let label = defined
                .and_then(|line| line.split(": ").next())
                .unwrap_or("no label");
            let alt = page.split(&format!("]{label}")).next();
            let alt = alt
                .and_then(|text| text.rsplit_once("!["))
                .map(|(_, alt)| alt);
            defined.is_some() && alt.is_some_and(|alt| alt.len() > 30 && !alt.contains('['))
        });
        assert!(shown, "no page shows {name}");
    }
}

#[test]
fn the_readme_begins_with_the_picture_and_the_table_of_the_shop() {
    let readme = read("README.md");
    let shown = format!("](docs/pictures/{OF_THE_README}.svg)");
    let (before, after) = readme.split_once(&shown).expect("the picture");
    let alt = before.rsplit_once("![").map(|(_, alt)| alt);
    assert!(alt.is_some_and(|alt| alt.len() > 30 && !alt.contains('[')));
    assert!(!before.contains("\n## "), "it is below a heading");
    let table = after.split("\n## ").next().unwrap_or_default();
    let picture = read(&format!("docs/pictures/{OF_THE_README}.svg"));
    // Of each row, the 99th percentile, which the picture shows too.
    let rows: Vec<_> = table
        .lines()
        .skip_while(|line| !line.starts_with("act "))
        .collect();
    let heads: Vec<_> = rows[0]
        .split("  ")
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    let at = heads.iter().position(|it| *it == "p99").expect("a column");
    for row in &rows[1..9] {
        let cells: Vec<_> = row
            .split("  ")
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .collect();
        assert!(picture.contains(&format!(">{}</text>", cells[at])), "{row}");
    }
}
