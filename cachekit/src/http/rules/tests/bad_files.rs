//! Files that cannot be used, with the messages that say so.

use std::fmt::Write as _;

use crate::http::rules::rule_set::RuleSet;

/// A file with one rule, which has the lines `options` from line 4 on.
fn with(options: &str) -> String {
    format!("[[http.rule]]\nname = \"product\"\npath = \"/products/{{id}}\"\n{options}\n")
}

fn error(text: &str) -> String {
    let error = RuleSet::from_toml_str(text).expect_err(text);
    let error = error.in_file("cache.toml");
    // A `main` that returns the error shows this form.
    assert_eq!(format!("{error:?}"), error.to_string());
    error.to_string()
}

/// Options of the rule of `with`, each with its message without the place and the rule.
const OPTIONS: &[(&str, &str)] = &[
    (
        "tll = \"5m\"\nttl = \"5m\"",
        "unknown key `tll`; did you mean `ttl`?",
    ),
    ("tll = \"5m\"", "unknown key `tll`; did you mean `ttl`?"),
    (
        "soft = true\nttl = 1",
        "`soft` has no effect without `swr` or `sie`, because no stale response is served; add \
             a time for which one is, such as `swr = \"1m\"`, or remove `soft`",
    ),
    (
        "soft = true\nttl = 1\nswr = 0",
        "`soft` has no effect without `swr` or `sie`, because no stale response is served; add \
             a time for which one is, such as `swr = \"1m\"`, or remove `soft`",
    ),
    (
        "ttl = \"5 minutes\"",
        "`ttl = \"5 minutes\"`: expected seconds (`300`) or a length of time (`5m`, `1h30m`, \
             `500ms`): the units are `ms`, `s`, `m`, `h`, `d` and `w`",
    ),
    ("ttl = -5", "`ttl = -5`: it is negative; write zero or more"),
    (
        "ttl = true",
        "`ttl = true`: it is a boolean; write a length of time such as `\"5m\"`",
    ),
    (
        "ttl = 0",
        "`ttl` is zero; write a longer time, or `cache = false` if nothing is to be stored",
    ),
    (
        "swr = \"1m\"",
        "`swr` without `ttl`; add the time before it, such as `ttl = \"5m\"`",
    ),
    (
        "max_body = \"10 apples\"\nttl = 1",
        "`max_body = \"10 apples\"`: expected a number of bytes (`1024`, `512KB`, `8MiB`)",
    ),
    (
        "auth = \"kye\"\nttl = 1",
        "`auth = \"kye\"`: unknown word `kye`; did you mean `key`?",
    ),
    (
        "etag = \"medium\"\nttl = 1",
        "`etag = \"medium\"`: unknown word `medium`; the known ones are `weak`, `strong`, \
             `off`",
    ),
    (
        "tags = [\"product:{slug}\"]\nttl = 1",
        "`tags`, \"product:{slug}\": unknown parameter `{slug}`; the path's parameters are \
             `id`",
    ),
    (
        "invalidate_on = [\"updated:{ids}\"]\nttl = 1",
        "`invalidate_on`, \"updated:{ids}\": unknown parameter `{ids}`; did you mean `{id}`?",
    ),
    (
        "tags = [\"product:{id\"]\nttl = 1",
        "`tags`, \"product:{id\": a brace has no counterpart; write `{id}` for a parameter of \
             the path, `{{` or `}}` for a literal brace",
    ),
    (
        "methods = [\"GET\", \"POST\"]\nttl = 1",
        "`methods = [\"GET\", \"POST\"]`: rules are for GET and HEAD, and `POST` always \
             reaches the handler; remove it",
    ),
    (
        "methods = [\"get\"]\nttl = 1",
        "`methods = [\"get\"]`: methods are in upper case; write `\"GET\"`",
    ),
    (
        "query = [\"q\", \"page\", \"q\"]\nttl = 1",
        "`query` has `q` twice; remove one",
    ),
    (
        "query = 3\nttl = 1",
        "`query = 3`: it is an integer; write `\"all\"`, `\"none\"` or a list of parameters \
             such as `[\"q\"]`",
    ),
    (
        "unlisted_query = \"bypass\"\nttl = 1",
        "`unlisted_query` has no effect, because every parameter is in the key; add `query = \
             [..]` with the parameters that the handler reads",
    ),
    (
        "headers = [\"accept language\"]\nttl = 1",
        "`headers`: `accept language` is no name of a header field; write one such as \
             `accept-language`",
    ),
    (
        "headers = [\"Cookie\"]\nttl = 1",
        "`headers` has `cookie`, which differs for each client; write `cookies = { key = \
             [\"name\"] }`",
    ),
    (
        "headers = [\"Authorization\"]\nttl = 1",
        "`headers` has `authorization`; write `auth = \"key\"`",
    ),
    (
        "cookies = \"key\"\nttl = 1",
        "`cookies = \"key\"`: it names no cookie; write `\"bypass\"`, `\"ignore\"` or `{ key = \
             [\"lang\"] }`",
    ),
    (
        "cookies = { keys = [\"lang\"] }\nttl = 1",
        "`cookies = { keys = [\"lang\"] }`: it is another table; write `\"bypass\"`, \
             `\"ignore\"` or `{ key = [\"lang\"] }`",
    ),
    (
        "cookies = { key = [] }\nttl = 1",
        "`cookies` has an empty list; write `\"ignore\"` if the handler reads no cookie, or \
             the names of those that it reads",
    ),
    (
        "ttl_jitter = 1.5\nttl = 1",
        "`ttl_jitter` is 1.5; write a share from 0 to 1, such as 0.1",
    ),
    (
        "statuses = [200, 503]\nttl = 1",
        "`statuses`: 503 is never stored, because it is a failure; `sie` serves stale \
             responses; remove it from the list",
    ),
    (
        "statuses = [206]\nttl = 1",
        "`statuses`: 206 is never stored, because it is no complete response; remove it from \
             the list",
    ),
    (
        "set_cookie = \"rfc\"\nttl = 1",
        "`set_cookie = \"rfc\"` is for the mode `shared`: clients would get each other's \
             cookies; write `\"refuse\"` or `\"strip\"`",
    ),
    (
        "downstream = \"max-age=soon\"\nttl = 1",
        "`downstream = \"max-age=soon\"`: expected seconds (`300`) or a length of time (`5m`, \
             `1h30m`, `500ms`): a number was expected",
    ),
    (
        "coalesce = { enabld = false }\nttl = 1",
        "unknown key in `coalesce`, `enabld`; did you mean `enabled`?",
    ),
    (
        "honour_request = [\"max-age\"]\nttl = 1",
        "`honour_request = [\"max-age\"]`: `max-age` is not supported; write `[\"no-cache\"]` \
             or `[]`",
    ),
    (
        "ttl = 1\ncache = false",
        "`ttl` has no effect with `cache = false`; remove one of the two",
    ),
];

