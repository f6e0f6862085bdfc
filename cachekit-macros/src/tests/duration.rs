//! Tests of durations in attributes: all options accept the same texts.

use crate::attr::duration_text::CASES as LENGTHS;
use crate::pipeline;
use crate::tests::{cached_messages, messages, tokens};

const GET: &str = "async fn get(id: u64) -> Result<Option<u64>, E> { body }";

/// Options of `#[cached]` that take a duration, each with the further options that it needs.
const OPTIONS: [(&str, &str); 9] = [
    ("ttl", ""),
    ("stale", ""),
    ("stale_if_error", ""),
    ("soft_timeout", "stale = 1"),
    ("none_ttl", ""),
    ("memory_ttl", ""),
    ("redis_ttl", ""),
    ("lock_timeout", ""),
    ("timeout", ""),
];

#[test]
fn every_option_reads_the_same_lengths() {
    let mut seen = 0;
    for (text, expected) in LENGTHS {
        let check = |option: &str, found: Vec<String>| match expected {
            Ok(_) => assert_eq!(found, [""; 0], "{option} = {text}"),
            Err(reason) => {
                assert_eq!(found.len(), 1, "{option} = {text}: {found:?}");
                assert!(found[0].contains(reason), "{option} = {text}: {found:?}");
            }
        };
        for (option, more) in OPTIONS {
            let args = format!("{option} = \"{text}\", {more}");
            check(option, cached_messages(&args, GET));
            seen += 1;
        }
        let args = format!("tags = [\"users\"], ack = \"{text}\"");
        let expansion = pipeline::invalidates(tokens(&args), tokens(GET));
        check("ack", messages(&expansion));
    }
    assert_eq!(seen, OPTIONS.len() * LENGTHS.len());
}

#[test]
fn a_number_is_seconds_and_anything_else_an_expression() {
    for (option, more) in OPTIONS {
        for value in ["300", "Duration::from_millis(5)", "LENGTH"] {
            let args = format!("{option} = {value}, {more}");
            assert_eq!(cached_messages(&args, GET), [""; 0], "{args}");
        }
        let found = cached_messages(&format!("{option} = \"\", {more}"), GET);
        assert!(found[0].contains("it is empty"), "{found:?}");
    }
}
