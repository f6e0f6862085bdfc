//! The sources of a crate, and the facts that the tests read from them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The text of each file, by its path below the crate's `src`.
pub(crate) type Sources = BTreeMap<String, String>;

pub(crate) fn read_folder(folder: &str) -> Sources {
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

/// The folder that a file is in, or the file's own name.
pub(crate) fn folder(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or(file);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The text without comments, documentation and what is compiled for its own tests alone.
pub(crate) fn code(text: &str) -> String {
    let mut kept = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let attribute = line.trim_start();
        if !(attribute.starts_with("#[cfg(test)]") || attribute.starts_with("#[cfg(all(test")) {
            kept.push(line.split("//").next().unwrap_or(line));
            continue;
        }
        // The item ends with a line like these, as far to the right as it began.
        let indent = &line[..line.len() - attribute.len()];
        let _ = lines.find(|line| {
            let rest = line.strip_prefix(indent).unwrap_or_default();
            let is_item = !rest.starts_with([' ', '#', ')']);
            is_item && (rest.ends_with(';') || rest.starts_with('}'))
        });
    }
    kept.join("\n")
}

/// The code without its texts: the name of a feature, or of a setting, may be that of a crate.
pub(crate) fn unquoted(code: &str) -> String {
    let lines = code
        .lines()
        .map(|line| line.split('"').step_by(2).collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules behind every `crate::`, those in braces too.
pub(crate) fn imported(code: &str) -> Vec<String> {
    let mut found: Vec<String> = paths(code, "crate::")
        .iter()
        .map(|path| first_word(path).to_owned())
        .collect();
    found.retain(|module| !module.is_empty());
    found
}

/// The paths that follow each `start` in the code, without braces.
pub(crate) fn paths(code: &str, start: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(start) {
        let before = code[..at].chars().next_back();
        // `$crate::` in a macro names what is exported, not a module.
        if before.is_some_and(|c| c == '$' || c == ':' || c == '_' || c.is_alphanumeric()) {
            continue;
        }
        expand(&code[at + start.len()..], "", &mut found);
    }
    found
}

/// A path, or the tree of a `use`, behind `prefix`. Returns how long it is.
fn expand(text: &str, prefix: &str, found: &mut Vec<String>) -> usize {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !is_path(c)).unwrap_or(text.len());
    let path = format!("{prefix}{}", &text[..end]);
    if !text[end..].starts_with('{') {
        found.push(path);
        return end;
    }
    let mut at = end + 1;
    loop {
        at += text[at..].len() - text[at..].trim_start_matches([' ', '\n', ',']).len();
        match text[at..].chars().next() {
            None => return at,
            Some('}') => return at + 1,
            Some(_) => {}
        }
        at += expand(&text[at..], &path, found);
        // ` as _`, `*`
        at += text[at..].find([',', '}']).unwrap_or(text.len() - at);
    }
}

fn first_word(text: &str) -> &str {
    words(text).next().unwrap_or_default()
}

pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}