#[test]
fn options_that_cannot_be_used() {
    for (options, expected) in OPTIONS {
        let place = "cache.toml:4: rule \"product\": ";
        assert_eq!(
            error(&with(options)),
            format!("{place}{expected}"),
            "{options}"
        );
    }
}

/// Files, each with its message.
const FILES: &[(&str, &str)] = &[
    (
        "[http]\nmode = \"owned\"\nttl = \"5m\"\n",
        "cache.toml:3: unknown key `ttl` in `[http]`; move it to `[http.defaults]`",
    ),
    (
        "[http.defaults]\ntags = [\"x\"]\n",
        "cache.toml:2: unknown key `tags` in `[http.defaults]`; move it to a `[[http.rule]]`",
    ),
    (
        "[[rule]]\n",
        "cache.toml:1: unknown table `rule`; write `[[http.rule]]`",
    ),
    (
        "[cahce]\n",
        "cache.toml:1: unknown table `cahce`; did you mean `cache`?",
    ),
    (
        "[http.rule]\nname = \"a\"\n",
        "cache.toml:1: `rule` is not a list of tables; write `[[http.rule]]`",
    ),
    (
        "[http]\nkeep = \"1h\"\n",
        "cache.toml:2: `keep` has no effect in the mode `owned`, where rules decide; remove \
             it, or use the mode `shared`",
    ),
    (
        "[http]\nmode = \"shared\"\n[http.defaults]\nttl = 60\n",
        "cache.toml:4: `ttl` has no effect in the mode `shared`, where the response's header \
             fields decide; remove it, or use the mode `owned`",
    ),
    (
        "[http.defaults]\nsoft = true\n[[http.rule]]\nname = \"a\"\npath = \"/a\"\nttl = 1\n",
        "cache.toml:2: `soft` has no effect without `swr` or `sie`, because no stale response is \
             served; add a time for which one is, such as `swr = \"1m\"`, or remove `soft`",
    ),
    (
        "[http]\ncache_name = \"my cache\"\n",
        "cache.toml:2: `cache_name = \"my cache\"` cannot be in `Cache-Status`; write a \
             letter, and then letters, digits, `-`, `_` and `.`",
    ),
    (
        "[[http.rule]]\nttl = 1\npath = \"/a\"\n",
        "cache.toml:1: rule \"/a\": `name` is missing; add one for statistics, such as `name \
             = \"product\"`",
    ),
    (
        "[[http.rule]]\nttl = 1\nname = \"a\"\n",
        "cache.toml:1: rule \"a\": `path` is missing; add the path of a route, such as `path \
             = \"/products/{id}\"`",
    ),
    (
        "[[http.rule]]\nttl = 1\nname = \"a\"\npath = \"/a\"\n[[http.rule]]\nttl = 1\nname = \"a\"\npath = \"/b\"\n",
        "cache.toml:7: rule \"a\": the name is also that of an earlier rule (line 3); \
             statistics are by name, so give each rule its own",
    ),
    (
        "[[http.rule]]\nttl = 1\nname = \"a\"\npath = \"/x/{id}\"\n[[http.rule]]\nttl = 1\nname = \"b\"\npath = \
                 \"/x/{slug}\"\n",
        "cache.toml:8: rule \"b\": `path = \"/x/{slug}\"` matches the same requests as the \
             rule \"a\" (line 3); remove or merge one of them",
    ),
    (
        "[[http.rule]]\nname = \"a\"\npath = \"/a\"\n",
        "cache.toml:1: rule \"a\": `ttl` is missing; add for how long a response is fresh, \
             such as `ttl = \"5m\"`, or `cache = false` if nothing is to be stored",
    ),
    (
        "[[http.rule]]\nnmae = \"a\"\nttl = 1\npath = \"/a\"\n",
        "cache.toml:2: rule \"/a\": unknown key `nmae`; did you mean `name`?",
    ),
    (
        "[[http.rule]]\nname = \"a\"\nname = \"b\"\n",
        "cache.toml:3: this is not TOML: duplicate key; correct the line",
    ),
];

