//! Tests of the messages about `#[invalidates]`, `#[write_through]` and `#[write_behind]`.

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

/// Returns the messages about `#[write_behind(args)]` on a function with a pool, a user and a cart.
fn behind(args: &str) -> Vec<String> {
    let item = "async fn save(pool: &Pool, user: u64, carts: Vec<Cart>, write: QueuedWrite) \
                -> Result<(), E> { x }";
    messages(&pipeline::write_behind(tokens(args), tokens(item)))
}

/// Options of `#[write_behind]`, each with one mistake, and words of the mistake's message.
const MISTAKES: &[(&str, &str)] = &[
    ("skip(pool)", "say which writes belong together"),
    ("\"cart:{user}\"", "write `key = \"cart:{user}\"`"),
    (
        "get(_, user), key = \"a\", value = carts",
        "take it or `key` out",
    ),
    (
        "get(1), get(2), value = carts",
        "one function writes one entry",
    ),
    ("get(..), value = carts", "`..` is every entry"),
    ("repo.get(user), value = carts", "`Carts::get(_, user)`"),
    ("self.get(user), value = carts", "`Carts::get(_, user)`"),
    (
        "get(user), each, value = carts",
        "with `each` no queued write alone",
    ),
    ("get(user)", "say what the value of the entry is"),
    ("get(user), value = ret", "`ret`: the function has not run"),
    (
        "get(user), value = pool.cart(), skip(pool)",
        "`pool` is not queued",
    ),
    (
        "get(pool.id), value = carts, skip(pool)",
        "`pool` is not queued",
    ),
    ("get(user), value = write.version()", "only the body has it"),
    ("key = \"{write}\"", "only the body has it"),
    (
        "key = \"{user}\", cache = write.cache()",
        "only the body has it",
    ),
    ("key = \"{ret}\"", "the function has not run"),
    (
        "key = \"{user}\", value = carts",
        "name the entry in place of `key`",
    ),
    ("key = \"{usr}\"", "unknown placeholder `{usr}`"),
    ("key = \"a\", each, newest", "take one of them out"),
    ("key = \"a\", each(carts)", "`each(item in items)`"),
    (
        "key = \"a\", each(cart in carts, 2)",
        "`each(item in items)`",
    ),
    ("key = \"a\", newest = true", "`newest(item in items)`"),
    ("key = \"a\", skip(pol)", "did you mean `pool`?"),
    ("key = \"a\", skip(pool, pool)", "`pool` is skipped twice"),
    (
        "key = \"a\", when_full = drop",
        "expected `wait`, `fail` or `write`",
    ),
    ("key = \"a\", when_full = \"wait\"", "without quotes"),
    ("key = \"a\", codec = xml", "unknown codec `xml`"),
    ("key = \"a\", batch = 0", "leave it out for 100"),
    ("key = \"a\", capacity = 0", "leave it out for 100,000"),
    ("key = \"a\", batch = -1", "a whole number"),
    ("key = \"a\", retries = 5_000_000_000", "a whole number"),
    ("key = \"a\", every = 0", "write `every = \"20ms\"`"),
    ("key = \"a\", every = user", "cannot depend on `user`"),
    ("key = \"a\", timeout = 0", "leave it out for 30 seconds"),
    (
        "key = \"a\", name = \"\"",
        "a name needs at least one letter",
    ),
    ("key = \"a\", retrys = 3", "did you mean `retries`?"),
];

#[test]
fn mistakes_in_queued_writes() {
    for (args, words) in MISTAKES {
        let found = behind(args);
        assert!(
            found.len() == 1 && found[0].contains(words),
            "{args}: {found:#?}"
        );
    }
    for args in [
        "get(user), value = Cart { pool: 1, ..carts }, skip(pool)",
        "key = \"{pool.id}\", skip(pool)",
        "key = \"a\", retries = 0",
    ] {
        assert_eq!(behind(args), [""; 0], "{args}");
    }
}

