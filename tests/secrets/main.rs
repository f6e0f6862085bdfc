//! No secret and no value appears in logs, errors or `Debug` output; arguments appear only at the
//! debug level.
//!
//! A test runs itself in a process of its own, which meets every known fault and prints everything.
//! Then the test searches the output.

mod debug_output;
mod faults;
mod values;

use std::env;
use std::fmt::Debug;
use std::process::Command;

use cachekit_tests::capture::Capture;

/// In the address, whose other form has it with `%40` for `@`.
const USER: &str = "user-h8Jq4";
const PASSWORD: &str = "password-k3@Zr9";
const ENCODED: &str = "password-k3%40Zr9";

/// Set for the process whose output is looked at.
const CHILD: &str = "CACHEKIT_SECRETS_CHILD";

/// In every value.
const VALUE: &str = "value-q7Xw2";

/// In every key and tag.
const ARGUMENT: &str = "argument-m5Vt8";

/// How lines begin that show keys without what is in them.
const HOT_KEYS: &str = "hot keys";

/// How lines begin that were logged.
const LOGGED: &str = "LOG ";

/// What is expected of the capture: without it, nothing was looked at.
const EXPECTED: &[&str] = &[
    "connected to Redis",
    "no valid reply from Redis",
    "Redis is unreachable",
    "closed the connection to Redis",
    "store refused",
    "values stay in memory only",
    "the cache runs on memory until it connects",
    "a message of an unknown form",
    "the region keeps its first capacity",
    "waited too long for a computation",
];

/// Prints what a test may not say.
fn show(what: &str, shown: &dyn Debug) {
    println!("{what}: {shown:?}");
    println!("{what}: {shown:#?}");
}

/// Why a line may not be printed, if that is so.
fn leak(line: &str) -> Option<&'static str> {
    let secrets = [
        (USER, "a user"),
        (PASSWORD, "a password"),
        (ENCODED, "a password"),
        (VALUE, "a value"),
    ];
    let found = secrets.iter().find(|(secret, _)| line.contains(secret));
    let is_for_all = ["ERROR", "WARN", "INFO"]
        .iter()
        .any(|level| line.starts_with(&format!("{LOGGED}{level}")));
    let is_silent = is_for_all || line.starts_with(HOT_KEYS);
    let argument = is_silent && line.contains(ARGUMENT);
    found
        .map(|(_, what)| *what)
        .or(argument.then_some("an argument"))
}

/// Does so, and prints it all: for the test below, which runs itself for that.
fn everything_that_can_go_wrong() {
    let log = Capture::default();
    tracing::subscriber::set_global_default(log.clone()).expect("the first one");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        Box::pin(faults::all()).await;
        Box::pin(debug_output::all()).await;
    });
    drop(runtime);
    for line in log.take() {
        println!("{LOGGED}{} {}", line.level, line.text.replace('\n', " "));
    }
}

#[test]
fn nothing_that_is_printed_holds_a_secret() {
    if env::var_os(CHILD).is_some() {
        return everything_that_can_go_wrong();
    }
    let this = env::current_exe().expect("a program");
    let run = Command::new(this)
        .args(["--exact", "nothing_that_is_printed_holds_a_secret"])
        .arg("--nocapture")
        .env(CHILD, "1")
        .output()
        .expect("it runs");
    let output = [run.stdout, run.stderr].concat();
    let output = String::from_utf8_lossy(&output);
    let leaks: Vec<_> = output
        .lines()
        .filter_map(|line| leak(line).map(|what| format!("{what}: {line}")))
        .collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(run.status.success(), "{output}");
    for expected in EXPECTED {
        assert!(output.contains(expected), "nobody said `{expected}`");
    }
    let refused = ["refuses the login", "WRONGPASS"];
    assert!(refused.iter().any(|said| output.contains(said)));
    let debugged = output
        .lines()
        .any(|line| line.starts_with("LOG DEBUG") && line.contains(ARGUMENT));
    assert!(debugged, "a key is there for who debugs");
}

#[test]
fn a_secret_would_be_found() {
    for line in [
        format!("Cache {{ url: redis://{USER}@host }}"),
        format!("redis://:{PASSWORD}@host"),
        format!("redis://:{ENCODED}@host"),
        format!("LOG TRACE stored {VALUE}"),
        format!("LOG INFO key {ARGUMENT}"),
        format!("{HOT_KEYS}: [HotKey {{ key: {ARGUMENT} }}]"),
    ] {
        assert!(leak(&line).is_some(), "{line}");
    }
    assert_eq!(leak(&format!("LOG DEBUG key {ARGUMENT}")), None);
}

#[test]
fn a_builder_shows_no_secret() {
    let url = format!("redis://{USER}:{ENCODED}@localhost");
    let builder = cachekit::Cache::builder().redis(url);
    let builder = builder.redis_password(PASSWORD);
    let builder = builder.sentinel_user(USER).sentinel_password(PASSWORD);
    assert_eq!(leak(&format!("{builder:?}")), None);
}
