//! Refreshes in the background whose end meets an invalidation, a newer response or a second client.
//!
//! Every site has one stale response, `v1`. Its handler waits at a gate, and the refresh is the
//! second call.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cachekit::http::{Rule, RuleSetBuilder};
use cachekit_tests::{Gate, settle};
use http::{Request, Response};

use crate::bodies::{Body, pieces};
use crate::coalescing::{all, start};
use crate::world::{SECOND, Site, With as _, ok, request, rules, seen, shared_rules, status};

/// A site whose response `v1` is stale and served while it is refreshed.
struct Stale {
    site: Site,
    /// The gate of the refresh. Later calls pass it too.
    gate: Gate,
    mode: &'static str,
}

/// Makes the handler's answer to the call of a number, counted from 1.
type MakeAnswer = fn(usize) -> Response<Body>;

type InvalidateFuture<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

impl Stale {
    async fn new(mode: &'static str, rules: RuleSetBuilder, answer: MakeAnswer) -> Self {
        let (gate, calls) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
        let respond = {
            let gate = gate.clone();
            move |request: Request<()>| {
                let number = calls.fetch_add(1, Ordering::SeqCst) + 1;
                let gate = gate.clone();
                async move {
                    if request.method() != http::Method::GET {
                        return Ok(ok("written"));
                    }
                    if number == 2 {
                        gate.pass().await;
                    }
                    Ok(answer(number))
                }
            }
        };
        let site = Site::new(rules, respond).await;
        site.send("/a").await;
        site.clock.advance(70 * SECOND);
        Self { site, gate, mode }
    }

    /// A site of each mode.
    async fn of_both_modes(answer: MakeAnswer) -> [Self; 2] {
        let owned = rules(rule().ttl(60 * SECOND).ttl_jitter(0.0).swr(600 * SECOND));
        let shared = shared_rules().rule(rule());
        [
            Self::new("owned", owned, answer).await,
            Self::new("shared", shared, answer).await,
        ]
    }

    /// Sends a request that begins the refresh, which gets as far as the gate.
    async fn begin_refresh(&self) {
        let got = self.site.send("/a").await;
        assert_eq!(got.seen(), seen("STALE", "v1"), "{}", self.mode);
        self.gate.arrived().await;
    }

    /// Lets the refresh end.
    async fn end_refresh(&self) {
        self.gate.open_for_all();
        settle().await;
    }

    /// Asserts the word of `X-Cache` and the body of the next answer.
    async fn assert_next(&self, word: &str, text: &str) {
        let got = self.site.send("/a").await;
        assert_eq!(got.seen(), seen(word, text), "{}", self.mode);
        settle().await;
    }
}

fn rule() -> Rule {
    Rule::get("/{*path}")
        .name("pages")
        .tag("page:{path}")
        .invalidate_on("updated:{path}")
}

fn version(number: usize) -> Response<Body> {
    ok(format!("v{number}"))
        .with("etag", &format!("\"v{number}\""))
        .with("cache-control", "max-age=60, stale-while-revalidate=600")
}

/// A refresh that gives a new response.
fn new_one(number: usize) -> Response<Body> {
    version(number)
}

/// A refresh that finds the stale response unchanged.
fn unchanged(number: usize) -> Response<Body> {
    if number != 2 {
        return version(number);
    }
    let mut response = status(304).with("cache-control", "max-age=60");
    *response.body_mut() = pieces([]);
    response
}

/// A refresh that fails.
fn failing(number: usize) -> Response<Body> {
    if number == 2 {
        status(500)
    } else {
        version(number)
    }
}

/// A refresh whose response is not to be stored.
fn refused(number: usize) -> Response<Body> {
    if number == 2 {
        ok("v2").with("cache-control", "no-store")
    } else {
        version(number)
    }
}

const REFRESHES: [MakeAnswer; 4] = [new_one, unchanged, failing, refused];

const INVALIDATIONS: [fn(&Site) -> InvalidateFuture<'_>; 4] = [
    |site| Box::pin(site.cache.invalidate_tags(["page:a"])),
    |site| Box::pin(site.cache.emit("updated:a")),
    |site| Box::pin(site.cache.clear()),
    |site| Box::pin(async { drop(site.send(request("PUT", "/a")).await) }),
];

