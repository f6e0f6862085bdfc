//! What a handler says about one response.

use std::time::Duration;

use cachekit::http::{CacheControlLayer, CacheHint};
use http::Response;
use tower::{Layer as _, ServiceExt as _};

use crate::bodies::Body;
use crate::world::{
    Handler, SECOND, Site, With as _, numbered, ok, pages, request, rules, seen, shared_rules,
    status, versions,
};

fn hinted(hint: CacheHint) -> impl Fn(usize) -> Response<Body> {
    move |number| {
        let mut response = ok(format!("v{number}"));
        response.extensions_mut().insert(hint.clone());
        response
    }
}

#[tokio::test]
async fn a_hint_sets_the_time_to_live() {
    for (hint, seconds) in [(5, 5), (600, 600)] {
        let hint = CacheHint::new().ttl(hint * SECOND);
        let site = Site::new(rules(pages()), numbered(hinted(hint))).await;
        site.send("/a").await;
        site.clock.advance((seconds - 1) * SECOND);
        assert_eq!(site.send("/a").await.seen(), seen("HIT", "v1"));
        site.clock.advance(SECOND);
        assert_eq!(site.send("/a").await.seen(), seen("MISS", "v2"));
    }
}

#[tokio::test]
async fn a_hint_prevents_that_a_response_is_stored() {
    for hint in [CacheHint::no_store(), CacheHint::new().ttl(Duration::ZERO)] {
        let site = Site::new(rules(pages()), numbered(hinted(hint))).await;
        for text in ["v1", "v2"] {
            assert_eq!(site.send("/a").await.seen(), seen("MISS", text));
        }
    }
}

#[tokio::test]
async fn a_hint_stores_a_status_that_the_rule_does_not_name() {
    let answer = |_| {
        let mut response = status(404);
        response
            .extensions_mut()
            .insert(CacheHint::new().ttl(5 * SECOND));
        response
    };
    let site = Site::new(rules(pages()), numbered(answer)).await;
    for word in ["MISS", "HIT"] {
        let got = site.send("/a").await;
        assert_eq!((got.status, got.word().as_str()), (404, word));
    }
}

#[tokio::test]
async fn a_hint_does_not_leave_the_layer_and_other_extensions_do() {
    let answer = |number| {
        let mut response = hinted(CacheHint::new().tag("a"))(number);
        response.extensions_mut().insert("mine");
        match number {
            2 => response.with("cache-control", "no-store"),
            _ => response,
        }
    };
    let site = Site::new(rules(pages()), numbered(answer)).await;
    let all = [
        request("GET", "/stored"),
        request("GET", "/not-stored"),
        request("POST", "/a"),
        request("HEAD", "/b"),
        request("GET", "/c").with("cookie", "a=1"),
        request("GET", "/d").with("range", "bytes=0-1"),
    ];
    for sent in all {
        let got = site.send(sent).await;
        assert_eq!(got.extensions.get::<CacheHint>(), None);
        assert_eq!(got.extensions.get::<&str>(), Some(&"mine"));
    }
}

#[tokio::test]
async fn a_layer_can_set_cache_control_and_leave_the_storing_to_others() {
    let layer = CacheControlLayer::public()
        .max_age(5 * SECOND)
        .vary(http::header::ACCEPT);
    let answer = |number| match number {
        1 => ok("text"),
        2 => ok("text").with("cache-control", "no-store"),
        _ => status(404),
    };
    let handler = layer.layer(Handler::new(numbered(answer)));
    let all = [
        (Some("public, max-age=5"), 1),
        (Some("no-store"), 1),
        (None, 0),
    ];
    for (value, varies) in all {
        let asked = http::Request::get("/a").body(()).expect("a request");
        let response = handler.clone().oneshot(asked).await.expect("an answer");
        let found = response.headers().get("cache-control");
        assert_eq!(found.map(|value| value.to_str().expect("a text")), value);
        assert_eq!(response.headers().get_all("vary").iter().count(), varies);
    }
}

