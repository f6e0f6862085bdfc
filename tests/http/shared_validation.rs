//! The shared mode: what is done with a stored response that is no longer fresh.

use cachekit_tests::settle;
use http::{Request, Response};

use crate::bodies::{Body, Broken};
use crate::shared::with;
use crate::world::{
    Fields, Handler, SECOND, Site, With as _, cache_on, get, numbered, seen, shared_rules, status,
};

const TUESDAY: &str = "Tue, 03 Nov 2026 10:00:00 GMT";

/// A site whose first answer has these fields, and whose later answers are `later`.
async fn then(fields: &'static [(&str, &str)], later: fn() -> Response<Body>) -> Site {
    let answer = move |number| {
        if number == 1 {
            with(1, fields)
        } else {
            later()
        }
    };
    Site::new(shared_rules(), numbered(answer)).await
}

fn unchanged() -> Response<Body> {
    let mut response = status(304);
    *response.body_mut() = crate::bodies::pieces([]);
    response
        .with("cache-control", "max-age=30")
        .with("x-build", "8")
}

#[tokio::test]
async fn a_stale_response_is_validated_and_updated() {
    let fields = &[
        ("cache-control", "max-age=10"),
        ("etag", "\"v1\""),
        ("last-modified", TUESDAY),
        ("x-build", "7"),
        ("x-other", "1"),
    ];
    let site = then(fields, unchanged).await;
    site.send("/a").await;
    site.clock.advance(11 * SECOND);
    let got = site.send("/a").await;
    assert_eq!((got.status, got.seen()), (200, seen("REVALIDATED", "v1")));
    assert_eq!(site.handler.last("if-none-match"), ["\"v1\""]);
    assert_eq!(got.field("x-build").as_deref(), Some("8"));
    assert_eq!(got.field("x-other").as_deref(), Some("1"));
    site.clock.advance(29 * SECOND);
    let hit = site.send("/a").await;
    assert_eq!(hit.seen(), seen("HIT", "v1"));
    assert_eq!(hit.field("x-build").as_deref(), Some("8"));
    site.clock.advance(SECOND);
    assert_eq!(site.send("/a").await.word(), "REVALIDATED");
}

#[tokio::test]
async fn a_time_validates_too() {
    let fields = &[("cache-control", "max-age=10"), ("last-modified", TUESDAY)];
    let site = then(fields, unchanged).await;
    site.send("/a").await;
    site.clock.advance(11 * SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("REVALIDATED", "v1"));
    assert_eq!(site.handler.last("if-modified-since"), [TUESDAY]);
}

#[tokio::test]
async fn a_changed_response_takes_the_place_of_the_stale_one() {
    let fields = &[("cache-control", "max-age=10"), ("etag", "\"v1\"")];
    let later = || with(2, &[("cache-control", "max-age=10"), ("etag", "\"v2\"")]);
    let site = then(fields, later).await;
    site.send("/a").await;
    site.clock.advance(11 * SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "v2"));
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v2"));
}

/// The client has another version than the cache.
#[tokio::test]
async fn a_validation_asks_for_the_stored_response_and_not_for_the_client_s() {
    let fields = &[("cache-control", "max-age=10"), ("etag", "\"v1\"")];
    let site = then(fields, unchanged).await;
    site.send("/a").await;
    site.clock.advance(11 * SECOND);
    let got = site.send(get("/a").with("if-none-match", "\"v0\"")).await;
    assert_eq!((got.status, got.text()), (200, "v1"));
    assert_eq!(site.handler.last("if-none-match"), ["\"v1\""]);
    site.clock.advance(31 * SECOND);
    let got = site.send(get("/a").with("if-none-match", "\"v1\"")).await;
    assert_eq!((got.status, got.text()), (304, ""));
}

#[tokio::test]
async fn no_cache_is_validated_at_each_use() {
    let fields = &[("cache-control", "no-cache"), ("etag", "\"v1\"")];
    let later = || {
        let mut response = unchanged();
        response.headers_mut().remove("cache-control");
        response
    };
    let site = then(fields, later).await;
    site.send("/a").await;
    for calls in 2..5 {
        assert_eq!(site.send("/a").await.seen(), seen("REVALIDATED", "v1"));
        assert_eq!(site.handler.calls(), calls);
    }
}

#[tokio::test]
async fn a_client_s_no_cache_is_validated() {
    let fields = &[("cache-control", "max-age=10"), ("etag", "\"v1\"")];
    let site = then(fields, unchanged).await;
    site.send("/a").await;
    let got = site.send(get("/a").with("cache-control", "no-cache")).await;
    assert_eq!(got.seen(), seen("REVALIDATED", "v1"));
    assert_eq!(site.handler.last("if-none-match"), ["\"v1\""]);
}

