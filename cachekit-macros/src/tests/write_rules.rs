//! Tests of the messages about `#[invalidates]` and `#[write_through]`.

use crate::pipeline;
use crate::tests::{messages, tokens};

#[test]
fn mistakes_in_writes() {
    let item = "async fn save(state: &State, id: u64) -> Result<User, E> { x }";
    let cases = [
        ("", "say what to invalidate"),
        ("get_user", "say which entries: `get_user(_, id)`"),
        ("\"user:{id}\"", "expected a function reference"),
        ("get_user(_, ..)", "`..` stands alone"),
        ("state.repo.get(..)", "write the type: `Type::get(..)`"),
        (
            "get_user(ret.id), on = always",
            "with `on = always` there may be no value",
        ),
        (
            "tags = [\"{ret.id}\"], on = before",
            "with `on = before` there is no value yet",
        ),
        ("tags = [\"a\"], on = never", "expected `ok`"),
        ("tags = [\"a\"], when = id > 1", "write `if = EXPR`"),
        ("tags = [\"a\"], ky = \"b\"", "did you mean `key`?"),
        (
            "tags = [\"a\"], cache = ret.cache",
            "the cache is needed before",
        ),
        (
            "tags = [\"a\"], intent = true",
            "take `intent` out, or write its length",
        ),
        (
            "tags = [\"a\"], intent = \"99ms\"",
            "at least 100 milliseconds",
        ),
        (
            "tags = [\"a\"], intent = state.intent",
            "`intent` is a constant and cannot depend on `state`",
        ),
    ];
    for (args, words) in cases {
        let found = messages(&pipeline::invalidates(tokens(args), tokens(item)));
        assert!(
            found.len() == 1 && found[0].contains(words),
            "{args}: {found:#?}"
        );
    }
    let cases = [
        ("", "say which entry to write"),
        ("list(..)", "`..` is every entry"),
        ("get(_, id), other(id)", "one function writes one entry"),
        (
            "get(_, ret.id)",
            "the entry is needed before the call gives a value",
        ),
        ("get(_, id), intent = 0", "write more, or `intent = false`"),
    ];
    for (args, words) in cases {
        let found = messages(&pipeline::write_through(tokens(args), tokens(item)));
        assert!(
            found.len() == 1 && found[0].contains(words),
            "{args}: {found:#?}"
        );
    }
}

#[test]
fn what_cannot_wait_has_no_ack() {
    for args in [
        "f(1), ack",
        "f(1), ack = \"200ms\"",
        "tags = [\"a\"], ack, soft, on = before",
    ] {
        let found = |item: &str| messages(&pipeline::invalidates(tokens(args), tokens(item)));
        for item in ["fn get(id: u64) -> u64 { 1 }", "pub fn get(&self) { }"] {
            let found = found(item);
            assert_eq!(found.len(), 1, "{args}: {found:?}");
            assert!(
                found[0].contains("make it an `async fn`, or take `ack` out"),
                "{found:?}"
            );
        }
        for item in [
            "async fn get(id: u64) -> u64 { 1 }",
            "fn get() -> impl Future<Output = u64> { async { 1 } }",
        ] {
            assert_eq!(found(item), [""; 0], "{args}");
        }
    }
}
