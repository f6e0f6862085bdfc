//! Holds the functions of services to the table of `README.md`.
//!
//! Every row's function compiles, without a warning; where the first try is refused, it is refused with
//! the words that the table quotes, and with no others.

mod check;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use check::Checked;
use table::{FirstTry, Row};

/// How many rows have to compile as they were written first.
const AT_FIRST: usize = 24;

/// The crates that need no database. Their functions are called too.
const LIGHT: [&str; 3] = ["axum-web", "bare", "tonic-rows"];

/// The crates that `--quick` looks at: the cheapest ones.
const QUICK: [&str; 2] = ["axum-web", "bare"];

fn main() -> ExitCode {
    let quick = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--quick" => true,
        other => {
            eprintln!("error: {other:?} is not understood; there is `--quick`, or nothing");
            return ExitCode::from(2);
        }
    };
    // As cargo says now: the program may have been built for another copy of the folder.
    let Some(own) = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        eprintln!("error: run it by ./scripts/services");
        return ExitCode::from(2);
    };
    let root = own.parent().expect("a crate of the workspace");
    match run(root, quick) {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => {
            eprintln!("\n{}\n\n{} faults", faults.join("\n\n"), faults.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// What is not as the table says.
fn run(root: &Path, quick: bool) -> Result<Vec<String>, String> {
    let (rows, mut faults) = table::read(root)?;
    let wanted = |name: &str| !quick || QUICK.contains(&name);
    let mut packages: Vec<&str> = rows.iter().map(|row| row.package.as_str()).collect();
    packages.sort_unstable();
    packages.dedup();
    packages.retain(|name| wanted(name));

    let checked = check::all(root, &packages)?;
    for package in &packages {
        faults.extend(checked.library(package));
    }
    for row in rows.iter().filter(|row| wanted(&row.package)) {
        faults.extend(refused(row, &checked));
    }
    packages.retain(|package| LIGHT.contains(package) && checked.compiles(package));
    faults.extend(called(root, &packages)?);

    let count = |first| rows.iter().filter(|row| row.first_try == first).count();
    let at_first = count(FirstTry::Compiles);
    println!(
        "{} functions: {at_first} at first try, {} after what the message said, {} cannot be done",
        rows.len(),
        count(FirstTry::Refused),
        count(FirstTry::Impossible),
    );
    if at_first < AT_FIRST {
        faults.push(format!("fewer than {AT_FIRST} compile at first try"));
    }
    Ok(faults)
}

/// Whether the first try is refused in the words of the table.
fn refused(row: &Row, checked: &Checked) -> Vec<String> {
    if row.first_try == FirstTry::Compiles {
        return Vec::new();
    }
    let (id, package) = (&row.id, &row.package);
    if !checked.compiles(package) {
        return vec![format!(
            "{id}: is not looked at, as `{package}` does not compile"
        )];
    }
    let errors = checked.said(package, id);
    if errors.is_empty() {
        return vec![format!("{id}: the first try is not refused")];
    }
    let missing = row
        .quotes
        .iter()
        .filter(|quote| !errors.iter().any(|error| says(error, quote)))
        .map(|quote| format!("{id}: nothing says \"{quote}\""));
    let others = errors
        .iter()
        .filter(|error| !row.quotes.iter().any(|quote| says(error, quote)))
        .map(|error| format!("{id}: the table does not know of this:\n{error}"));
    missing.chain(others).collect()
}

/// Whether the words are in it; where lines are broken makes no difference.
fn says(error: &str, words: &str) -> bool {
    let flat: Vec<&str> = error.split_whitespace().collect();
    flat.join(" ").contains(words)
}

/// Calls the functions that need no database.
fn called(root: &Path, packages: &[&str]) -> Result<Option<String>, String> {
    if packages.is_empty() {
        return Ok(None);
    }
    let mut cargo = check::cargo(root);
    cargo.args(["test", "-q", "--locked"]);
    for package in packages {
        cargo.args(["-p", package]);
    }
    let status = cargo.args(["--tests"]).status();
    let status = status.map_err(|error| format!("cargo does not start: {error}"))?;
    Ok((!status.success()).then(|| "a test fails, see above".to_owned()))
}