#[tokio::test]
async fn a_304_for_a_client_without_a_stored_response_is_passed_on_and_not_stored() {
    let respond = async |request: Request<()>| {
        let has_condition = request.headers().contains_key("if-none-match");
        let fields = &[("cache-control", "max-age=10"), ("etag", "\"v1\"")];
        Ok(if has_condition {
            unchanged()
        } else {
            with(1, fields)
        })
    };
    let site = Site::new(shared_rules(), respond).await;
    for _ in 0..2 {
        let got = site.send(get("/a").with("if-none-match", "\"v1\"")).await;
        assert_eq!((got.status, got.text()), (304, ""));
        assert_eq!(site.handler.last("if-none-match"), ["\"v1\""]);
    }
    let whole = site.send("/a").await;
    assert_eq!((whole.status, whole.seen()), (200, seen("MISS", "v1")));
}

#[tokio::test]
async fn the_response_says_for_how_long_it_is_served_while_it_is_fetched_anew() {
    let fields = &[("cache-control", "max-age=10, stale-while-revalidate=20")];
    let later = || {
        with(
            2,
            &[("cache-control", "max-age=10, stale-while-revalidate=20")],
        )
    };
    let site = then(fields, later).await;
    site.send("/a").await;
    site.clock.advance(29 * SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("STALE", "v1"));
    settle().await;
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v2"));
    let site = then(fields, later).await;
    site.send("/a").await;
    site.clock.advance(31 * SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "v2"));
}

#[tokio::test]
async fn the_response_says_for_how_long_it_is_served_if_the_handler_fails() {
    let fields = &[("cache-control", "max-age=10, stale-if-error=20")];
    for code in [500, 502, 503, 504] {
        let answer = move |number| {
            if number == 1 {
                with(1, fields)
            } else {
                status(code)
            }
        };
        let site = Site::new(shared_rules(), numbered(answer)).await;
        site.send("/a").await;
        site.clock.advance(29 * SECOND);
        let got = site.send("/a").await;
        assert_eq!((got.status, got.seen()), (200, seen("STALE", "v1")));
        site.clock.advance(2 * SECOND);
        assert_eq!(site.send("/a").await.status, code);
    }
}

#[tokio::test]
async fn a_response_that_must_be_validated_is_never_served_stale() {
    let all: [Fields; 4] = [
        &[(
            "cache-control",
            "max-age=10, must-revalidate, stale-if-error=60",
        )],
        &[(
            "cache-control",
            "max-age=10, proxy-revalidate, stale-while-revalidate=60",
        )],
        &[(
            "cache-control",
            "s-maxage=10, stale-if-error=60, must-revalidate",
        )],
        &[("cache-control", "max-age=10, no-cache, stale-if-error=60")],
    ];
    for fields in all {
        let site = then(fields, || status(503)).await;
        site.send("/a").await;
        site.clock.advance(11 * SECOND);
        assert_eq!(site.send("/a").await.status, 503, "{fields:?}");
        let asked = get("/a").with("cache-control", "max-stale");
        assert_eq!(site.send(asked).await.status, 503, "{fields:?}");
    }
}

#[tokio::test]
async fn a_failure_of_the_service_is_bridged_only_if_the_rules_or_the_response_say_so() {
    let all: [(Fields, u64, bool); 4] = [
        (&[("cache-control", "max-age=10")], 0, false),
        (&[("cache-control", "max-age=10")], 60, true),
        (
            &[("cache-control", "max-age=10, must-revalidate")],
            60,
            false,
        ),
        (
            &[("cache-control", "max-age=10, stale-if-error=60")],
            0,
            true,
        ),
    ];
    for (fields, seconds, is_bridged) in all {
        let clock = cachekit::testing::ManualClock::new();
        let cache = cache_on(&clock).await;
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let handler = Handler::new(move |_| {
            let call = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let answer = if call == 0 {
                Ok(with(1, fields))
            } else {
                Err(Broken("gone"))
            };
            std::future::ready(answer)
        });
        let rules = shared_rules().stale_on_failure(std::time::Duration::from_secs(seconds));
        let site = Site::of(cache, clock, rules, handler);
        site.send("/a").await;
        site.clock.advance(20 * SECOND);
        assert_eq!(
            site.begin("/a").await.is_ok(),
            is_bridged,
            "{fields:?} {seconds}"
        );
    }
}
