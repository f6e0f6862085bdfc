//! Stale responses in the place of new ones, while the handler is asked or because it fails.

use cachekit_tests::settle;
use http::Response;

use crate::bodies::{Body, Broken};
use crate::coalescing::{all, gated, start, version};
use crate::world::{Answer, SECOND, Site, With as _, numbered, ok, pages, rules, seen, status};

#[tokio::test(start_paused = true)]
async fn twenty_stale_requests_are_answered_at_once_by_one_refresh() {
    let (site, gate) = gated(pages().swr(30 * SECOND), |number| Ok(version(number))).await;
    gate.open();
    site.send("/a").await;
    gate.arrived().await;
    site.clock.advance(70 * SECOND);
    let got = all(start(&site, 20).await).await;
    assert!(got.iter().all(|got| got.seen() == seen("STALE", "v1")));
    assert_eq!(gate.waiting(), 1, "one refresh, still in the handler");
    gate.open_for_all();
    settle().await;
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v2"));
    assert_eq!((site.handler.calls(), site.stats("pages").stale), (2, 20));
}

#[tokio::test]
async fn after_its_window_a_stale_response_is_not_served() {
    let site = Site::new(rules(pages().swr(30 * SECOND)), numbered(version)).await;
    site.send("/a").await;
    site.clock.advance(91 * SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "v2"));
}

#[tokio::test]
async fn without_a_window_a_stale_response_is_not_served() {
    let site = Site::new(rules(pages()), numbered(version)).await;
    site.send("/a").await;
    site.clock.advance(59 * SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v1"));
    site.clock.advance(SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "v2"));
}

/// A handler that answers, fails four times, and then answers again.
fn failing_for_a_while(number: usize) -> Response<Body> {
    if (2..6).contains(&number) {
        status(500)
    } else {
        version(number)
    }
}

#[tokio::test]
async fn a_refresh_that_fails_leaves_the_stale_response_and_backs_off() {
    let rule = pages().swr(3_600 * SECOND);
    let site = Site::new(rules(rule), numbered(failing_for_a_while)).await;
    site.send("/a").await;
    site.clock.advance(61 * SECOND);
    let mut calls = vec![];
    for _ in 0..300 {
        let got = site.send("/a").await;
        assert_ne!(got.status, 500);
        settle().await;
        if got.text() == "v6" {
            break;
        }
        assert_eq!(got.seen(), seen("STALE", "v1"));
        calls.push(site.handler.calls());
        site.clock.advance(SECOND / 2);
    }
    assert_eq!(calls.first(), Some(&2));
    assert_eq!(calls.last(), Some(&6), "it goes on trying");
    assert!(
        calls.len() > 12,
        "it is not asked at every request: {calls:?}"
    );
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v6"));
}

#[tokio::test]
async fn a_refresh_with_an_uncacheable_response_removes_the_stale_one() {
    let refusals: [fn() -> Response<Body>; 3] = [
        || status(404),
        || ok("private").with("cache-control", "private"),
        || ok("session").with("set-cookie", "a=1"),
    ];
    for refuse in refusals {
        let answer = move |number| if number == 1 { version(1) } else { refuse() };
        let rule = pages().swr(3_600 * SECOND).sie(3_600 * SECOND);
        let site = Site::new(rules(rule), numbered(answer)).await;
        site.send("/a").await;
        site.clock.advance(61 * SECOND);
        assert_eq!(site.send("/a").await.seen(), seen("STALE", "v1"));
        settle().await;
        for _ in 0..2 {
            let got = site.send("/a").await;
            assert_eq!(
                (got.word(), got.body),
                ("MISS".into(), refused(refuse).await)
            );
        }
    }
}

async fn refused(refuse: fn() -> Response<Body>) -> bytes::Bytes {
    use http_body_util::BodyExt as _;
    let body = refuse().into_body().collect().await;
    body.expect("a whole body").to_bytes()
}

/// Without `swr` the client waits for the handler.
#[tokio::test]
async fn a_miss_with_an_uncacheable_response_removes_the_old_one() {
    let answer = |number| match number {
        1 => version(1),
        2 => status(404),
        _ => status(500),
    };
    let rule = pages().sie(3_600 * SECOND);
    let site = Site::new(rules(rule), numbered(answer)).await;
    site.send("/a").await;
    site.clock.advance(61 * SECOND);
    assert_eq!(site.send("/a").await.status, 404);
    assert_eq!(site.send("/a").await.status, 500, "the page is gone");
}

