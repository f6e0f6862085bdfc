//! Messages: all of them at once, and the function in every case.

use crate::diag::{Errors, did_you_mean};
use crate::pipeline;
use crate::tests::{cached_messages, messages, tokens};

const GET: &str = "async fn get(pool: &Pool, id: u64) -> u64 { 1 }";

#[test]
fn typing_mistakes() {
    let known = ["ttl", "tags", "key", "version", "store_if"];
    let cases = [
        ("tll", Some("ttl")),
        ("tag", Some("tags")),
        ("versoin", Some("version")),
        ("storeif", Some("store_if")),
        ("banana", None),
        ("xyz", None),
    ];
    for (word, meant) in cases {
        assert_eq!(did_you_mean(word, known), meant, "{word}");
    }
}

#[test]
fn mistakes_add_up() {
    let mut errors = Errors::new();
    errors.at(proc_macro2::Span::call_site(), "one");
    errors.at(proc_macro2::Span::call_site(), "two");
    let error = errors.finish(Some(())).expect_err("there are two");
    assert_eq!(
        error
            .into_iter()
            .map(|error| error.to_string())
            .collect::<Vec<_>>(),
        ["one", "two"]
    );
}

#[test]
#[should_panic(expected = "mistakes were found and dropped")]
fn mistakes_cannot_be_forgotten() {
    drop(Errors::new());
}

#[test]
fn all_mistakes_come_at_once() {
    let args = "tll = 3, key = \"{x}\", encrypt = true, ttl = \"1h5\", expire = 4, tags = [\"{a\", \"{b\"], \
                ttl = 3, jitter = 2.0, tier = disk, skip(nobody), ttl = 4";
    let found = cached_messages(args, GET);
    let expected = [
        "unknown option `tll`; did you mean `ttl`?",
        "`encrypt` is not available in this version yet",
        "the last number has no unit",
        "there is no option `expire`; write `ttl = 300`",
        "`{` without `}` before \"a\"",
        "`{` without `}` before \"b\"",
        "expected a share between 0 and 1",
        "`ttl` is given twice",
        "unused skip: there is no argument `nobody`; one may skip `pool`, `id`",
        "unknown placeholder `{x}`",
        "unknown tier `disk`; expected `memory`, `redis` or `both`",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found} has no {expected}");
    }
}

#[test]
fn one_message_for_one_mistake() {
    let cases = [
        ("key", "`key` needs a value: `key = ..`"),
        (
            "banana = 3",
            "unknown option `banana`; the options are `key`, `ttl`",
        ),
        ("\"user:{id}\"", "write `key = \"user:{id}\"`"),
        ("ttl = 3 key = \"a\"", "expected `,`"),
        ("ttl = 1.5", "is not a whole number of seconds"),
        ("ttl = 5m", "with quotes"),
        ("ttl = 0", "a `ttl` of 0 stores nothing"),
        (
            "none_ttl = Duration::from_secs(id)",
            "cannot depend on `id`",
        ),
        ("tags = \"users\"", "expected a list: `[\"users\"]`"),
        (
            "tags = [name()]",
            "expected a template in quotes, or `..EXPR`",
        ),
        ("events = [..names()]", "expected a template in quotes"),
        (
            "skip = pool",
            "expected the names of arguments: `skip(pool, trace_id)`",
        ),
        (
            "key = \"{id}\", skip(id)",
            "unused skip: `id` is in the key",
        ),
        ("skip(pool, pool)", "`pool` is skipped twice"),
        ("skip(self)", "unused skip: there is no argument `self`"),
        ("companion = \"x\"", "or `false` for none"),
        ("when = ret.ok", "`ret`: `when` is asked before"),
        ("cache = ret.cache", "`ret`: the cache is needed before"),
        ("name = \"\"", "a name needs at least one letter"),
        ("version = 4294967296", "from 0 to 4294967295"),
        ("tier = disk", "unknown tier `disk`"),
        ("key = user_key(id)", "expected a template in quotes"),
    ];
    check_one_message(&cases);
}

