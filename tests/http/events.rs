//! Tags and events that invalidate stored responses.

use cachekit::http::{CacheHint, Rule};
use cachekit::testing::ManualClock;
use cachekit_tests::{Gate, settle};
use http::{Request, Response};

use crate::bodies::Body;
use crate::coalescing::{gated, version};
use crate::world::{Handler, SECOND, Site, cache_on, numbered, ok, rules, seen, versions};

fn products() -> Rule {
    Rule::get("/products/{id}")
        .name("product")
        .ttl(60 * SECOND)
        .ttl_jitter(0.0)
}

/// Returns the words of answers for the products 7 and 8, which were stored before.
async fn after(rule: Rule, invalidate: impl AsyncFn(&Site)) -> [String; 2] {
    let site = Site::new(rules(rule), versions()).await;
    for path in ["/products/7", "/products/8"] {
        site.send(path).await;
        assert_eq!(site.send(path).await.word(), "HIT");
    }
    invalidate(&site).await;
    let seven = site.send("/products/7").await.word();
    [seven, site.send("/products/8").await.word()]
}

#[tokio::test]
async fn a_tag_of_the_rule_invalidates() {
    let rule = || products().tag("product:{id}").tag("products");
    let words = after(rule(), async |site| {
        site.cache.invalidate_tags(["product:7"]).await;
    });
    assert_eq!(words.await, ["MISS", "HIT"]);
    let words = after(rule(), async |site| {
        site.cache.invalidate_tags(["products"]).await;
    });
    assert_eq!(words.await, ["MISS", "MISS"]);
    let words = after(rule(), async |site| {
        site.cache.invalidate_tags(["product:{id}"]).await;
    });
    assert_eq!(words.await, ["HIT", "HIT"]);
}

#[tokio::test]
async fn a_tag_has_the_decoded_parameter() {
    let site = Site::new(rules(products().tag("product:{id}")), versions()).await;
    site.send("/products/a%20b").await;
    site.cache.invalidate_tags(["product:a b"]).await;
    assert_eq!(site.send("/products/a%20b").await.word(), "MISS");
}

#[tokio::test]
async fn an_event_invalidates() {
    let rule = || {
        products()
            .invalidate_on("prices.changed")
            .invalidate_on("product.updated:{id}")
    };
    let words = after(rule(), async |site| site.cache.emit("prices.changed").await);
    assert_eq!(words.await, ["MISS", "MISS"]);
    let words = after(rule(), async |site| {
        site.cache.emit("product.updated:7").await;
    });
    assert_eq!(words.await, ["MISS", "HIT"]);
    let words = after(rule(), async |site| {
        site.cache.emit("product.updated").await;
    });
    assert_eq!(words.await, ["HIT", "HIT"]);
    let words = after(rule(), async |site| {
        site.cache.emit_about("product.updated", [("id", 7)]).await;
    });
    assert_eq!(words.await, ["MISS", "HIT"]);
    let words = after(rule(), async |site| {
        site.cache
            .emit_about("product.updated", [("id", 7), ("by", 1)])
            .await;
    });
    assert_eq!(words.await, ["MISS", "HIT"]);
}

#[tokio::test]
async fn everything_at_once_is_invalidated() {
    let words = after(products(), async |site| site.cache.clear().await);
    assert_eq!(words.await, ["MISS", "MISS"]);
}

#[tokio::test]
async fn a_soft_event_makes_responses_stale() {
    let rule = products()
        .invalidate_on("changed:{id}")
        .swr(600 * SECOND)
        .soft(true);
    let site = Site::new(rules(rule), versions()).await;
    site.send("/products/7").await;
    site.clock.advance(SECOND);
    site.cache.invalidation().events(["changed:7"]).soft().await;
    assert_eq!(site.send("/products/7").await.seen(), seen("STALE", "v1"));
    settle().await;
    assert_eq!(site.send("/products/7").await.seen(), seen("HIT", "v2"));
}

#[tokio::test]
async fn a_write_to_a_path_with_a_soft_rule_makes_responses_stale() {
    let rule = products().swr(600 * SECOND).soft(true);
    let site = Site::new(rules(rule), versions()).await;
    site.send("/products/7").await;
    site.clock.advance(SECOND);
    site.send(crate::world::request("PUT", "/products/7")).await;
    assert_eq!(site.send("/products/7").await.seen(), seen("STALE", "v1"));
    settle().await;
    assert_eq!(site.send("/products/7").await.seen(), seen("HIT", "v3"));
}

