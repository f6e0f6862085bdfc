//! Tests of the messages about options: all mistakes are reported at once.

use crate::diag::Errors;
use crate::tests::cached_messages;

const GET: &str = "async fn get(pool: &Pool, id: u64) -> u64 { 1 }";

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
    let args = "tll = 3, key = \"{x}\", encrypt = 3, ttl = \"1h5\", expire = 4, tags = [\"{a\", \"{b\"], \
                ttl = 3, jitter = 2.0, tier = disk, skip(nobody), ttl = 4";
    let found = cached_messages(args, GET);
    let expected = [
        "unknown option `tll`; did you mean `ttl`?",
        "expected `true` or `false`",
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
        ("encrypt = 1", "expected `true` or `false`"),
        ("tier = memory, encrypt", "`encrypt` is about Redis"),
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

/// Checks that each list of options in `cases` has one error message, which contains the given
/// words.
fn check_one_message(cases: &[(&str, &str)]) {
    for (args, words) in cases {
        let found = cached_messages(args, GET);
        assert!(
            found.len() == 1 && found[0].contains(words),
            "{args}: {found:#?}"
        );
    }
}
