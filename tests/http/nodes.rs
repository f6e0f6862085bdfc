//! Two nodes over one real Redis.

use cachekit::Cache;
use cachekit::http::{Rule, RuleSetBuilder};
use cachekit::testing::ManualClock;
use cachekit_tests::redis::Redis;
use cachekit_tests::{Gate, until};
use http::Request;

use crate::world::{
    Answer, Handler, SECOND, Sent, Site, With as _, get, numbered, ok, pages, request, rules,
    status,
};

pub(crate) async fn cache(redis: &Redis, clock: &ManualClock) -> Cache {
    let builder = cachekit_tests::builder()
        .clock(clock.clone())
        .namespace("shop")
        .redis(redis.url())
        .redis_timeout(2 * SECOND);
    let cache = builder.build().await.expect("a valid set-up");
    until("it hears itself", || cache.stats().redis.is_bus_live).await;
    cache
}

pub(crate) async fn node_of(redis: &Redis, rules: RuleSetBuilder, handler: &Handler) -> Site {
    let clock = ManualClock::new();
    let cache = cache(redis, &clock).await;
    Site::of(cache, clock, rules, handler.clone())
}

pub(crate) async fn node(redis: &Redis, rule: Rule, handler: &Handler) -> Site {
    node_of(redis, rules(rule), handler).await
}

/// Two nodes with one handler.
pub(crate) async fn two(rule: Rule, handler: Handler) -> (Redis, Site, Site) {
    let redis = Redis::start();
    let one = node(&redis, rule.clone(), &handler).await;
    let other = node(&redis, rule, &handler).await;
    (redis, one, other)
}

/// Waits until nothing is left to do that no call waits for.
pub(crate) async fn quiet(site: &Site) {
    until("everything is stored", || {
        site.cache.stats().background.running == 0
    })
    .await;
}

/// Waits until every node has applied every message that `from` sent before: a node confirms a
/// message after those before it.
async fn told(from: &Site) {
    for _ in 0..10 {
        let last = from.cache.invalidation().acknowledged();
        if last.keys(["the last"]).await {
            return;
        }
    }
    panic!("waited in vain until all hear");
}

/// Makes the only response in Redis one that is no longer fresh, and that is kept for so many seconds.
pub(crate) fn make_stale(redis: &Redis, kept: u64) {
    let script = "return redis.call('PEXPIRE', redis.call('KEYS', 'shop:k:*')[1], ARGV[1])";
    let left = (kept * 1_000 - 500).to_string();
    assert_eq!(redis.client().int(&["EVAL", script, "0", &left]), 1);
}

#[tokio::test]
async fn what_one_node_stored_another_node_serves() {
    let answer = |number| {
        let response = ok(format!("v{number}"))
            .with("link", "</a.css>")
            .with("link", "</b.js>");
        response
            .with("content-type", "text/plain")
            .with("x-bytes", "\u{e9}")
    };
    let (_redis, one, other) = two(pages(), Handler::new(numbered(answer))).await;
    let first = one.send("/a").await;
    quiet(&one).await;
    // So that the response is older than the request.
    other.clock.advance(SECOND / 100);
    let got = other.send("/a").await;
    assert_eq!(got.seen(), crate::world::seen("HIT", "v1"));
    assert_eq!(other.cache.stats().redis_hits, 1);
    for name in ["link", "content-type", "x-bytes", "etag"] {
        assert_eq!(got.all(name), first.all(name), "{name}");
    }
    assert_eq!(one.handler.calls(), 1);
}

#[tokio::test]
async fn a_response_of_another_status_is_served_with_it() {
    let handler = Handler::new(numbered(|_| status(404)));
    let (_redis, one, other) = two(pages().negative_ttl(60 * SECOND), handler).await;
    one.send("/a").await;
    quiet(&one).await;
    assert_eq!(other.send("/a").await.status, 404);
    assert_eq!(one.handler.calls(), 1);
}

#[tokio::test]
async fn a_write_on_one_node_removes_the_response_on_the_other() {
    let handler = Handler::new(crate::world::versions());
    let (redis, one, other) = two(pages(), handler.clone()).await;
    for site in [&one, &other] {
        assert_eq!(site.send("/a?x=1").await.text(), "v1");
        quiet(site).await;
    }
    one.send(request("PUT", "/a")).await;
    told(&one).await;
    assert_eq!(other.send("/a?x=1").await.text(), "v3");
    quiet(&other).await;
    assert_eq!(one.send("/a?x=1").await.text(), "v3");
    let late = node(&redis, pages(), &handler).await;
    assert_eq!(late.send("/a?x=1").await.text(), "v3");
}

#[tokio::test]
async fn a_tag_and_an_event_remove_the_response_on_the_other_node() {
    let rule = || pages().tag("page:{path}").invalidate_on("updated:{path}");
    let (_redis, one, other) = two(rule(), Handler::new(crate::world::versions())).await;
    for number in 1..=3 {
        for site in [&one, &other] {
            assert_eq!(site.send("/a").await.text(), format!("v{number}"));
            quiet(site).await;
        }
        match number {
            1 => one.cache.invalidate_tags(["page:a"]).await,
            2 => one.cache.emit("updated:a").await,
            _ => one.cache.emit_about("updated", [("path", "a")]).await,
        }
        told(&one).await;
    }
    assert_eq!(other.send("/a").await.text(), "v4");
}

