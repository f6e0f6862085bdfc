//! The statistics of each rule.

use std::collections::BTreeMap;

use cachekit::http::Rule;
use cachekit_tests::settle;
use http::Request;

use crate::coalescing::{all, gated, start, version};
use crate::world::{Answer, SECOND, Site, With as _, get, ok, pages, request, rules, status};

fn counts(all: &[(&'static str, u64)]) -> BTreeMap<&'static str, u64> {
    all.iter().copied().collect()
}

/// Answers with what the last part of the path says.
async fn as_told(request: Request<()>) -> Answer {
    Ok(match request.uri().path().rsplit('/').next() {
        Some("private") => ok("text").with("cache-control", "private"),
        Some("cookie") => ok("text").with("set-cookie", "a=1"),
        Some("star") => ok("text").with("vary", "*"),
        Some("missing") => status(404),
        Some("broken") => status(500),
        _ => ok("text").with("etag", "\"v1\""),
    })
}

#[tokio::test]
async fn each_rule_counts_its_own_requests() {
    let rules = rules(pages()).rule(Rule::get("/items/{id}").name("items").ttl(SECOND));
    let site = Site::new(rules, as_told).await;
    for path in ["/a", "/a", "/a", "/b", "/items/1", "/items/1"] {
        site.send(path).await;
    }
    let (pages, items) = (site.stats("pages"), site.stats("items"));
    assert_eq!((pages.misses, pages.hits), (2, 2));
    assert_eq!((items.misses, items.hits), (1, 1));
    assert_eq!(pages.bytes_served, 8, "two hits of four bytes");
}

#[tokio::test]
async fn answers_without_a_body_are_counted() {
    let site = Site::new(rules(pages()), as_told).await;
    site.send("/a").await;
    for _ in 0..2 {
        let asked = get("/a").with("if-none-match", "\"v1\"");
        assert_eq!(site.send(asked).await.status, 304);
    }
    let stats = site.stats("pages");
    assert_eq!(
        (stats.hits, stats.not_modified, stats.bytes_served),
        (2, 2, 0)
    );
    assert_eq!(
        site.cache.stats().not_modified,
        2,
        "the cache knows them too"
    );
}

#[tokio::test]
async fn a_bypass_is_counted_by_its_reason() {
    let site = Site::new(
        rules(pages()).rule(Rule::never("/off").name("off")),
        as_told,
    )
    .await;
    let all = [
        get("/a").with("cookie", "a=1"),
        get("/a").with("cookie", "a=2"),
        get("/a").with("authorization", "ann"),
        get("/a").with("upgrade", "websocket"),
        get("/a").with("range", "bytes=0-1"),
        get("/a").with("if-match", "\"v1\""),
        request("POST", "/a"),
        request("HEAD", "/a"),
        get("/off"),
    ];
    for sent in all {
        site.send(sent).await;
    }
    let expected = counts(&[
        ("cookie", 2),
        ("authorization", 1),
        ("upgrade", 1),
        ("range", 1),
        ("precondition", 1),
        ("method", 1),
        ("head", 1),
    ]);
    let stats = site.stats("pages");
    assert_eq!((stats.bypassed, stats.invalidations), (expected, 1));
    assert_eq!((stats.misses, stats.hits), (0, 0));
    assert_eq!(site.stats("off").bypassed, counts(&[("rule-off", 1)]));
}

#[tokio::test]
async fn requests_without_a_rule_are_counted_apart() {
    let only = Rule::get("/items/{id}").name("items").ttl(SECOND);
    let site = Site::new(rules(only), as_told).await;
    site.send("/a").await;
    site.send(request("POST", "/a")).await;
    assert_eq!(
        site.stats("(none)").bypassed,
        counts(&[("no-rule", 1), ("method", 1)])
    );
    assert_eq!(site.stats("items").bypassed, counts(&[]));
}

#[tokio::test]
async fn a_response_that_is_not_stored_is_counted_by_its_reason() {
    let site = Site::new(rules(pages()), as_told).await;
    for path in [
        "/private", "/private", "/cookie", "/star", "/missing", "/broken",
    ] {
        site.send(path).await;
    }
    let stats = site.stats("pages");
    assert_eq!((stats.misses, stats.hits), (6, 0));
    assert_eq!(
        stats.not_stored.values().sum::<u64>(),
        6,
        "{:?}",
        stats.not_stored
    );
    let expected = counts(&[
        ("private", 2),
        ("set-cookie", 1),
        ("vary-star", 1),
        ("status", 2),
    ]);
    assert_eq!(stats.not_stored, expected);
}

#[tokio::test(start_paused = true)]
async fn stale_and_shared_answers_are_counted() {
    let (site, gate) = gated(pages().swr(30 * SECOND), |number| Ok(version(number))).await;
    let tasks = start(&site, 5).await;
    gate.open_for_all();
    all(tasks).await;
    site.clock.advance(70 * SECOND);
    site.send("/a").await;
    settle().await;
    site.send("/a").await;
    let stats = site.stats("pages");
    assert_eq!((stats.misses, stats.collapsed), (5, 4));
    assert_eq!((stats.stale, stats.hits), (1, 1));
}
