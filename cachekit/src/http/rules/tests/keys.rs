//! Keys of requests: different for requests that differ, and equal for others.

use std::sync::LazyLock;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Uri};
use proptest::prelude::*;

use crate::http::rules::options::{Auth, Cookies, Query};
use crate::http::rules::plan::Lookup;
use crate::http::rules::rule::Rule;
use crate::http::rules::rule_set::RuleSet;
use crate::http::rules::tests::{fields, rules, uri};

fn key(set: &RuleSet, uri: &Uri, headers: &HeaderMap) -> Vec<u8> {
    match set.decide(&Method::GET, uri, headers) {
        Lookup::Cacheable(plan) => plan.key,
        Lookup::Bypass { reason, .. } => panic!("{uri}: {reason}"),
    }
}

/// A rule that has every part of a request in the key, for the shared mode.
fn everything() -> Rule {
    Rule::get("/{*path}")
        .headers(["x-one", "x-two"])
        .cookies(Cookies::Key(vec!["a".to_owned(), "b".to_owned()]))
        .auth(Auth::Key)
}

static OWNED: LazyLock<RuleSet> = LazyLock::new(|| {
    let rule = everything().ttl(Duration::from_secs(60));
    RuleSet::owned().rule(rule).build().unwrap()
});

static SHARED: LazyLock<RuleSet> =
    LazyLock::new(|| RuleSet::shared().rule(everything()).build().unwrap());

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    host: String,
    path: String,
    query: Option<Vec<String>>,
    one: Vec<String>,
    two: Vec<String>,
    a: Vec<String>,
    b: Vec<String>,
    auth: Vec<String>,
}

fn parts() -> impl Strategy<Value = Parts> {
    let values = || prop::collection::vec("[ab,;=]{0,2}", 0..3);
    let cookies = || prop::collection::vec("[ab%,=]{0,2}", 0..2);
    (
        "[ab.]{1,2}",
        "/[ab%/]{1,2}",
        prop::option::of(prop::collection::vec("[ab=]{0,2}", 1..4)),
        (values(), values(), values()),
        (cookies(), cookies()),
    )
        .prop_map(|(host, path, query, (one, two, auth), (a, b))| Parts {
            host,
            path,
            query,
            one,
            two,
            a,
            b,
            auth,
        })
}

impl Parts {
    fn key(&self, set: &RuleSet) -> Vec<u8> {
        let query = self
            .query
            .as_ref()
            .map(|query| format!("?{}", query.join("&")));
        let target = uri(&format!("{}{}", self.path, query.unwrap_or_default()));
        let mut headers = fields(&[("host", &self.host)]);
        let mut add = |name: &'static str, values: &[String], prefix: &str| {
            for value in values {
                let value = HeaderValue::from_str(&format!("{prefix}{value}")).unwrap();
                headers.append(name, value);
            }
        };
        add("x-one", &self.one, "");
        add("x-two", &self.two, "");
        add("authorization", &self.auth, "");
        add("cookie", &self.a, "a=");
        add("cookie", &self.b, "b=");
        key(set, &target, &headers)
    }

    /// Returns this request, with the query sorted by name.
    fn sorted(&self) -> Self {
        let mut sorted = self.clone();
        if let Some(query) = &mut sorted.query {
            query.sort_by(|one, other| name(one).cmp(name(other)));
        }
        sorted
    }
}

fn name(parameter: &str) -> &str {
    parameter.split('=').next().unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_requests_never_have_one_key(one in parts(), other in parts()) {
        let owned = &OWNED;
        let is_same = one.sorted() == other.sorted();
        prop_assert_eq!(one.key(owned) == other.key(owned), is_same);
        prop_assert_eq!(one.key(owned), one.sorted().key(owned));
    }

    /// A change of one part changes the key. In the shared mode, a change of the order does so too.
    #[test]
    fn each_part_counts(one in parts(), other in parts()) {
        let shared = &SHARED;
        let whole = one.key(shared);
        let mixed = [
            Parts { host: other.host, ..one.clone() },
            Parts { path: other.path, ..one.clone() },
            Parts { query: other.query, ..one.clone() },
            Parts { one: other.one, ..one.clone() },
            Parts { two: other.two, ..one.clone() },
            Parts { a: other.a, ..one.clone() },
            Parts { b: other.b, ..one.clone() },
            Parts { auth: other.auth, ..one.clone() },
            Parts { one: one.two.clone(), two: one.one.clone(), ..one.clone() },
        ];
        for parts in mixed {
            prop_assert_eq!(parts.key(shared) == whole, parts == one);
        }
    }
}

