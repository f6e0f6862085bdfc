//! Concurrent misses: one request reaches the handler, and the others wait for its response.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cachekit::http::Rule;
use cachekit_tests::{Gate, settle};
use http::{Request, Response};
use tokio::task::JoinHandle;

use crate::bodies::Body;
use crate::world::{Answer, Got, Site, get, ok, pages, rules, seen, status};

/// A site whose handler waits at a gate, and then answers with `answer` of the call's number,
/// counted from 1.
pub(crate) async fn gated(rule: Rule, answer: fn(usize) -> Answer) -> (Site, Gate) {
    let (gate, calls) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let respond = {
        let gate = gate.clone();
        move |_: Request<()>| {
            let (gate, calls) = (gate.clone(), Arc::clone(&calls));
            async move {
                let number = calls.fetch_add(1, Ordering::SeqCst) + 1;
                gate.pass().await;
                answer(number)
            }
        }
    };
    (Site::new(rules(rule), respond).await, gate)
}

pub(crate) fn version(number: usize) -> Response<Body> {
    ok(format!("v{number}"))
}

/// Starts so many requests, and lets them run until they wait.
pub(crate) async fn start(site: &Site, count: usize) -> Vec<JoinHandle<Got>> {
    let all = (0..count).map(|_| site.spawn("/a")).collect();
    settle().await;
    all
}

pub(crate) async fn all(tasks: Vec<JoinHandle<Got>>) -> Vec<Got> {
    let mut all = vec![];
    for task in tasks {
        all.push(task.await.expect("no panic"));
    }
    all
}

#[tokio::test(start_paused = true)]
async fn fifty_concurrent_misses_are_one_call_of_the_handler() {
    let (site, gate) = gated(pages(), |number| Ok(version(number))).await;
    let tasks = start(&site, 50).await;
    gate.arrived().await;
    assert_eq!(gate.waiting(), 0);
    gate.open_for_all();
    let got = all(tasks).await;
    assert!(got.iter().all(|got| got.text() == "v1"));
    assert_eq!(site.handler.calls(), 1);
    assert_eq!(
        got.iter()
            .filter(|got| got.cache_status().contains("collapsed"))
            .count(),
        49
    );
    assert_eq!(site.stats("pages").collapsed, 49);
}

#[tokio::test(start_paused = true)]
async fn a_rule_can_let_every_miss_reach_the_handler() {
    let (site, gate) = gated(pages().coalesce(false), |number| Ok(version(number))).await;
    let tasks = start(&site, 5).await;
    assert_eq!(gate.waiting(), 5);
    gate.open_for_all();
    assert_eq!(all(tasks).await.len(), 5);
    assert_eq!(site.send("/a").await.word(), "HIT");
}

#[tokio::test(start_paused = true)]
async fn nobody_notices_that_the_first_client_went_away() {
    let (site, gate) = gated(pages(), |number| Ok(version(number))).await;
    let leader = site.spawn("/a");
    gate.arrived().await;
    let waiting = start(&site, 10).await;
    leader.abort();
    assert!(leader.await.expect_err("it was aborted").is_cancelled());
    settle().await;
    gate.open_for_all();
    assert!(all(waiting).await.iter().all(|got| got.text() == "v1"));
    assert_eq!(site.handler.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_response_is_stored_though_its_only_client_went_away() {
    let (site, gate) = gated(pages(), |number| Ok(version(number))).await;
    let leader = site.spawn("/a");
    gate.arrived().await;
    leader.abort();
    gate.open_for_all();
    settle().await;
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v1"));
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_that_of_one_client_and_the_others_are_answered() {
    let (site, gate) = gated(pages(), |number| {
        assert_ne!(number, 1, "the first call panics");
        Ok(version(number))
    })
    .await;
    let leader = site.spawn("/a");
    gate.arrived().await;
    let waiting = start(&site, 10).await;
    gate.open_for_all();
    assert!(leader.await.expect_err("it panicked").is_panic());
    assert!(all(waiting).await.iter().all(|got| got.text() == "v2"));
    assert_eq!(site.handler.calls(), 2);
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v2"));
}

#[tokio::test(start_paused = true)]
async fn the_failure_of_a_service_is_that_of_one_client() {
    let (site, gate) = gated(pages(), |number| {
        if number == 1 {
            Err(crate::bodies::Broken("no database"))
        } else {
            Ok(version(number))
        }
    })
    .await;
    let leader = tokio::spawn({
        let site = site.clone();
        async move { site.begin("/a").await.map(|_| ()) }
    });
    gate.arrived().await;
    let waiting = start(&site, 10).await;
    gate.open_for_all();
    let failure = leader.await.expect("no panic");
    assert_eq!(failure, Err(crate::bodies::Broken("no database")));
    assert!(all(waiting).await.iter().all(|got| got.status == 200));
}

/// Those who wait for a slow handler go to it themselves in the end.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_another_longer_than_the_rule_says() {
    let rule = pages().wait_timeout(std::time::Duration::from_secs(2));
    let (site, gate) = gated(rule, |number| Ok(version(number))).await;
    let tasks = start(&site, 3).await;
    assert_eq!(gate.waiting(), 1);
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    settle().await;
    assert_eq!(gate.waiting(), 3);
    gate.open_for_all();
    assert_eq!(all(tasks).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn requests_that_may_not_share_do_not_wait_for_one_another() {
    let (site, gate) = gated(pages(), |_| Ok(status(206))).await;
    let asked = || site.spawn(get("/a").with("range", "bytes=0-1"));
    let tasks: Vec<_> = (0..5).map(|_| asked()).collect();
    settle().await;
    assert_eq!(gate.waiting(), 5);
    gate.open_for_all();
    assert!(all(tasks).await.iter().all(|got| got.status == 206));
}
