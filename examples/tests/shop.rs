//! The program `shop`: its short acts keep the promises, and it writes a report and a picture that
//! need no other file.

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
    let [report, picture] = ["shop.html", "shop.svg"].map(|file| folder.path().join(file));
    let run = Command::new(env!("CARGO_BIN_EXE_shop"))
        .args(["--quick", "--report"])
        .arg(&report)
        .arg("--picture")
        .arg(&picture)
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

    check_report(&std::fs::read_to_string(&report).expect("the report"));
    let picture = std::fs::read_to_string(&picture).expect("the picture");
    let p99 = column("p99");
    check_picture(&picture, table[1..9].iter().map(|row| cells(row)[p99]));
}

fn check_report(page: &str) {
    assert_eq!(
        page.matches("<svg ").count(),
        9,
        "a plot of queries, and two for each act"
    );
    for other in ["http:", "https:", "src=", "<link", "@import", "url("] {
        assert!(!page.contains(other), "{other} in the report");
    }
}

/// Checks that the picture shows the same slowest requests as the table, in the form of the picture
/// that the README shows.
fn check_picture<'a>(picture: &str, p99: impl Iterator<Item = &'a str>) {
    for side in ["with", "without"] {
        let bars = picture.matches(&format!("class=\"bar {side}\"")).count();
        let expected = 2 * (ACTS.len() + 1);
        assert_eq!(
            bars, expected,
            "in each plot, one for each act and the legend"
        );
    }
    for time in p99 {
        assert!(picture.contains(&format!(">{time}</text>")), "{time}");
    }
    let committed = include_str!("../../docs/pictures/shop.svg");
    assert_eq!(form(picture), form(committed), "`shop --picture` writes it");
}

/// Returns the words of a picture and its style, without numbers and the units of times, which vary,
/// and without the lines of its axes.
fn form(picture: &str) -> Vec<String> {
    let lines = picture.lines().filter(|line| !line.contains("\"grid\""));
    let is_number = |word: &str| {
        word.chars()
            .next()
            .is_none_or(|first| first.is_ascii_digit())
    };
    let words = lines.flat_map(|line| line.split([' ', '<', '>', '"', ',']));
    words
        .filter(|word| !is_number(word))
        .map(str::to_owned)
        .collect()
}