/// Neither the refresh's response nor the stale one, which a confirmation would bring back.
#[tokio::test(start_paused = true)]
async fn nothing_of_a_refresh_is_served_after_an_invalidation() {
    for invalidate in INVALIDATIONS {
        for refresh in REFRESHES {
            for stale in Stale::of_both_modes(refresh).await {
                stale.begin_refresh().await;
                invalidate(&stale.site).await;
                stale.end_refresh().await;
                let calls = stale.site.handler.calls();
                let new = format!("v{}", calls + 1);
                stale.assert_next("MISS", &new).await;
                assert!(stale.site.handler.last("if-none-match").is_empty());
                stale.assert_next("HIT", &new).await;
            }
        }
    }
}

/// The invalidation has ended and the refresh has not: clients get neither's response.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_refresh_from_before_an_invalidation() {
    for invalidate in INVALIDATIONS {
        for stale in Stale::of_both_modes(new_one).await {
            stale.begin_refresh().await;
            invalidate(&stale.site).await;
            let new = format!("v{}", stale.site.handler.calls() + 1);
            stale.assert_next("MISS", &new).await;
            stale.end_refresh().await;
            stale.assert_next("HIT", &new).await;
        }
    }
}

/// The response of a late refresh, its failure and its confirmation of the stale response.
#[tokio::test(start_paused = true)]
async fn a_late_refresh_does_not_replace_a_newer_response() {
    for refresh in [new_one, unchanged, failing] {
        for stale in Stale::of_both_modes(refresh).await {
            stale.begin_refresh().await;
            stale.site.cache.invalidate_tags(["page:a"]).await;
            stale.assert_next("MISS", "v3").await;
            stale.end_refresh().await;
            for _ in 0..2 {
                stale.assert_next("HIT", "v3").await;
            }
            assert_eq!(stale.site.handler.calls(), 3, "{}", stale.mode);
        }
    }
}

/// It may be the handler's last word that nothing is to be kept, so nothing is.
#[tokio::test(start_paused = true)]
async fn a_late_refresh_that_is_not_stored_removes_a_newer_response() {
    for stale in Stale::of_both_modes(refused).await {
        stale.begin_refresh().await;
        stale.site.cache.invalidate_tags(["page:a"]).await;
        stale.assert_next("MISS", "v3").await;
        stale.end_refresh().await;
        stale.assert_next("MISS", "v4").await;
    }
}

/// Two clients are answered at once by the stale response, and one refresh runs for both.
async fn two_at_once(refresh: MakeAnswer) -> [Stale; 2] {
    let both = Stale::of_both_modes(refresh).await;
    for stale in &both {
        let got = all(start(&stale.site, 2).await).await;
        for got in got {
            assert_eq!(got.seen(), seen("STALE", "v1"), "{}", stale.mode);
        }
        assert_eq!(stale.gate.waiting(), 1, "one refresh for both");
        stale.end_refresh().await;
    }
    both
}

#[tokio::test(start_paused = true)]
async fn two_clients_keep_the_stale_response_if_the_refresh_fails() {
    for stale in two_at_once(failing).await {
        let got = all(start(&stale.site, 2).await).await;
        for got in got {
            assert_eq!(got.seen(), seen("STALE", "v1"), "{}", stale.mode);
        }
        assert_eq!(stale.site.handler.calls(), 2, "the next refresh waits");
        stale.site.clock.advance(60 * SECOND);
        stale.assert_next("STALE", "v1").await;
        stale.assert_next("HIT", "v3").await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_clients_keep_the_response_that_the_refresh_confirms() {
    let [_, stale] = two_at_once(unchanged).await;
    assert_eq!(stale.site.handler.last("if-none-match"), ["\"v1\""]);
    let got = all(start(&stale.site, 2).await).await;
    for got in got {
        assert_eq!(got.seen(), seen("HIT", "v1"));
    }
    assert_eq!(stale.site.handler.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_clients_lose_the_response_that_the_refresh_forbids_to_store() {
    for stale in two_at_once(refused).await {
        let got = all(start(&stale.site, 2).await).await;
        assert_eq!(got[0].seen(), seen("MISS", "v3"), "{}", stale.mode);
        assert_ne!(got[1].text(), "v1", "{}", stale.mode);
    }
}