#[test]
fn files_that_cannot_be_used() {
    for (text, expected) in FILES {
        assert_eq!(error(text), *expected, "{text}");
    }
}

#[test]
fn paths_that_cannot_be_used() {
    let cases = [
        (
            "products",
            "it does not begin with `/`; write the path as axum's routes do",
        ),
        (
            "/a?b=1",
            "it has a query; name its parameters in `query = [..]`",
        ),
        ("/a/:id", "write `{id}` for `:id`"),
        ("/a/*rest", "write `{*rest}` for `*rest`"),
        (
            "/a/{id",
            "a brace has no counterpart; write `{id}` for a parameter, `{{` or `}}` for a literal \
             brace",
        ),
        ("/{id}/b/{id}", "it has two parameters `id`; rename one"),
        (
            "/{a}-{b}",
            "two parameters are in one segment; put a `/` between them",
        ),
        ("/{*rest}/b", "`{*rest}` is not at the end; move it there"),
        (
            "/{}",
            "a parameter has no valid name; write `{id}`, or `{*rest}` at the end",
        ),
    ];
    for (path, expected) in cases {
        let text = format!("[[http.rule]]\nname = \"a\"\nttl = 1\npath = \"{path}\"\n");
        let place = format!("cache.toml:4: rule \"a\": `path = \"{path}\"`: ");
        assert_eq!(error(&text), format!("{place}{expected}"));
    }
}