#[test]
fn one_message_about_a_tier() {
    let cases = [
        ("tier = \"redis\"", "write `tier = redis`, without quotes"),
        (
            "tier = \"disk\"",
            "expected `memory`, `redis` or `both`, without quotes",
        ),
        ("tier = 3", "expected `memory`, `redis` or `both`"),
        ("tier", "`tier` needs a value: `tier = ..`"),
        ("codec = \"json\"", "write `codec = json`, without quotes"),
        ("codec = xml", "expected `bincode`, `msgpack` or `json`"),
        ("codec = off", "unknown codec `off`"),
        ("compress = 1", "expected `true` or `false`"),
        ("compress = \"true\"", "expected `true` or `false`"),
        (
            "compress(1024)",
            "`compress` needs a value: `compress = ..`",
        ),
        ("compress, compress = false", "`compress` is given twice"),
        (
            "single_flight = on",
            "expected `process`, `cluster` or `off`",
        ),
        ("tier = memory, redis_ttl = 3", "`redis_ttl` is about Redis"),
        ("tier = memory, codec = json", "`codec` is about Redis"),
        ("tier = memory, compress", "`compress` is about Redis"),
        (
            "tier = redis, memory_ttl = 3",
            "`memory_ttl` is about memory",
        ),
        (
            "tier = memory, single_flight = cluster",
            "write `single_flight = process`",
        ),
        ("memory_ttl = 0", "write `tier = redis`"),
        ("redis_ttl = 0", "write `tier = memory`"),
        (
            "detach, single_flight = off",
            "`detach` and `single_flight = off`: every call computes for itself; take one out",
        ),
        ("detach = 30", "expected `true` or `false`"),
        ("detach, detach", "`detach` is given twice"),
        ("lock_timeout = 0", "write `single_flight = off`"),
        (
            "lock_timeout = Duration::from_secs(id)",
            "`lock_timeout` is a constant and cannot depend on `id`",
        ),
    ];
    check_one_message(&cases);
}

/// Options with the words of their only message.
fn check_one_message(cases: &[(&str, &str)]) {
    for (args, words) in cases {
        let found = cached_messages(args, GET);
        assert!(
            found.len() == 1 && found[0].contains(words),
            "{args}: {found:#?}"
        );
    }
}

#[test]
fn functions_that_cannot_be_cached() {
    let cases = [
        ("fn get() -> u64 { 1 }", "add `tier = memory`"),
        ("const fn get() -> u64 { 1 }", "`const fn`"),
        ("async unsafe fn get() -> u64 { 1 }", "`unsafe fn`"),
        (
            "async extern \"C\" fn get() -> u64 { 1 }",
            "`extern` function",
        ),
        (
            "async fn get() -> &str { \"\" }",
            "cannot keep a borrowed value",
        ),
        (
            "async fn get<'a>() -> Cow<'a, str> { x }",
            "cannot keep a borrowed value",
        ),
        (
            "async fn get() -> Result<impl Send, E> { x }",
            "whose type has no name",
        ),
        (
            "fn get() -> BoxFuture<'static, u64> { other() }",
            "must see what is computed",
        ),
        (
            "async fn get(__cachekit_a: u8) -> u64 { 1 }",
            "are reserved",
        ),
        (
            "async fn get(#[cfg(unix)] a: u8) -> u64 { 1 }",
            "an argument with `#[cfg]`",
        ),
        ("async fn get() -> u64;", "put the attribute on the `impl`"),
    ];
    for (item, words) in cases {
        let expansion = pipeline::cached(tokens("skip()"), tokens(item));
        let found = messages(&expansion);
        assert!(
            found.len() == 1 && found[0].contains(words),
            "{item}: {found:#?}"
        );
        assert!(
            expansion.to_string().starts_with(&tokens(item).to_string()),
            "{item} is kept"
        );
    }
    assert!(cached_messages("", "async fn get() -> &'static str { \"\" }").is_empty());
}

