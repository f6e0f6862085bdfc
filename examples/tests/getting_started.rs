//! The page `docs/getting-started.md`: its commands print what it shows, and its listings are parts
//! of the program.

mod page;

use std::process::Command;

/// The program, as the commands of the page name it.
const PROGRAM: &str = "target/debug/getting_started";

/// A line without the length of time at its end, which differs from run to run.
fn without_time(line: &str) -> &str {
    let Some((rest, unit)) = line.trim_end().rsplit_once(' ') else {
        return line;
    };
    if !["us", "ms", "s"].contains(&unit) {
        return line;
    }
    let number = rest.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
    number.trim_end()
}

fn stable(output: &str) -> String {
    let lines: Vec<_> = output.lines().map(without_time).collect();
    lines.join("\n")
}

/// Runs a command of the page in the root of the repository, as a reader without a Redis does.
fn output(command: &str) -> String {
    let command = command.replace(PROGRAM, env!("CARGO_BIN_EXE_getting_started"));
    let run = Command::new("bash")
        .args(["-euc", &command])
        .current_dir(page::root())
        .env_remove("REDIS_URL")
        .output()
        .expect("bash runs");
    let problems = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{command}: {problems}");
    String::from_utf8(run.stdout).expect("text")
}

#[test]
fn each_command_prints_what_the_page_shows() {
    let page = page::read("getting-started.md");
    let blocks = page::blocks(&page, &["sh", "text"]);
    let runs: Vec<_> = blocks
        .windows(2)
        .filter(|two| (two[0].0, two[1].0) == ("sh", "text"))
        .map(|two| (two[0].1, two[1].1))
        .collect();
    assert_eq!(runs.len(), 8, "a run for each step");
    for (command, shown) in runs {
        assert!(command.contains(PROGRAM), "{command}");
        assert_eq!(stable(&output(command)), stable(shown), "{command}");
    }
}

#[test]
fn a_step_without_redis_says_so() {
    let printed = output(&format!("{PROGRAM} 7"));
    assert!(printed.starts_with("REDIS_URL is not set"), "{printed}");
}

#[test]
fn each_listing_is_a_part_of_the_program() {
    page::assert_listings(&page::read("getting-started.md"), "getting_started");
}

#[test]
fn only_times_are_left_out_of_the_comparison() {
    for (line, rest) in [
        (
            "product(7)  ran the function  51.6 ms",
            "product(7)  ran the function",
        ),
        (
            "1 queries, slowest call   52.0 ms",
            "1 queries, slowest call",
        ),
        ("queries: 2", "queries: 2"),
        ("hits   97.5 %", "hits   97.5 %"),
    ] {
        assert_eq!(without_time(line), rest);
    }
}
