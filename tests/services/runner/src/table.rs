//! The table of `README.md`, held against the files.

use std::fs;
use std::path::Path;

/// How many functions there are.
const ROWS: usize = 40;

/// What became of a function as it was written first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FirstTry {
    Compiles,
    /// It does not compile, and does once that is done what the message says.
    Refused,
    /// It cannot be done, as the message says.
    Impossible,
}

pub struct Row {
    pub id: String,
    /// The crate that has it.
    pub package: String,
    pub first_try: FirstTry,
    /// What the compiler says to the first try.
    pub quotes: Vec<String>,
}

/// The rows, and what is wrong with them already.
pub fn read(root: &Path) -> Result<(Vec<Row>, Vec<String>), String> {
    let path = root.join("README.md");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let packages = packages(root)?;
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| c")) {
        match row(line, root, &packages) {
            Ok(row) => rows.push(row),
            Err(fault) => faults.push(fault),
        }
    }
    for number in 1..=ROWS {
        let id = format!("c{number:02}");
        if rows.iter().filter(|row| row.id == id).count() != 1 {
            faults.push(format!("{id}: has not one good row"));
        }
    }
    if rows.len() > ROWS {
        faults.push(format!("{} rows, not {ROWS}", rows.len()));
    }
    Ok((rows, faults))
}

fn packages(root: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(root).map_err(|error| error.to_string())?;
    Ok(entries
        .flatten()
        .filter(|entry| entry.path().join("src/lib.rs").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect())
}

/// `| id | functions | service | form | first try | what it is told |`
fn row(line: &str, root: &Path, packages: &[String]) -> Result<Row, String> {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [id, functions, _, _, first_try, told] = cells[..] else {
        return Err(format!("not six cells: {line}"));
    };
    let first_try = match first_try {
        "yes" => FirstTry::Compiles,
        "after" => FirstTry::Refused,
        "no" => FirstTry::Impossible,
        other => return Err(format!("{id}: `{other}` is none of yes, after, no")),
    };
    let having: Vec<&String> = packages
        .iter()
        .filter(|name| root.join(name).join(format!("src/{id}.rs")).exists())
        .collect();
    let [package] = having[..] else {
        return Err(format!("{id}: in {} crates, not in one", having.len()));
    };
    annotated(&root.join(package).join(format!("src/{id}.rs")), functions)
        .map_err(|fault| format!("{id}: {fault}"))?;
    let quotes: Vec<String> = told
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    let compiles = first_try == FirstTry::Compiles;
    let kept = root.join(package).join(format!("refused/{id}.rs")).exists();
    if kept == compiles || quotes.is_empty() != compiles {
        return Err(format!(
            "{id}: a first try that is refused is in `refused/`, and quoted; one that is not, is not"
        ));
    }
    Ok(Row {
        id: id.to_owned(),
        package: package.clone(),
        first_try,
        quotes,
    })
}

/// Whether a file has the functions that stand in a cell, and attributes.
fn annotated(path: &Path, functions: &str) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    for name in functions.split('`').skip(1).step_by(2) {
        let name = name.rsplit("::").next().unwrap_or(name);
        if !["(", "<"]
            .iter()
            .any(|next| text.contains(&format!("fn {name}{next}")))
        {
            return Err(format!("there is no function `{name}`"));
        }
    }
    let attributes = ["#[cached(", "#[invalidates(", "#[write_through("];
    if !attributes.iter().any(|attribute| text.contains(attribute)) {
        return Err("nothing is annotated".to_owned());
    }
    Ok(())
}
