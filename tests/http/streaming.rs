//! Bodies on their way: no client waits for the cache, and the cache waits for no client.

use bytes::Bytes;
use cachekit::http::{CacheBody, Rule};
use cachekit_tests::settle;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::bodies::{Body, Sender, open, pieces};
use crate::world::{
    Fields, Got, SECOND, Site, With as _, numbered, pages, request, rules, seen, versions,
};

/// A site whose handler answers at once, and whose bodies a test sends.
async fn streams(rule: Rule, fields: &'static [(&str, &str)]) -> (Site, UnboundedReceiver<Sender>) {
    let (senders, receiver) = unbounded_channel();
    let respond = move |_: Request<()>| {
        let (sender, body) = open();
        let sent = senders.send(sender);
        async move {
            sent.expect("a test that receives");
            let response = Response::new(body);
            Ok(fields.iter().fold(response, |response, (name, value)| {
                response.with(name, value)
            }))
        }
    };
    (Site::new(rules(rule), respond).await, receiver)
}

/// Returns the next frame, which must be there.
fn next(response: &mut Response<CacheBody<Body>>) -> Bytes {
    let frame = std::pin::pin!(response.body_mut().frame());
    let std::task::Poll::Ready(Some(Ok(frame))) = cachekit_tests::poll_once(frame) else {
        panic!("no frame is there");
    };
    frame.into_data().expect("data")
}

