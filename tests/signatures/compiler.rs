//! rustc, called by hand: a crate of signatures needs nothing that is not built already.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;
use std::{env, fs};

/// An error, and what it stands at.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) line: usize,
    pub(crate) message: String,
    /// The source below its caret.
    pub(crate) place: String,
}

/// Where the crates are that a crate of signatures uses.
pub(crate) struct Compiler {
    dependencies: PathBuf,
    folder: PathBuf,
}

impl Compiler {
    /// With what this test was built with, or with another build of cachekit: one from before a
    /// change, for instance.
    pub(crate) fn new(folder: &Path) -> Self {
        let beside_this = || {
            let this = env::current_exe().expect("a test has a path");
            this.parent().expect("in a folder").to_owned()
        };
        Self {
            dependencies: env::var_os("CACHEKIT_SIGNATURES_WITH")
                .map_or_else(beside_this, PathBuf::from),
            folder: folder.to_owned(),
        }
    }

    /// The errors of a crate.
    pub(crate) fn check(&self, source: &str) -> Vec<Refusal> {
        let path = self.folder.join("signatures.rs");
        fs::write(&path, source).expect("a file in a folder of our own");
        let metadata = self.folder.join("signatures.rmeta");
        let output = self.rustc(
            &["--emit=metadata", "--error-format=json"],
            &path,
            &metadata,
        );
        let stderr = String::from_utf8_lossy(&output.stderr);
        let refusals: Vec<Refusal> = stderr.lines().filter_map(refusal).collect();
        assert!(
            output.status.success() || !refusals.is_empty(),
            "rustc failed without a word about a signature: {stderr}"
        );
        refusals
    }

    /// What a crate prints.
    pub(crate) fn run(&self, source: &str) -> String {
        let path = self.folder.join("signatures.rs");
        fs::write(&path, source).expect("a file in a folder of our own");
        let program = self.folder.join("signatures");
        let output = self.rustc(&["-Cdebuginfo=0", "-Copt-level=0"], &path, &program);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "what was checked is not built: {stderr}"
        );
        let output = Command::new(&program).output().expect("it can be run");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the calls ended early: {stderr}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn rustc(&self, flags: &[&str], source: &Path, target: &Path) -> Output {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut command = Command::new(rustc);
        command
            .args(["--edition", "2024", "--crate-type", "bin"])
            .args(flags);
        let found = libraries(&self.dependencies);
        for name in ["cachekit", "serde"] {
            let library = &found[name];
            command
                .arg("--extern")
                .arg(format!("{name}={}", library.display()));
        }
        command
            .arg("-L")
            .arg(format!("dependency={}", self.dependencies.display()))
            .arg("-o")
            .args([target, source])
            .output()
            .expect("rustc can be run")
    }
}

/// The library of each name that was built last.
fn libraries(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut found: BTreeMap<String, (SystemTime, PathBuf)> = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("the folder of dependencies") {
        let path = entry.expect("an entry of it").path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let Some((name, _)) = name
            .strip_prefix("lib")
            .and_then(|name| name.strip_suffix(".rlib"))
            .and_then(|name| name.split_once('-'))
        else {
            continue;
        };
        let built = fs::metadata(&path).and_then(|it| it.modified());
        let built = built.expect("a file has a time");
        if found.get(name).is_none_or(|(before, _)| *before < built) {
            found.insert(name.to_owned(), (built, path));
        }
    }
    found
        .into_iter()
        .map(|(name, (_, path))| (name, path))
        .collect()
}

/// A line of rustc's output, if it is an error about a place.
fn refusal(line: &str) -> Option<Refusal> {
    let said: serde_json::Value = serde_json::from_str(line).ok()?;
    if said["level"] != "error" {
        return None;
    }
    let spans = said["spans"].as_array()?;
    let mut span = spans.iter().find(|span| span["is_primary"] == true)?;
    // The place in the crate itself that a macro's words come from.
    while span["file_name"]
        .as_str()
        .is_some_and(|file| !file.ends_with("signatures.rs"))
        && span["expansion"].is_object()
    {
        span = &span["expansion"]["span"];
    }
    let text = span["text"][0]["text"].as_str().unwrap_or_default();
    let column = |which: &str| usize::try_from(span[which].as_u64().unwrap_or(1)).unwrap_or(1) - 1;
    let (start, end) = (column("column_start"), column("column_end"));
    let place = text.chars().skip(start).take(end.saturating_sub(start));
    Some(Refusal {
        line: usize::try_from(span["line_start"].as_u64()?).ok()?,
        message: said["message"].as_str()?.to_owned(),
        place: place.collect(),
    })
}
