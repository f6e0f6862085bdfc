//! Concurrent requests whose response cannot be shared: they do not go to the handler one by one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cachekit_tests::Gate;
use http::{Request, Response};
use tokio::sync::Barrier;
use tokio::time::Instant;

use crate::bodies::Body;
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
    let (site, gate) = bursts(|| status(500).with("set-cookie", "a=b")).await;
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
