//! Concurrent requests whose response cannot be shared: they do not go to the handler one by one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachekit::http::CacheHint;
use cachekit_tests::Gate;
use http::{Request, Response};
use tokio::sync::Barrier;
use tokio::time::Instant;

use crate::bodies::{Body, open};
use crate::coalescing::{all, start};
use crate::world::{SECOND, Site, With as _, ok, pages, rules, seen, status};

/// A handler that answers the first request when the gate opens. The other requests of the first
/// burst, and later all of the second one, must all be in the handler at once to be answered.
async fn bursts(answer: fn() -> Response<Body>) -> (Site, Gate) {
    let (gate, calls) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let first = Arc::new(Barrier::new(19));
    let second = Arc::new(Barrier::new(20));
    let respond = {
        let gate = gate.clone();
        move |_: Request<()>| {
            let (gate, calls) = (gate.clone(), Arc::clone(&calls));
            let (first, second) = (Arc::clone(&first), Arc::clone(&second));
            async move {
                match calls.fetch_add(1, Ordering::SeqCst) {
                    0 => gate.pass().await,
                    1..20 => {
                        first.wait().await;
                    }
                    _ => {
                        second.wait().await;
                    }
                }
                Ok(answer())
            }
        }
    };
    (Site::new(rules(pages()), respond).await, gate)
}

#[tokio::test(start_paused = true)]
async fn after_one_uncacheable_response_all_who_waited_reach_the_handler_at_once() {
    let (site, gate) = bursts(|| ok("text").with("cache-control", "no-store")).await;
    let begin = Instant::now();
    let burst = start(&site, 20).await;
    assert_eq!(site.handler.calls(), 1);
    gate.open_for_all();
    assert_eq!(all(burst).await.len(), 20);
    assert!(
        begin.elapsed() < SECOND,
        "nobody waited for another's time-out"
    );

    let burst = start(&site, 20).await;
    assert_eq!(site.handler.calls(), 40, "nobody waits for the first");
    assert_eq!(all(burst).await.len(), 20);
    assert!(begin.elapsed() < SECOND);
}

/// A handler in trouble is not called by all who wait, one burst after the other.
#[tokio::test(start_paused = true)]
async fn those_who_waited_share_one_failure() {
    let (site, gate) = bursts(|| status(500)).await;
    let burst = start(&site, 20).await;
    gate.open_for_all();
    assert!(all(burst).await.iter().all(|got| got.status == 500));
    assert_eq!(site.handler.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_for_one_client_is_not_shared() {
    let failures: [fn() -> Response<Body>; 2] = [
        || status(500).with("set-cookie", "a=b"),
        || {
            let mut response = status(500);
            response.extensions_mut().insert(CacheHint::no_store());
            response
        },
    ];
    for failure in failures {
        let (site, gate) = bursts(failure).await;
        let begin = Instant::now();
        let burst = start(&site, 20).await;
        gate.open_for_all();
        assert!(all(burst).await.iter().all(|got| got.status == 500));
        assert_eq!(site.handler.calls(), 20);
        assert!(
            begin.elapsed() < SECOND,
            "nobody waited for another's time-out"
        );
    }
}

/// A large response without a length is streamed to its first client before it is known that it is
/// too large.
#[tokio::test(start_paused = true)]
async fn a_response_that_turns_out_to_be_too_large_is_remembered() {
    let (site, gate) = crate::coalescing::gated(pages().max_body(3), |_| Ok(ok("text"))).await;
    gate.open();
    site.send("/a").await;
    gate.arrived().await;
    let burst = start(&site, 5).await;
    assert_eq!(gate.waiting(), 5, "nobody waits for the first");
    gate.open_for_all();
    assert!(all(burst).await.iter().all(|got| got.text() == "text"));
}

#[tokio::test(start_paused = true)]
async fn a_response_that_can_be_shared_again_is_waited_for_again() {
    let rule = pages().hit_for_miss(600 * SECOND);
    let (site, gate) = crate::coalescing::gated(rule, |number| {
        let response = ok(format!("v{number}"));
        Ok(if number == 1 {
            response.with("cache-control", "no-store")
        } else {
            response
        })
    })
    .await;
    gate.open();
    site.send("/a").await;
    gate.arrived().await;
    gate.open();
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "v2"));
    gate.arrived().await;
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v2"));
    site.clock.advance(61 * SECOND);
    let burst = start(&site, 5).await;
    assert_eq!(gate.waiting(), 1, "the others wait for the first");
    gate.open_for_all();
    assert!(all(burst).await.iter().all(|got| got.text() == "v3"));
}

