//! One run of `cargo check` over libraries and first tries, and what the compiler said of each.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What the compiler said, by crate and target.
#[derive(Default)]
pub struct Checked {
    said: HashMap<(String, String), Vec<String>>,
    built: Vec<String>,
}

impl Checked {
    /// What keeps a library from compiling, and its warnings.
    pub fn library(&self, package: &str) -> Vec<String> {
        let name = package.replace('-', "_");
        let mut faults = self.said(package, &name).to_vec();
        if faults.is_empty() && !self.compiles(package) {
            faults.push(format!(
                "{package}: does not compile, for a reason that is not told"
            ));
        }
        faults
    }

    /// Whether there is a library; without it nobody looks at its first tries.
    pub fn compiles(&self, package: &str) -> bool {
        self.built.contains(&package.replace('-', "_"))
    }

    /// What keeps a target from compiling.
    pub fn said(&self, package: &str, target: &str) -> &[String] {
        let key = (package.to_owned(), target.to_owned());
        self.said.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// The cargo that runs this program, in the workspace.
pub fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

/// Checks these crates.
pub fn all(root: &Path, packages: &[&str]) -> Result<Checked, String> {
    let mut cargo = cargo(root);
    cargo
        .args(["check", "--locked", "--keep-going", "--lib", "--examples"])
        .args(["--message-format=json"]);
    for package in packages {
        cargo.args(["-p", package]);
        if root.join(package).join("refused").exists() {
            cargo.args(["--features", &format!("{package}/refused")]);
        }
    }
    let output = cargo
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    let mut checked = Checked::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        take(&line, packages, &mut checked);
    }
    if checked.built.is_empty() && checked.said.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo checked nothing: {said}"));
    }
    Ok(checked)
}

fn take(line: &Value, packages: &[&str], checked: &mut Checked) {
    let target = line["target"]["name"].as_str().unwrap_or_default();
    // The last part of a package's id is `NAME@VERSION`, or `VERSION` behind a folder of its name.
    let id = line["package_id"].as_str().unwrap_or_default();
    let Some(package) = packages.iter().find(|name| {
        id.contains(&format!("/tests/services/{name}#")) || id.contains(&format!("#{name}@0.0.0"))
    }) else {
        return;
    };
    match line["reason"].as_str() {
        Some("compiler-artifact") => checked.built.push(target.to_owned()),
        Some("compiler-message") => {
            let message = &line["message"];
            let level = message["level"].as_str().unwrap_or_default();
            let of_an_example = line["target"]["kind"][0] == "example";
            let counts = level == "error" || (level == "warning" && !of_an_example);
            let words = message["message"].as_str().unwrap_or_default();
            // The last lines only count the others.
            let sums = words.starts_with("aborting due to") || words.ends_with(" emitted");
            if !counts || sums {
                return;
            }
            let rendered = message["rendered"].as_str().unwrap_or_default().to_owned();
            let key = ((*package).to_owned(), target.to_owned());
            let said = checked.said.entry(key).or_default();
            if !said.contains(&rendered) {
                said.push(rendered);
            }
        }
        _ => {}
    }
}