#[test]
fn a_sync_function_stays_in_memory() {
    let item = "fn get(id: u64) -> u64 { id }";
    for tier in ["tier = redis", "tier = both", "tier = both, codec = json"] {
        let found = cached_messages(tier, item);
        assert!(
            found.len() == 1
                && found[0].contains("write `tier = memory`, or make it an `async fn`"),
            "{tier}: {found:#?}"
        );
    }
    for tier in [
        "tier = \"memory\"",
        "tier = disk",
        "tier = memory, codec = json",
    ] {
        assert_eq!(cached_messages(tier, item).len(), 1, "{tier}");
    }
    assert!(cached_messages("tier = memory, single_flight = off", item).is_empty());
}

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
fn self_and_ret_do_not_meet_in_an_expression() {
    let item = "pub async fn get(&self, id: u64) -> u64 { 1 }";
    let found = cached_messages("skip(self), store_if = self.wants(ret)", item);
    assert!(
        found.len() == 1 && found[0].contains("cannot stand in one expression"),
        "{found:#?}"
    );
}

#[test]
fn an_argument_called_ret_stands_where_only_it_can_be_meant() {
    let named_ret = "async fn get(ret: u64) -> u64 { 1 }";
    for args in ["", "key = \"{ret}\"", "tags = [\"all\"]", "skip(ret)"] {
        assert_eq!(cached_messages(args, named_ret), [""; 0], "{args}");
    }
    let both = [
        "tags = [\"{ret}\"]",
        "tags = [\"{ret}\", \"org:{ret.org}\"], events = [\"{ret}\"]",
        "events = [\"{ret}\"]",
        "tags = [..ret.iter()]",
        "store_if = *ret > 1",
        "ttl = ttl_of(ret)",
    ];
    let check = |args: &str, found: Vec<String>| {
        assert_eq!(found.len(), 1, "{args}: {found:?}");
        assert!(found[0].contains("rename it"), "{args}: {found:?}");
    };
    for args in both {
        check(args, cached_messages(args, named_ret));
    }
    for args in [
        "key = \"{ret}\"",
        "keys = [ret.key]",
        "tags = [\"{ret}\"]",
        "f(ret)",
        "f(1), if = ret.ok",
    ] {
        let expansion = pipeline::invalidates(tokens(args), tokens(named_ret));
        check(args, messages(&expansion));
    }
    for args in [
        "f(1), value = ret + 1",
        "f(1), order_by = *ret",
        "f(1), value = *ret, order_by = *ret",
    ] {
        let expansion = pipeline::write_through(tokens(args), tokens(named_ret));
        check(args, messages(&expansion));
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

#[test]
fn half_typed_code_survives() {
    let half = "async fn get(id: u64) -> u64 { if 1 }";
    let expansion = pipeline::cached(tokens("ttl = 3"), tokens(half)).to_string();
    assert!(expansion.contains("{ if 1 }"), "{expansion}");
    let expansion = pipeline::cached(tokens("ttl = "), tokens(half));
    assert_eq!(messages(&expansion).len(), 1);
    assert!(
        expansion
            .to_string()
            .starts_with("async fn get (id : u64) -> u64 { if 1 }")
    );
    let signature = "async fn get(id: ) { 1 }";
    let expansion = pipeline::cached(tokens("banana = 1"), tokens(signature));
    assert_eq!(messages(&expansion).len(), 2);
    assert!(
        expansion
            .to_string()
            .starts_with(&tokens(signature).to_string())
    );
}

#[test]
fn unions_have_no_parts() {
    let found = messages(&pipeline::derive_cache_key(tokens("union U { a: u8 }")));
    assert_eq!(
        found,
        ["`CacheKey` can be derived for structs and enums only"]
    );
}
