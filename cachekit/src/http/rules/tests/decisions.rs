//! Decisions of rules about requests.

use http::{HeaderMap, Method};

use crate::http::rules::bypass::Bypass;
use crate::http::rules::plan::{Lookup, Plan};
use crate::http::rules::rule_set::RuleSet;
use crate::http::rules::tests::{fields, rules, uri};

const RULES: &str = r#"
[[http.rule]]
name = "product"
path = "/products/{id}"
ttl = 60
tags = ["product:{id}", "products", "{{x}}"]
invalidate_on = ["product.updated:{id}", "product.deleted"]

[[http.rule]]
name = "top"
path = "/products/top"
ttl = 60
query = ["n"]
cookies = { key = ["lang"] }
auth = "key"
headers = ["accept-language"]

[[http.rule]]
name = "file"
path = "/files/{owner}/{*rest}"
ttl = 60
query = ["n"]
unlisted_query = "bypass"
tags = ["{owner}>{rest}"]

[[http.rule]]
name = "stream"
path = "/events"
cache = false
"#;

fn bypass(set: &RuleSet, method: &Method, path: &str, headers: &HeaderMap) -> Option<Bypass> {
    set.explain(method, &uri(path), headers).bypass()
}

fn plan(set: &RuleSet, path: &str, headers: &HeaderMap) -> Plan {
    match set.decide(&Method::GET, &uri(path), headers) {
        Lookup::Cacheable(plan) => plan,
        Lookup::Bypass { reason, .. } => panic!("{path}: {reason}"),
    }
}

#[test]
fn requests_that_pass_the_cache_by() {
    let set = rules(RULES);
    let get = &Method::GET;
    let none = &HeaderMap::new();
    let cookie = &fields(&[("cookie", "lang=de")]);
    let auth = &fields(&[("authorization", "Bearer x")]);
    let upgrade = &fields(&[("connection", "upgrade"), ("upgrade", "websocket")]);
    let cases = [
        (&Method::POST, "/products/7", none, Some(Bypass::Method)),
        (&Method::OPTIONS, "/nothing", none, Some(Bypass::Method)),
        (&Method::HEAD, "/products/7", none, None),
        (get, "/products/7", none, None),
        (get, "/nothing", none, Some(Bypass::NoRule)),
        (get, "/events", none, Some(Bypass::RuleOff)),
        (get, "/products/7", auth, Some(Bypass::Authorization)),
        (get, "/products/7", cookie, Some(Bypass::Cookie)),
        (get, "/products/7", upgrade, Some(Bypass::Upgrade)),
        (get, "/products/top", auth, None),
        (get, "/products/top", cookie, None),
        (get, "/products/top?utm=1", none, None),
        (get, "/files/a/b?n=1", none, None),
        (get, "/files/a/b?n=1&utm=1", none, Some(Bypass::Query)),
    ];
    for (method, path, headers, expected) in cases {
        assert_eq!(
            bypass(&set, method, path, headers),
            expected,
            "{method} {path}"
        );
    }
}

#[test]
fn a_bypass_has_the_rule() {
    let set = rules(RULES);
    let decision = set.explain(&Method::PUT, &uri("/products/7"), &HeaderMap::new());
    assert_eq!(decision.rule(), Some("product"));
    let decision = set.explain(&Method::GET, &uri("/nothing"), &HeaderMap::new());
    assert_eq!(decision.rule(), None);
}

#[test]
fn the_shared_mode_leaves_credentials_to_the_rfc() {
    let set = rules("[http]\nmode = \"shared\"\n");
    let both = fields(&[("cookie", "a=b"), ("authorization", "x")]);
    let plan = plan(&set, "/a", &both);
    assert_eq!(plan.rule.name, "default");
    let strict = rules("[http]\nmode = \"shared\"\n[http.defaults]\nauth = \"bypass\"\n");
    let found = bypass(&strict, &Method::GET, "/a", &both);
    assert_eq!(found, Some(Bypass::Authorization));
}

#[test]
fn tags_have_the_decoded_parameters() {
    let set = rules(RULES);
    let none = HeaderMap::new();
    let product = plan(&set, "/products/a%20b", &none);
    assert_eq!(product.tags(), ["product:a b", "products", "{x}"]);
    assert_eq!(product.events(), ["product.updated:a b", "product.deleted"]);
    let file = plan(&set, "/files/ann/b/c%2Fd", &none);
    assert_eq!(file.tags(), ["ann>b/c/d"]);
    let odd = plan(&set, "/products/%FF", &none);
    assert_eq!(odd.tags()[0], "product:%FF");
}

#[test]
fn unlisted_parameters_do_not_reach_the_handler() {
    let set = rules(RULES);
    let none = HeaderMap::new();
    let cases = [
        (
            "/products/top?a=1&n=2&b=3&n=4",
            Some("/products/top?n=2&n=4"),
        ),
        ("/products/top?a=1", Some("/products/top")),
        ("/products/top?", Some("/products/top")),
        ("/products/top?n=1", None),
        ("/products/top?%6E=1", None),
        ("/products/top", None),
        ("http://h:1/products/top?x", Some("http://h:1/products/top")),
        ("/products/7?any=1", None),
    ];
    for (path, expected) in cases {
        let stripped = plan(&set, path, &none).stripped_uri();
        assert_eq!(
            stripped.map(|uri| uri.to_string()).as_deref(),
            expected,
            "{path}"
        );
    }
}

#[test]
fn the_tag_of_a_target() {
    let set = rules(RULES);
    let host = fields(&[("host", "Example.com:80")]);
    let tag = plan(&set, "/products/%37?a=1", &host).uri_tag();
    assert_eq!(tag, "http:example.com/products/7");
    let same = uri("https://user@EXAMPLE.com:443/products/7");
    assert_eq!(plan(&set, &same.to_string(), &host).uri_tag(), tag);
    assert_eq!(set.uri_tag(b"example.com", &same), tag);
    let shared = rules("[http]\nmode = \"shared\"\n");
    let tag = plan(&shared, "/a?b=1&a=2", &host).uri_tag();
    assert_eq!(tag, "http:example.com/a?b=1&a=2");
}

#[test]
fn a_decision_is_a_text() {
    let set = rules(RULES);
    let headers = fields(&[
        ("host", "Example.com"),
        ("accept-language", "de"),
        ("cookie", "sid=secret; lang=de"),
        ("authorization", "Bearer secret"),
    ]);
    let decision = set.explain(&Method::GET, &uri("/products/top?x=1&n=2"), &headers);
    assert_eq!(
        decision.to_string(),
        "rule: top (/products/top)\nkey: example.com/products/top?n=2 [accept-language: de] \
         [cookie lang: 7 bytes] [authorization: 13 bytes]\nhandler gets: /products/top?n=2"
    );
    assert_eq!(decision.handler_uri(), Some("/products/top?n=2"));
    let decision = set.explain(&Method::GET, &uri("/products/7"), &HeaderMap::new());
    assert_eq!(
        decision.to_string(),
        "rule: product (/products/{id})\nkey: /products/7\ntags: product:7, products, {x}\n\
         events: product.updated:7, product.deleted"
    );
    let decision = set.explain(&Method::GET, &uri("/nothing"), &headers);
    assert_eq!(decision.to_string(), "rule: none\nbypass: no-rule");
}