#[tokio::test(start_paused = true)]
async fn the_first_frame_reaches_the_client_before_there_is_a_second() {
    let kinds: [Fields; 3] = [
        &[],
        &[("cache-control", "no-store")],
        &[("content-type", "text/event-stream")],
    ];
    for fields in kinds {
        let (site, mut senders) = streams(pages(), fields).await;
        let client = tokio::spawn({
            let site = site.clone();
            async move { site.begin("/a").await.expect("a response") }
        });
        let sender = senders.recv().await.expect("the handler was called");
        let mut response = client.await.expect("no panic");
        for text in ["one", "two", "three"] {
            sender.data(text);
            settle().await;
            assert_eq!(next(&mut response), text);
        }
        drop(sender);
        settle().await;
        assert!(response.body_mut().frame().await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_streamed_is_then_a_hit_byte_for_byte() {
    let (site, mut senders) = streams(pages(), &[("x-one", "1")]).await;
    let first = site.spawn("/a");
    let sender = senders.recv().await.expect("the handler was called");
    for text in ["one ", "two ", "three"] {
        settle().await;
        sender.data(text);
    }
    drop(sender);
    assert_eq!(
        first.await.expect("no panic").seen(),
        seen("MISS", "one two three")
    );
    settle().await;
    let hit = site.send("/a").await;
    assert_eq!(hit.seen(), seen("HIT", "one two three"));
    assert_eq!(hit.field("x-one").as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_second_client_gets_the_whole_of_what_a_first_one_is_still_getting() {
    let (site, mut senders) = streams(pages(), &[]).await;
    let first = site.spawn("/a");
    let sender = senders.recv().await.expect("the handler was called");
    sender.data("one ");
    settle().await;
    let second = site.spawn("/a");
    settle().await;
    sender.data("two");
    drop(sender);
    assert_eq!(first.await.expect("no panic").text(), "one two");
    assert_eq!(second.await.expect("no panic").text(), "one two");
    assert_eq!(site.handler.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_holds_nobody_back() {
    let (site, mut senders) = streams(pages(), &[]).await;
    let slow = tokio::spawn({
        let site = site.clone();
        async move { site.begin("/a").await.expect("a response") }
    });
    let sender = senders.recv().await.expect("the handler was called");
    let slow = slow.await.expect("no panic");
    for _ in 0..100 {
        sender.data("0123456789");
    }
    drop(sender);
    settle().await;
    let other = site.send("/a").await;
    assert_eq!(other.seen(), seen("HIT", &"0123456789".repeat(100)));
    assert_eq!(Got::of(slow).await.text(), "0123456789".repeat(100));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_does_not_end_what_is_stored() {
    let (site, mut senders) = streams(pages(), &[]).await;
    let client = tokio::spawn({
        let site = site.clone();
        async move { site.begin("/a").await.expect("a response") }
    });
    let sender = senders.recv().await.expect("the handler was called");
    sender.data("one ");
    drop(client.await.expect("no panic"));
    settle().await;
    assert!(!sender.is_abandoned());
    sender.data("two");
    drop(sender);
    settle().await;
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "one two"));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_client_ends_a_body_that_is_not_stored() {
    for fields in [
        ("cache-control", "no-store"),
        ("content-type", "text/event-stream"),
    ] {
        let fields: &'static [(&str, &str)] = Box::leak(Box::new([fields]));
        let (site, mut senders) = streams(pages(), fields).await;
        let response = site.begin("/a").await.expect("a response");
        let sender = senders.recv().await.expect("the handler was called");
        drop(response);
        settle().await;
        assert!(sender.is_abandoned(), "{fields:?}");
    }
}

/// Only the client reads what is too large to be stored, at its own speed.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_client_ends_a_body_that_has_become_too_large() {
    let (site, mut senders) = streams(pages().max_body(4), &[]).await;
    let client = tokio::spawn({
        let site = site.clone();
        async move { site.begin("/a").await.expect("a response") }
    });
    let sender = senders.recv().await.expect("the handler was called");
    sender.data("12345678");
    let mut response = client.await.expect("no panic");
    settle().await;
    assert_eq!(next(&mut response), "12345678");
    sender.data("9");
    assert_eq!(next(&mut response), "9");
    drop(response);
    settle().await;
    assert!(sender.is_abandoned());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_takes_very_long_reaches_the_client_whole() {
    for rule in [pages(), pages().coalesce(false)] {
        let (site, mut senders) = streams(rule, &[]).await;
        let client = site.spawn("/a");
        let sender = senders.recv().await.expect("the handler was called");
        for text in ["one ", "two ", "three"] {
            sender.data(text);
            tokio::time::sleep(40 * SECOND).await;
        }
        drop(sender);
        let got = client.await.expect("no panic");
        assert_eq!((got.text(), got.failure), ("one two three", None));
    }
}

/// The cache copies a body for thirty seconds after its first part.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_body_after_one_that_was_too_slow() {
    let (site, mut senders) = streams(pages(), &[]).await;
    let client = site.spawn("/a");
    let slow = senders.recv().await.expect("the handler was called");
    slow.data("one ");
    tokio::time::sleep(31 * SECOND).await;
    let others = [(); 3].map(|()| site.spawn("/a"));
    settle().await;
    assert_eq!(site.handler.calls(), 4, "nobody waits for another");
    for other in others {
        let sender = senders.recv().await.expect("the handler was called");
        sender.data("two");
        drop(sender);
        assert_eq!(other.await.expect("no panic").text(), "two");
    }
    slow.data("three");
    drop(slow);
    assert_eq!(client.await.expect("no panic").text(), "one three");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_fails_midway_fails_for_its_client_and_is_not_stored() {
    let (site, mut senders) = streams(pages(), &[]).await;
    let client = site.spawn("/a");
    let sender = senders.recv().await.expect("the handler was called");
    sender.data("one ");
    settle().await;
    sender.fail("the disk is gone");
    drop(sender);
    let got = client.await.expect("no panic");
    assert_eq!(
        (got.text(), got.failure.map(|it| it.0)),
        ("one ", Some("the disk is gone"))
    );
    let second = site.spawn("/a");
    let sender = senders.recv().await.expect("the handler was called again");
    sender.data("whole");
    drop(sender);
    assert_eq!(second.await.expect("no panic").text(), "whole");
}

/// Twenty million bytes that do not repeat where frames do.
fn large() -> Vec<Bytes> {
    let byte = |at: u32| at.wrapping_mul(2_654_435_761).to_be_bytes()[0];
    let whole: Bytes = (0..20_000_000).map(byte).collect();
    (0..whole.len())
        .step_by(65_536)
        .map(|at| whole.slice(at..whole.len().min(at + 65_536)))
        .collect()
}

#[tokio::test]
async fn twenty_megabytes_arrive_whole_whether_they_are_stored_or_not() {
    let whole: Vec<u8> = large().concat();
    for (max, word) in [(1 << 20, "MISS"), (32 << 20, "HIT")] {
        let rule = pages().max_body(max);
        let site = Site::new(rules(rule), numbered(|_| Response::new(pieces(large())))).await;
        let first = site.send("/a").await;
        assert!(first.body == whole, "{} bytes", first.body.len());
        settle().await;
        let second = site.send("/a").await;
        assert_eq!(second.word(), word);
        assert!(second.body == whole, "{} bytes", second.body.len());
    }
}

#[tokio::test]
async fn a_body_of_no_bytes_is_stored() {
    let site = Site::new(rules(pages()), numbered(|_| Response::new(pieces([])))).await;
    for word in ["MISS", "HIT"] {
        assert_eq!(site.send("/a").await.seen(), seen(word, ""));
    }
}

#[tokio::test]
async fn a_length_is_known_of_a_stored_body() {
    use http_body::Body as _;
    let site = Site::new(rules(pages()), versions()).await;
    site.send("/a").await;
    let hit = site.begin("/a").await.expect("a response");
    assert_eq!(hit.body().size_hint().exact(), Some(2));
    let head = site.begin(request("HEAD", "/a")).await.expect("a response");
    assert!(head.body().is_end_stream());
}