/// Functions whose writes are queued one by one, each with one mistake.
const ALONE: &[(&str, &str)] = &[
    (
        "async fn save(&self, user: u64) -> R { x }",
        "a free function",
    ),
    ("fn save(user: u64) -> R { x }", "stands on an `async fn`"),
    (
        "fn save(user: u64) -> impl Future<Output = R> { async move { x } }",
        "stands on an `async fn`",
    ),
    (
        "async fn save<T>(user: T) -> R { x }",
        "write types instead of parameters",
    ),
    (
        "async fn save(user: impl Into<u64>) -> R { x }",
        "must know its types",
    ),
    (
        "async fn save(user: u64, (a, b): (u8, u8)) -> R { x }",
        "name this argument",
    ),
    (
        "async fn save(user: &mut u64) -> R { x }",
        "cannot be changed for the caller",
    ),
    (
        "async fn save(user: u64, writes: Vec<QueuedWrite>) -> R { x }",
        "write `QueuedWrite`",
    ),
    (
        "async fn save(user: Vec<&str>) -> R { x }",
        "write owned types inside of it",
    ),
    (
        "async fn save<'a>(user: &(u8, Name<'a>)) -> R { x }",
        "write owned types inside of it",
    ),
    (
        "async fn save(user: Cow<'_, str>) -> R { x }",
        "write owned types inside of it",
    ),
];

/// Functions whose call writes itself if the queue is full, or that are given a value.
#[test]
fn mistakes_in_what_a_run_is_given() {
    let messages_of = |args, item| messages(&pipeline::write_behind(tokens(args), tokens(item)));
    let args = "key = \"a\", when_full = write";
    let found = messages_of(args, "async fn save(user: u64) -> R { x }");
    assert!(found[0].contains("take an argument `write: QueuedWrite`"));
    let item = "async fn save(user: u64, write: QueuedWrite) -> R { x }";
    assert_eq!(messages_of(args, item), [""; 0]);
    let args = "key = \"a\", skip(log)";
    let found = messages_of(args, "async fn save(log: &mut Log, user: u64) -> R { x }");
    assert!(found[0].contains("take it by value or by `&`"));
    let kept = "async fn save(log: &Log, names: &[&'static str], name: &'_ str) -> R { x }";
    assert_eq!(messages_of(args, kept), [""; 0]);
}

/// Functions whose writes are items of an argument, each with one mistake.
const MANY: &[(&str, &str)] = &[
    (
        "async fn save(users: Vec<u64>, write: QueuedWrite) -> R { x }",
        "`Vec<QueuedWrite>`",
    ),
    (
        "async fn save(users: &[u64]) -> R { x }",
        "write `users: Vec<..>`",
    ),
    (
        "async fn save(users: Vec<u64>, by: u64) -> R { x }",
        "may differ in `by`",
    ),
    (
        "async fn save(by: u64, users: Vec<u64>) -> R { x }",
        "may differ in `by`",
    ),
    (
        "async fn save(user: Vec<u64>) -> R { x }",
        "there is no argument `users`",
    ),
];

#[test]
fn functions_that_no_worker_can_run() {
    for (item, words) in ALONE {
        let found = messages(&pipeline::write_behind(
            tokens("key = \"{user}\""),
            tokens(item),
        ));
        assert!(
            found.len() == 1 && found[0].contains(words),
            "{item}: {found:#?}"
        );
    }
    for (item, words) in MANY {
        let args = "key = \"{user}\", each(user in users)";
        let found = messages(&pipeline::write_behind(tokens(args), tokens(item)));
        assert!(
            found.len() == 1 && found[0].contains(words),
            "{item}: {found:#?}"
        );
    }
}

/// Tests that a function with a mistake can be called as if it had none.
#[test]
fn callers_see_no_second_mistake() {
    let item = "pub async fn save(user: u64, write: QueuedWrite) -> R { x }";
    let expansion = pipeline::write_behind(tokens("skip(a)"), tokens(item)).to_string();
    assert!(
        expansion.contains("pub async fn save (user : u64) -> R"),
        "{expansion}"
    );
    assert!(expansion.contains("compile_error"), "{expansion}");
}