#[test]
fn all_problems_are_reported_in_the_order_of_lines() {
    let mut text = with("max_bdoy = 1");
    let _ = write!(
        text,
        "[[http.rule]]\nname = \"b\"\npath = \"/b\"\nttl = 0\n"
    );
    let _ = write!(text, "[http.defaults]\nswr = 1.5\n");
    let lines: Vec<String> = error(&text).lines().map(str::to_owned).collect();
    let starts = [
        "cache.toml:1: rule \"product\": `ttl` is missing",
        "cache.toml:4: rule \"product\": unknown key",
        "cache.toml:8: rule \"b\": `ttl` is zero",
        "cache.toml:10: `swr = 1.5`: it is a number with a fraction",
    ];
    assert_eq!(lines.len(), starts.len(), "{lines:#?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}

/// Defaults with a mistake, each with its message. The rules have no `ttl` of their own.
const DEFAULTS: &[(&str, &str)] = &[
    (
        "[http.defaults]\nttl = -5\n",
        "2: `ttl = -5`: it is negative; write zero or more",
    ),
    (
        "[http.defaults]\nttl = 0\n",
        "2: `ttl` is zero; write a longer time, or `cache = false` if nothing is to be stored",
    ),
    (
        "[http.defaults]\ntll = 1\n",
        "2: unknown key `tll`; did you mean `ttl`?",
    ),
    (
        "[http.defualts]\nttl = 1\n",
        "1: unknown key `defualts`; did you mean `defaults`?",
    ),
    (
        "[defaults]\nttl = 1\n",
        "1: unknown table `defaults`; write `[http.defaults]`",
    ),
    (
        "[http]\ndefaults = 1\n",
        "2: `defaults` is not a table; write `[http.defaults]`",
    ),
    (
        "[http.defaults]\nttl = 1\nquery = 3\n",
        "3: `query = 3`: it is an integer; write `\"all\"`, `\"none\"` or a list of parameters such as \
             `[\"q\"]`",
    ),
    (
        "[http.defaults]\nttl = 1\nswr = -1\n",
        "3: `swr = -1`: it is negative; write zero or more",
    ),
];

#[test]
fn a_mistake_in_the_defaults_is_reported_once() {
    let rule = |name| {
        format!(
            "[[http.rule]]\nname = \"{name}\"\npath = \"/{name}\"\nunlisted_query = \"strip\"\nsoft = true\n"
        )
    };
    for (defaults, expected) in DEFAULTS {
        let own = if expected.contains("query") {
            ""
        } else {
            "query = []\n"
        };
        let own = if expected.contains("swr") {
            own.to_owned()
        } else {
            format!("{own}swr = 1\n")
        };
        let text = format!("{defaults}{}{own}{}{own}", rule("a"), rule("b"));
        assert_eq!(error(&text), format!("cache.toml:{expected}"), "{text}");
    }
}

#[test]
fn an_error_has_its_place() {
    let error = RuleSet::from_toml_str(&with("ttl = 0")).unwrap_err();
    assert_eq!((error.line(), error.rule()), (Some(4), Some("product")));
    let error = RuleSet::from_toml_path("/nowhere/cache.toml").unwrap_err();
    assert_eq!((error.line(), error.rule()), (None, None));
    let said = error.to_string();
    assert!(
        said.starts_with("/nowhere/cache.toml: cannot be read: "),
        "{said}"
    );
}