#[test]
fn a_default_port_and_the_case_of_the_host_do_not_count() {
    let set = &*OWNED;
    let none = HeaderMap::new();
    let of = |text: &str| key(set, &uri(text), &none);
    assert_eq!(of("http://Example.com:80/a"), of("http://example.com/a"));
    assert_eq!(
        of("https://user@example.com:443/a"),
        of("https://example.com/a")
    );
    assert_ne!(of("http://example.com:443/a"), of("http://example.com/a"));
    assert_ne!(of("https://example.com/a"), of("http://example.com/a"));
    assert_ne!(of("http://example.com:81/a"), of("http://example.com/a"));
}

/// A handler may read `Host` although the URI has an authority.
#[test]
fn another_host_counts() {
    let set = &*OWNED;
    let target = uri("http://example.com/a");
    let plain = key(set, &target, &HeaderMap::new());
    assert_eq!(
        key(set, &target, &fields(&[("host", "EXAMPLE.com:80")])),
        plain
    );
    assert_ne!(key(set, &target, &fields(&[("host", "evil.com")])), plain);
    let two = fields(&[("host", "example.com"), ("host", "evil.com")]);
    assert_ne!(
        key(set, &uri("/a"), &two),
        key(set, &uri("/a"), &fields(&[("host", "example.com")]))
    );
}

#[test]
fn the_order_of_parameters_counts_only_within_a_name() {
    let set = rules("[[http.rule]]\nname = \"a\"\npath = \"/a\"\nttl = 1\n");
    let none = HeaderMap::new();
    let of = |text: &str| key(&set, &uri(text), &none);
    assert_eq!(of("/a?x=1&y=2"), of("/a?y=2&x=1"));
    assert_ne!(of("/a?x=1&x=2"), of("/a?x=2&x=1"));
    assert_ne!(of("/a?x=1&%78=2"), of("/a?%78=2&x=1"));
    assert_ne!(of("/a"), of("/a?"));
    assert_ne!(of("/a?x"), of("/a?x="));
}

#[test]
fn only_what_is_listed_counts() {
    let rule = Rule::get("/a")
        .ttl(Duration::from_secs(60))
        .query(Query::Only(vec!["q".to_owned()]))
        .cookies(Cookies::Key(vec!["lang".to_owned()]))
        .auth(Auth::Ignore);
    let set = RuleSet::owned().rule(rule).build().unwrap();
    let plain = key(&set, &uri("/a?q=1"), &fields(&[("cookie", "lang=de")]));
    let noise = [
        ("cookie", "sid=1; lang=de"),
        ("x-one", "1"),
        ("authorization", "x"),
    ];
    assert_eq!(key(&set, &uri("/a?utm=2&q=1"), &fields(&noise)), plain);
    assert_ne!(key(&set, &uri("/a?q=2"), &fields(&noise)), plain);
    for cookie in ["lang=en", "lang=de; lang=en", "l%61ng=de", "lang"] {
        let headers = fields(&[("cookie", cookie)]);
        assert_ne!(key(&set, &uri("/a?q=1"), &headers), plain, "{cookie}");
    }
    let split = fields(&[("cookie", "sid=1"), ("cookie", "lang=de")]);
    assert_eq!(key(&set, &uri("/a?q=1"), &split), plain);
}

/// A change of any option changes the key, so that no old response answers a request under a new
/// rule.
#[test]
fn a_changed_rule_has_other_keys() {
    let of = |rule: Rule| {
        let set = RuleSet::owned().rule(rule).build().unwrap();
        key(&set, &uri("/a"), &HeaderMap::new())
    };
    let rule = || Rule::get("/a").ttl(Duration::from_secs(60));
    let plain = of(rule());
    assert_eq!(of(rule()), plain);
    assert_ne!(of(rule().ttl(Duration::from_secs(61))), plain);
    assert_ne!(of(rule().name("b")), plain);
    assert_ne!(of(rule().tag("x")), plain);
    assert_ne!(of(rule().headers(["x-one"])), plain);
}
