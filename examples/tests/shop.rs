//! The program `shop`: its short acts keep the promises, and it writes a report that needs no other
//! file.

use std::process::Command;

const ACTS: [&str; 4] = [
    "cold start",
    "steady traffic",
    "flash sale",
    "price changes",
];

/// Returns the cells of a line of the table, which two or more spaces separate.
fn cells(line: &str) -> Vec<&str> {
    let cells = line.split("  ").map(str::trim);
    cells.filter(|cell| !cell.is_empty()).collect()
}

#[test]
fn the_short_acts_keep_the_promises() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("shop.html");
    let run = Command::new(env!("CARGO_BIN_EXE_shop"))
        .args(["--quick", "--report"])
        .arg(&report)
        .output()
        .expect("the program runs");
    let output = String::from_utf8(run.stdout).expect("text");
    let problems = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{output}{problems}");

    let table: Vec<_> = output
        .lines()
        .skip_while(|it| !it.starts_with("act "))
        .collect();
    let heads = cells(table[0]);
    let column = |head| heads.iter().position(|it| *it == head).expect("a column");
    let (queries, stale) = (column("queries"), column("stale reads"));
    for (act, rows) in ACTS.iter().zip(table[1..].chunks(2)) {
        let (with, without) = (cells(rows[0]), cells(rows[1]));
        assert_eq!((with[0], without[0]), (*act, "without the cache"));
        assert_eq!(with.len(), heads.len(), "{with:?}");
        assert_eq!(with[stale], "0", "{act}");
        if *act == "flash sale" {
            assert_eq!(with[queries], "1", "{output}");
        }
        if *act == "price changes" {
            assert!(with[column("price everywhere")].contains('/'));
        }
    }
    assert_eq!(output.matches("kept  ").count(), 3, "{output}");

    let page = std::fs::read_to_string(&report).expect("the report");
    assert_eq!(
        page.matches("<svg ").count(),
        9,
        "a plot of queries, and two for each act"
    );
    for other in ["http:", "https:", "src=", "<link", "@import", "url("] {
        assert!(!page.contains(other), "{other} in the report");
    }
}