/// A handler that stops at a gate with what it has read before: the number of writes.
pub(crate) fn stopping() -> (Handler, Gate) {
    let gate = Gate::new();
    let writes = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let handler = Handler::new({
        let gate = gate.clone();
        move |request: Request<()>| {
            let (gate, writes) = (gate.clone(), writes.clone());
            async move {
                if request.method() != http::Method::GET {
                    writes.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    return Ok(ok("written"));
                }
                let read = writes.load(std::sync::atomic::Ordering::SeqCst);
                gate.pass().await;
                Ok(ok(format!("w{read}")))
            }
        }
    });
    (handler, gate)
}

#[tokio::test]
async fn a_response_from_before_another_node_s_write_is_never_served_after_it() {
    let (handler, gate) = stopping();
    let (redis, one, other) = two(pages(), handler.clone()).await;
    let reader = other.spawn("/a");
    gate.arrived().await;
    one.send(request("PUT", "/a")).await;
    gate.open_for_all();
    assert_eq!(reader.await.expect("no panic").text(), "w0");
    quiet(&other).await;
    told(&one).await;
    let late = node(&redis, pages(), &handler).await;
    for site in [&one, &other, &late] {
        assert_eq!(site.send("/a").await.text(), "w1");
        quiet(site).await;
    }
}

#[tokio::test]
async fn concurrent_misses_on_two_nodes_are_one_call_of_the_handler() {
    let (handler, gate) = stopping();
    let (_redis, one, other) = two(pages(), handler.clone()).await;
    let tasks: Vec<_> = (0..50)
        .map(|number| [&one, &other][number % 2].spawn("/a"))
        .collect();
    gate.arrived().await;
    let waits = |site: &Site| site.cache.stats().redis.waits;
    until("a node waits for the other", || {
        waits(&one) + waits(&other) == 1
    })
    .await;
    assert_eq!(gate.waiting(), 0);
    gate.open_for_all();
    for task in tasks {
        assert_eq!(task.await.expect("no panic").text(), "w0");
    }
    assert_eq!(handler.calls(), 1);
}

pub(crate) async fn by_language(request: Request<()>) -> Answer {
    let language = request.headers().get("accept-language");
    let language = language.map_or("-", |value| value.to_str().expect("a text"));
    Ok(ok(language.to_owned()).with("vary", "accept-language"))
}

pub(crate) fn in_language(language: &str) -> Sent {
    get("/a").with("accept-language", language)
}

#[tokio::test]
async fn variants_that_two_nodes_stored_are_both_served_by_a_third() {
    let handler = Handler::new(by_language);
    let (redis, one, other) = two(pages(), handler.clone()).await;
    one.send(in_language("de")).await;
    quiet(&one).await;
    other.send(in_language("en")).await;
    quiet(&other).await;
    let third = node(&redis, pages(), &handler).await;
    for language in ["de", "en"] {
        assert_eq!(third.send(in_language(language)).await.text(), language);
    }
    assert_eq!(handler.calls(), 2);
    one.send(request("PUT", "/a")).await;
    told(&one).await;
    for language in ["en", "de"] {
        assert_eq!(third.send(in_language(language)).await.text(), language);
    }
    assert_eq!(handler.calls(), 5, "the write, and each variant once more");
}

/// Redis has the response for longer than it is fresh.
#[tokio::test]
async fn a_stale_response_of_another_node_is_served_while_it_is_fetched_anew() {
    let (handler, gate) = stopping();
    let (redis, one, other) = two(pages().swr(600 * SECOND), handler).await;
    gate.open();
    one.send("/a").await;
    gate.arrived().await;
    quiet(&one).await;
    make_stale(&redis, 600);
    let stale = other.send("/a").await;
    assert_eq!(stale.seen(), crate::world::seen("STALE", "w0"));
    gate.arrived().await;
    gate.open_for_all();
}

/// The first request wants another variant than the stale one, and nothing has failed: the second
/// request, which waits for the first, asks the handler too.
#[tokio::test]
async fn a_stale_variant_is_not_served_because_another_one_was_asked_for_first() {
    let handler = Handler::new(by_language);
    let (redis, one, other) = two(pages().sie(600 * SECOND), handler.clone()).await;
    one.send(in_language("de")).await;
    quiet(&one).await;
    make_stale(&redis, 600);
    let tasks = ["en", "de"].map(|it| (it, other.spawn(in_language(it))));
    for (language, got) in tasks {
        let got = got.await.expect("no panic");
        assert_eq!(got.seen(), crate::world::seen("MISS", language));
    }
    assert_eq!(handler.calls(), 3, "each variant once more");
}

#[tokio::test]
async fn a_node_without_its_redis_answers() {
    let (redis, one, other) = two(pages(), Handler::new(crate::world::versions())).await;
    one.send("/a").await;
    quiet(&one).await;
    redis.kill();
    for path in ["/a", "/b", "/c"] {
        let got = other.send(path).await;
        assert_eq!(got.status, 200);
    }
    assert_eq!(one.handler.calls(), 4);
}