/// The old response was small enough.
#[tokio::test]
async fn a_refresh_with_a_body_that_is_too_large_removes_the_stale_response() {
    let answer = |number| ok(if number == 1 { "text" } else { "a longer text" });
    let rule = pages().max_body(4).swr(600 * SECOND).sie(600 * SECOND);
    let site = Site::new(rules(rule), crate::world::numbered(answer)).await;
    site.send("/a").await;
    site.clock.advance(70 * SECOND);
    assert_eq!(site.send("/a").await.seen(), seen("STALE", "text"));
    cachekit_tests::settle().await;
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "a longer text"));
}

#[tokio::test(start_paused = true)]
async fn a_rule_can_forget_at_once_that_a_response_was_not_stored() {
    let rule = pages().hit_for_miss(Duration::ZERO);
    let (site, gate) =
        crate::coalescing::gated(rule, |_| Ok(ok("text").with("cache-control", "no-store"))).await;
    gate.open();
    site.send("/a").await;
    gate.arrived().await;
    let burst = start(&site, 5).await;
    assert_eq!(gate.waiting(), 1, "the others wait for the first");
    gate.open_for_all();
    all(burst).await;
}

/// Two requests for a remembered key: only the response of the first one is stored.
#[tokio::test(start_paused = true)]
async fn a_response_beside_another_is_not_stored() {
    let gates = [Gate::new(), Gate::new(), Gate::new(), Gate::new()];
    let calls = Arc::new(AtomicUsize::new(0));
    let respond = {
        let gates = gates.clone();
        move |_: Request<()>| {
            let number = calls.fetch_add(1, Ordering::SeqCst);
            let gate = gates[number.min(3)].clone();
            async move {
                gate.pass().await;
                let response = ok(format!("v{}", number + 1));
                let control = if number == 0 {
                    "no-store"
                } else {
                    "max-age=60"
                };
                Ok(response.with("cache-control", control))
            }
        }
    };
    let site = Site::new(rules(pages()), respond).await;
    gates[0].open();
    site.send("/a").await;
    let first = site.spawn("/a");
    gates[1].arrived().await;
    gates[2].open();
    let second = site.send("/a").await;
    assert_eq!(second.text(), "v3");
    assert!(
        !second.cache_status().contains("stored"),
        "{}",
        second.cache_status()
    );
    let third = site.spawn("/a");
    cachekit_tests::settle().await;
    assert_eq!(site.handler.calls(), 4, "it waits for nobody");
    gates[1].open();
    let first = first.await.expect("no panic");
    assert!(first.cache_status().contains("stored"));
    gates[3].open_for_all();
    assert_eq!(third.await.expect("no panic").text(), "v4");
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v2"));
}

/// A copy that ends by a panic was not too slow.
#[tokio::test(start_paused = true)]
async fn requests_wait_for_one_another_after_a_body_that_panicked() {
    let (site, gate) = crate::coalescing::gated(pages(), |number| {
        let (sender, body) = open();
        if number == 1 {
            sender.data("te");
            // The body waits once, so that it is copied in the background.
            tokio::spawn(async move { sender.panic() });
        } else {
            sender.data("text");
        }
        Ok(Response::new(body))
    })
    .await;
    gate.open();
    let first = site.spawn("/a");
    gate.arrived().await;
    assert!(first.await.expect_err("the body panicked").is_panic());
    let burst = start(&site, 5).await;
    assert_eq!(gate.waiting(), 1, "the others wait for the first");
    gate.open_for_all();
    assert!(all(burst).await.iter().all(|got| got.text() == "text"));
}
