//! Documentation comments begin with what an item is or does, as in the standard library: a noun
//! phrase for a type, a verb in the third person for a function. `scripts/prose` prints the count.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::sources;

/// The documentation of a public item never begins with these words.
const NEVER: [&str; 4] = ["What", "Whether", "How", "The same"];

/// All documentation together begins with these, or with the others, at most so often, in per cent.
const SELDOM: [&str; 4] = ["Where", "Who", "One", "Of"];
const MOST: usize = 3;

/// The first line of a documentation comment, with its place.
struct Comment {
    place: String,
    text: String,
    is_public: bool,
}

impl Comment {
    fn begins_with(&self, words: &[&str]) -> bool {
        let mut rests = words.iter().filter_map(|it| self.text.strip_prefix(it));
        rests.any(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
    }
}

/// The comments of `text`: the line that begins a block, and whether `pub` follows the block.
fn comments(place: &str, text: &str) -> Vec<Comment> {
    let mut found: Vec<Comment> = Vec::new();
    let (mut is_within, mut is_open) = (false, false);
    for (number, line) in text.lines().map(str::trim).enumerate() {
        let of_module = line.strip_prefix("//!");
        let doc = of_module.or_else(|| line.strip_prefix("///"));
        if let Some(doc) = doc {
            if !is_within {
                found.push(Comment {
                    place: format!("{place}:{}", number + 1),
                    text: doc.trim_start_matches([' ', '`']).to_owned(),
                    is_public: false,
                });
                is_open = of_module.is_none();
            }
            is_within = true;
            continue;
        }
        is_within = false;
        // Attributes may stand between a comment and its item, over several lines.
        let is_item = [
            "pub ", "pub(", "fn ", "async ", "struct ", "enum ", "const ", "}",
        ];
        if is_open && is_item.iter().any(|it| line.starts_with(it)) {
            let comment = found.last_mut().expect("it is open");
            comment.is_public = line.starts_with("pub ");
            is_open = false;
        }
    }
    found
}

fn of_crate(name: &str) -> Vec<Comment> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut files, mut found) = (Vec::new(), Vec::new());
    sources(&root.join(name).join("src"), &mut files);
    files.sort();
    for path in files {
        let text = fs::read_to_string(&path).expect("a source");
        let place = path.strip_prefix(&root).expect("below it");
        found.extend(comments(&place.display().to_string(), &text));
    }
    found
}

#[test]
fn documentation_begins_with_a_noun_or_a_verb() {
    let mut problems = String::new();
    for name in ["cachekit", "cachekit-macros"] {
        let all = of_crate(name);
        assert!(all.len() > 200, "{name}: {}", all.len());
        let of_public = all.iter().filter(|it| it.is_public);
        let (public, never): (Vec<_>, Vec<_>) = (
            of_public.clone().collect(),
            of_public.filter(|it| it.begins_with(&NEVER)).collect(),
        );
        let seldom: Vec<_> = all
            .iter()
            .filter(|it| it.begins_with(&NEVER) || it.begins_with(&SELDOM))
            .collect();
        println!(
            "{name}: {} of {} comments ({} in 1,000), {} of {} of public items",
            seldom.len(),
            all.len(),
            seldom.len() * 1000 / all.len(),
            never.len(),
            public.len(),
        );
        for it in &seldom {
            println!("  {}: {}", it.place, it.text);
        }
        for it in never {
            writeln!(problems, "{}: {}", it.place, it.text).expect("a string");
        }
        if seldom.len() * 100 > all.len() * MOST {
            writeln!(problems, "{name}: more than {MOST} % of all").expect("a string");
        }
    }
    assert!(
        problems.is_empty(),
        "begin with a noun or a verb:\n{problems}"
    );
}

#[test]
fn a_comment_is_found_with_its_item() {
    let text = "//! What a module has.\n\n/// Whether it is.\n#[must_use]\npub fn is() {}\n\n\
                /// Whetstones.\n/// What.\nfn stones() {}\n\n/// The same.\npub(crate) fn it() {}\n";
    let found = comments("x.rs", text);
    let shown: Vec<_> = found
        .iter()
        .map(|it| (&it.place[..], it.is_public, it.begins_with(&NEVER)))
        .collect();
    let expected = [
        ("x.rs:1", false, true),
        ("x.rs:3", true, true),
        ("x.rs:7", false, false),
        ("x.rs:11", false, true),
    ];
    assert_eq!(shown, expected);
}