/// The handler has read what is invalidated, and answers after that.
#[tokio::test(start_paused = true)]
async fn a_response_from_before_an_invalidation_is_never_served_after_it() {
    let all: [fn(&Site) -> InvalidateFuture<'_>; 4] = [
        |site| Box::pin(site.cache.invalidate_tags(["product:7"])),
        |site| Box::pin(site.cache.emit("updated:7")),
        |site| Box::pin(site.cache.emit_about("updated", [("id", 7)])),
        |site| Box::pin(site.cache.clear()),
    ];
    for (index, invalidate) in all.into_iter().enumerate() {
        let rule = products().tag("product:{id}").invalidate_on("updated:{id}");
        let (site, gate) = gated(rule, |number| Ok(version(number))).await;
        let reader = site.spawn("/products/7");
        gate.arrived().await;
        let waiting = site.spawn("/products/7");
        settle().await;
        invalidate(&site).await;
        let late = site.spawn("/products/7");
        settle().await;
        gate.open_for_all();
        assert_eq!(reader.await.expect("no panic").text(), "v1");
        drop(waiting.await.expect("no panic"));
        assert_eq!(late.await.expect("no panic").text(), "v2", "{index}");
        settle().await;
        assert_eq!(site.send("/products/7").await.text(), "v2", "{index}");
    }
}

type InvalidateFuture<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The head of the response is with its client, and the body is not yet whole.
#[tokio::test(start_paused = true)]
async fn a_body_from_before_an_invalidation_is_never_served_after_it() {
    let gate = Gate::new();
    let respond = {
        let gate = gate.clone();
        move |_: Request<()>| {
            let gate = gate.clone();
            async move {
                let (sender, body) = crate::bodies::open();
                sender.data("old ");
                tokio::spawn(async move {
                    gate.pass().await;
                    sender.data("end");
                });
                Ok(Response::new(body))
            }
        }
    };
    let site = Site::new(rules(products().tag("product:{id}")), respond).await;
    let reader = site.spawn("/products/7");
    gate.arrived().await;
    settle().await;
    site.cache.invalidate_tags(["product:7"]).await;
    gate.open_for_all();
    assert_eq!(reader.await.expect("no panic").text(), "old end");
    settle().await;
    assert_eq!(site.send("/products/7").await.word(), "MISS");
}

#[tokio::test]
async fn a_refresh_from_before_an_invalidation_is_never_served_after_it() {
    let rule = products().swr(600 * SECOND).tag("product:{id}");
    let (site, gate) = gated(rule, |number| Ok(version(number))).await;
    gate.open();
    site.send("/products/7").await;
    gate.arrived().await;
    site.clock.advance(70 * SECOND);
    assert_eq!(site.send("/products/7").await.seen(), seen("STALE", "v1"));
    gate.arrived().await;
    site.cache.invalidate_tags(["product:7"]).await;
    gate.open_for_all();
    settle().await;
    assert_eq!(site.send("/products/7").await.text(), "v3");
}

fn hinted(number: usize) -> Response<Body> {
    let mut response = ok(format!("v{number}"));
    let hint = CacheHint::new()
        .tag("category:3")
        .tag(format!("version:{number}"));
    response.extensions_mut().insert(hint);
    response
}

#[tokio::test]
async fn a_tag_from_the_handler_invalidates() {
    for tag in ["category:3", "version:1"] {
        let site = Site::new(rules(products()), numbered(hinted)).await;
        site.send("/products/7").await;
        assert_eq!(site.send("/products/7").await.word(), "HIT");
        site.cache.invalidate_tags([tag]).await;
        assert_eq!(site.send("/products/7").await.seen(), seen("MISS", "v2"));
    }
}

/// Two layers over one cache, whose rules have one name and different events.
#[tokio::test]
async fn each_of_two_rules_of_a_name_has_its_events() {
    let clock = ManualClock::new();
    let cache = cache_on(&clock).await;
    let site = |rule| {
        let handler = Handler::new(versions());
        Site::of(cache.clone(), clock.clone(), rules(rule), handler)
    };
    let one = site(products().invalidate_on("stock.changed:{id}"));
    let other = site(products().invalidate_on("product.updated:{id}"));
    for (event, words) in [
        ("product.updated", ["HIT", "MISS"]),
        ("stock.changed", ["MISS", "HIT"]),
    ] {
        for site in [&one, &other] {
            site.send("/products/7").await;
        }
        cache.emit_about(event, [("id", 7)]).await;
        let found = [
            one.send("/products/7").await.word(),
            other.send("/products/7").await.word(),
        ];
        assert_eq!(found, words, "{event}");
    }
}
