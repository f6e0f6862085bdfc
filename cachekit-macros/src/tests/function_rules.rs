//! Tests of the messages about functions. The output has the function even if it has a mistake.

use crate::pipeline;
use crate::tests::{cached_messages, messages, tokens};

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
