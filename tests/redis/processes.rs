//! Several processes run one computation.

use std::process::Command;

/// Runs a load of the program `stampede`, a small one, and holds it to its bound.
#[track_caller]
fn holds(row: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_stampede"))
        .args([row, "--quick"])
        .output()
        .expect("it starts");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn of_four_thousand_callers_in_four_processes_one_computes() {
    holds("processes");
}

#[test]
fn when_the_one_that_computes_is_killed_another_does_and_nobody_is_lost() {
    holds("killed");
}