#[tokio::test]
async fn what_the_handler_s_cache_control_shortens_is_shorter() {
    let answer = |number| ok(format!("v{number}")).with("cache-control", "max-age=5");
    let site = Site::new(rules(pages()), numbered(answer)).await;
    site.send("/a").await;
    site.clock.advance(4 * SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v1"));
    site.clock.advance(SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "v2"));
    let longer = |number| ok(format!("v{number}")).with("cache-control", "max-age=500");
    let site = Site::new(rules(pages()), numbered(longer)).await;
    site.send("/a").await;
    site.clock.advance(60 * SECOND);
    assert_eq!(
        site.send("/a").await.seen(),
        seen("MISS", "v2"),
        "the rule's time is the longest"
    );
}

#[tokio::test]
async fn responses_of_a_rule_do_not_all_end_together() {
    let site = Site::new(rules(pages().ttl_jitter(0.5)), versions()).await;
    let paths: Vec<_> = (0..100).map(|number| format!("/{number}")).collect();
    for path in &paths {
        site.send(path.as_str()).await;
    }
    site.clock.advance(45 * SECOND);
    let mut hits = 0;
    for path in &paths {
        hits += usize::from(site.send(path.as_str()).await.word() == "HIT");
    }
    assert!((20..80).contains(&hits), "{hits} of 100 are left");
}

/// A response that was in another cache is as old as that cache says.
#[tokio::test]
async fn the_age_of_a_response_is_a_part_of_its_lifetime() {
    let answer = |number| {
        let response = ok(format!("v{number}")).with("age", "50");
        response.with("cache-control", "max-age=60")
    };
    let site = Site::new(rules(pages()), numbered(answer)).await;
    site.send("/a").await;
    site.clock.advance(9 * SECOND);
    let hit = site.send("/a").await;
    assert_eq!(hit.seen(), seen("HIT", "v1"));
    assert_eq!(hit.field("age").as_deref(), Some("59"));
    assert!(
        hit.cache_status().contains("ttl=1"),
        "{}",
        hit.cache_status()
    );
    site.clock.advance(SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "v2"));
    let old = |number| ok(format!("v{number}")).with("age", "60");
    let site = Site::new(
        rules(pages()),
        numbered(move |number| old(number).with("cache-control", "max-age=60")),
    )
    .await;
    site.send("/a").await;
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "v2"));
    let site = Site::new(rules(pages()), numbered(old)).await;
    site.send("/a").await;
    site.clock.advance(59 * SECOND);
    let hit = site.send("/a").await;
    assert_eq!(
        hit.seen(),
        seen("HIT", "v1"),
        "the rule's time counts from here"
    );
    assert_eq!(hit.field("age").as_deref(), Some("119"));
}

/// Caches between subtract the age from the response's `max-age`.
#[tokio::test]
async fn a_hint_of_a_shared_cache_leaves_the_age() {
    let answer = |hint: CacheHint| {
        move |number| {
            let response = hinted(hint.clone())(number).with("age", "50");
            response.with("cache-control", "max-age=60")
        }
    };
    let hint = CacheHint::new().ttl(20 * SECOND);
    let site = Site::new(shared_rules(), numbered(answer(hint))).await;
    site.send("/a").await;
    site.clock.advance(19 * SECOND);
    let got = site.send("/a").await;
    assert_eq!(got.seen(), seen("HIT", "v1"));
    assert_eq!(got.field("age").as_deref(), Some("69"));
    site.clock.advance(SECOND);
    assert_eq!(site.send("/a").await.text(), "v2");
    let hint = CacheHint::new().ttl(Duration::ZERO);
    let site = Site::new(shared_rules(), numbered(answer(hint))).await;
    for text in ["v1", "v2"] {
        assert_eq!(site.send("/a").await.seen(), seen("MISS", text));
    }
}