#[tokio::test]
async fn a_stale_response_is_served_if_the_handler_fails() {
    for code in [500, 502, 503, 504] {
        let answer = move |number| {
            if number == 1 {
                version(1)
            } else {
                status(code)
            }
        };
        let site = Site::new(rules(pages().sie(600 * SECOND)), numbered(answer)).await;
        site.send("/a").await;
        site.clock.advance(70 * SECOND);
        for _ in 0..3 {
            let got = site.send("/a").await;
            assert_eq!((got.status, got.seen()), (200, seen("STALE", "v1")));
            assert!(
                got.cache_status().contains("detail=sie"),
                "{}",
                got.cache_status()
            );
        }
        site.clock.advance(600 * SECOND);
        assert_eq!(site.send("/a").await.status, code, "its window is over");
    }
}

#[tokio::test]
async fn without_a_window_a_failure_is_passed_on() {
    let site = Site::new(rules(pages()), numbered(failing_for_a_while)).await;
    site.send("/a").await;
    site.clock.advance(61 * SECOND);
    assert_eq!(site.send("/a").await.status, 500);
}

fn breaks(number: usize) -> Answer {
    if number == 1 {
        Ok(version(1))
    } else {
        Err(Broken("no database"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_response_is_served_if_the_service_fails() {
    let (site, gate) = gated(pages().sie(600 * SECOND), breaks).await;
    gate.open_for_all();
    site.send("/a").await;
    site.clock.advance(70 * SECOND);
    for _ in 0..2 {
        assert_eq!(site.send("/a").await.seen(), seen("STALE", "v1"));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_window_the_failure_of_the_service_is_passed_on() {
    let (site, gate) = gated(pages(), breaks).await;
    gate.open_for_all();
    site.send("/a").await;
    site.clock.advance(70 * SECOND);
    let failed = site.begin("/a").await.map(|_| ());
    assert_eq!(failed, Err(Broken("no database")));
}

#[tokio::test(start_paused = true)]
async fn everybody_who_waited_gets_the_stale_response_if_the_handler_fails() {
    let (site, gate) = gated(pages().sie(600 * SECOND), breaks).await;
    gate.open();
    site.send("/a").await;
    gate.arrived().await;
    site.clock.advance(70 * SECOND);
    let tasks = start(&site, 10).await;
    gate.open_for_all();
    for got in all(tasks).await {
        assert_eq!(got.seen(), seen("STALE", "v1"));
        assert!(
            got.cache_status().contains("detail=sie"),
            "{}",
            got.cache_status()
        );
    }
}

#[tokio::test]
async fn a_stale_response_never_outlives_an_invalidation() {
    let rule = pages()
        .swr(600 * SECOND)
        .sie(600 * SECOND)
        .tag("page:{path}");
    let answer = |number| if number == 1 { version(1) } else { status(500) };
    let site = Site::new(rules(rule), numbered(answer)).await;
    site.send("/a").await;
    site.clock.advance(70 * SECOND);
    site.cache.invalidate_tags(["page:a"]).await;
    assert_eq!(site.send("/a").await.status, 500);
}

/// A client that revalidates is told that what it has is still the newest that there is.
#[tokio::test]
async fn a_stale_response_answers_a_condition() {
    let rule = pages().swr(600 * SECOND);
    let site = Site::new(rules(rule), numbered(|_| ok("text").with("etag", "\"v1\""))).await;
    site.send("/a").await;
    site.clock.advance(70 * SECOND);
    let asked = crate::world::get("/a").with("if-none-match", "\"v1\"");
    let got = site.send(asked).await;
    assert_eq!((got.status, got.word().as_str()), (304, "STALE"));
}

/// The refresh is given up after thirty seconds, as a failed one.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_hangs_does_not_prevent_the_next_one() {
    let rule = pages().swr(3_600 * SECOND);
    let (site, gate) = gated(rule, |number| Ok(version(number))).await;
    gate.open();
    site.send("/a").await;
    gate.arrived().await;
    site.clock.advance(70 * SECOND);
    for _ in 0..2 {
        assert_eq!(site.send("/a").await.seen(), seen("STALE", "v1"));
        settle().await;
        assert_eq!(site.handler.calls(), 2, "one refresh at a time");
        assert_eq!(site.cache.stats().background.running, 1);
    }
    tokio::time::sleep(31 * SECOND).await;
    assert_eq!(site.cache.stats().background.running, 0);
    assert_eq!(site.cache.stats().refresh_failures, 1);
    assert_eq!(site.send("/a").await.seen(), seen("STALE", "v1"));
    assert_eq!(site.handler.calls(), 2, "the next refresh waits");
    site.clock.advance(31 * SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("STALE", "v1"));
    settle().await;
    assert_eq!(site.handler.calls(), 3);
    gate.open_for_all();
    settle().await;
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v3"));
}
