//! What the attributes refuse, and in which words.
//!
//! For every `//~ words` at the end of a line of `fail/*.rs` that line must get one error with
//! those words, and there may be no other. The `.stderr` beside it has all that one compiler says.
//!
//! After a change of words: `TRYBUILD=overwrite cargo test -p cachekit-ui-tests`, and read
//! the difference.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiler whose words the `.stderr` files have.
const PINNED: &str = "rustc 1.95.";

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    let compiler = compiler();
    if compiler.starts_with(PINNED) {
        cases.compile_fail("fail/*.rs");
    } else {
        // Past the harness, which hides what a passing test prints.
        let _ = writeln!(
            std::io::stderr(),
            "skipped ui/fail: its `.stderr` files have the words of {PINNED}x, this is {compiler}"
        );
    }
}

/// A package of its own, because this one has the features of all codecs.
#[test]
fn a_codec_without_its_feature_is_named_where_it_is_written() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/features/codec.rs");
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("features");
    fs::create_dir_all(&package).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"features\"\nedition = \"2024\"\n\
         [[bin]]\nname = \"codec\"\npath = {source:?}\n\
         [dependencies]\ncachekit = {{ path = {:?}, default-features = false, features = [\"redis\", \"bincode\"] }}\n\
         [workspace]\n",
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../cachekit")
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("a manifest");
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
    fs::copy(lock, package.join("Cargo.lock")).expect("the versions that are known");
    let mut check = Command::new(env!("CARGO"));
    check.args(["check", "--quiet", "--message-format", "short"]);
    // Without the switches of the guards, which .cargo/config.toml turns on.
    check.env("RUSTFLAGS", "").current_dir(&package);
    check.env("CARGO_TARGET_DIR", package.join("target"));
    let output = check.output().expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = said
        .lines()
        .filter(|line| line.contains(": error"))
        .collect();
    let [(line, words)] = &marked(&read(Path::new(source)))
        .into_iter()
        .collect::<Vec<_>>()[..]
    else {
        panic!("{source} has one mark");
    };
    assert_eq!(errors.len(), 1, "{said}");
    let place = format!("codec.rs:{line}:");
    let is_there = errors[0].contains(&place) && errors[0].contains(&words[0]);
    assert!(is_there, "{said}");
}

/// Holds the `.stderr` files to the marks, so that nobody accepts a worse output unread. It needs
/// no compiler.
#[test]
fn one_mistake_is_one_error() {
    let mut wrong = Vec::new();
    let files = files("rs");
    assert!(!files.is_empty(), "no files in ui/fail");
    for file in files {
        let mut marked = marked(&read(&file));
        let reported = reported(&read(&file.with_extension("stderr")), &file);
        for (line, messages) in reported {
            let words = marked.remove(&line).unwrap_or_default();
            if !fits(&words, &messages) {
                let file = file.display();
                wrong.push(format!(
                    "{file}:{line} is marked {words:?}, gets {messages:?}"
                ));
            }
        }
        for (line, words) in marked {
            wrong.push(format!(
                "{}:{line} is marked {words:?}, gets nothing",
                file.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Whether each message has its own words.
fn fits(words: &[String], messages: &[String]) -> bool {
    let mut left: Vec<&String> = messages.iter().collect();
    for words in words {
        let Some(at) = left.iter().position(|message| message.contains(words)) else {
            return false;
        };
        left.swap_remove(at);
    }
    left.is_empty()
}

/// The most lines of an error in our words: its message, the place, a label and what to do.
const SHORT: usize = 9;
/// The most lines of one in the compiler's, which shows two places.
const LONG: usize = 18;

/// The files with longer errors in our words, and how long: what a bound of the runtime refuses is told with
/// the bound's place and the types that it would take.
const LONGER: [(&str, usize); 10] = [
    ("bad_duration", 23),
    ("bad_types", 23),
    ("derive_cache_part", 21),
    // One that `#[async_trait]` has its place in.
    ("forgotten_binding", 12),
    ("forgotten_self", 12),
    ("key_expr", 18),
    ("order_by", 23),
    ("replicas_order", 22),
    ("unwritable_argument", 20),
    ("write_behind_types", 21),
];

#[test]
fn errors_are_short() {
    let mut wrong = Vec::new();
    for file in files("stderr") {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let text = read(&file);
        let (ours, theirs): (Vec<&str>, Vec<&str>) = errors(&text)
            .into_iter()
            .partition(|error| error.starts_with("error: ") || error.starts_with("error[E0277]"));
        let longest = |errors: &[&str]| errors.iter().map(|error| error.lines().count()).max();
        let listed = LONGER.iter().find(|(listed, _)| *listed == name);
        let most = listed.map_or(SHORT, |(_, most)| *most);
        let lines = longest(&ours).unwrap_or_default();
        // A list that is longer than it must be would hide the next one.
        if lines > most || (listed.is_some() && lines < most) {
            wrong.push(format!("{name}: {lines} lines in our words, not {most}"));
        }
        let lines = longest(&theirs).unwrap_or_default();
        if lines > LONG {
            wrong.push(format!(
                "{name}: {lines} lines in the compiler's words, at most {LONG}"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Each error with all that belongs to it.
fn errors(stderr: &str) -> Vec<&str> {
    let reports = stderr.split_inclusive("\n\n");
    reports
        .filter(|it| it.starts_with("error"))
        .map(str::trim_end)
        .collect()
}

/// No `.stderr` without its file.
#[test]
fn nothing_is_left_over() {
    for file in files("stderr") {
        let source = file.with_extension("rs");
        assert!(source.exists(), "{} is missing", source.display());
    }
}

/// The words after `//~`, by line; several are separated by a further `//~`.
fn marked(source: &str) -> BTreeMap<usize, Vec<String>> {
    let mut marked = BTreeMap::new();
    for (line, text) in source.lines().enumerate() {
        let words: Vec<String> = text
            .split("//~")
            .skip(1)
            .map(|words| words.trim().to_owned())
            .collect();
        if !words.is_empty() {
            marked.insert(line + 1, words);
        }
    }
    marked
}

/// The messages of errors, by the line they point at.
fn reported(stderr: &str, file: &Path) -> BTreeMap<usize, Vec<String>> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let arrow = format!("--> fail/{name}:");
    let mut reported: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut message: Option<&str> = None;
    for line in stderr.lines() {
        if line.starts_with("error") {
            assert!(message.is_none(), "{name}: not in the file: {message:?}");
            message = line.split_once(": ").map(|(_, words)| words);
        } else if let Some(place) = line.trim_start().strip_prefix(&arrow)
            && let Some(message) = message.take()
        {
            let number = place.split(':').next().unwrap_or_default();
            let number = number.parse().expect("a line number behind the file");
            reported.entry(number).or_default().push(message.to_owned());
        }
    }
    assert!(message.is_none(), "{name}: not in the file: {message:?}");
    reported
}

fn files(extension: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fail");
    let entries = fs::read_dir(directory).expect("ui/fail can be read");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry of ui/fail").path())
        .filter(|path| path.extension().is_some_and(|it| it == extension))
        .collect();
    files.sort();
    files
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("rustc can be run");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
