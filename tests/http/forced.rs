//! Requests and settings that lead past a stored response.

use std::time::Duration;

use cachekit::testing::ManualClock;

use crate::world::{Handler, SECOND, Site, With as _, get, pages, rules, seen, versions};

#[tokio::test]
async fn a_client_cannot_force_a_call_of_the_handler_unless_the_rule_says_so() {
    let asked = || get("/a").with("cache-control", "no-cache");
    let site = Site::new(rules(pages()), versions()).await;
    site.send("/a").await;
    for demand in ["no-cache", "max-age=0", "min-fresh=600", "no-store"] {
        let asked = get("/a").with("cache-control", demand);
        assert_eq!(site.send(asked).await.seen(), seen("HIT", "v1"), "{demand}");
    }
    assert_eq!(
        site.send(get("/a").with("pragma", "no-cache")).await.word(),
        "HIT"
    );
    let rule = pages().honour_request_no_cache(true);
    let site = Site::new(rules(rule), versions()).await;
    site.send("/a").await;
    assert_eq!(site.send(asked()).await.text(), "v2");
    assert_eq!(
        site.send("/a").await.seen(),
        seen("HIT", "v2"),
        "it takes the old one's place"
    );
}

#[tokio::test]
async fn a_cache_that_is_switched_off_stores_nothing() {
    let builder = cachekit_tests::builder().enabled(false);
    let cache = builder.build().await.expect("a valid set-up");
    let handler = Handler::new(versions());
    let site = Site::of(cache, ManualClock::new(), rules(pages()), handler);
    for text in ["v1", "v2"] {
        assert_eq!(site.send("/a").await.seen(), seen("BYPASS", text));
    }
}

/// Nobody waits for another, so nobody but the client needs the rest of the body.
#[tokio::test(start_paused = true)]
async fn a_streamed_body_is_stored_though_misses_do_not_wait_for_one_another() {
    let respond = |_| async {
        let (sender, body) = crate::bodies::open();
        tokio::spawn(async move {
            for text in ["one ", "two"] {
                tokio::time::sleep(Duration::from_millis(10)).await;
                sender.data(text);
            }
        });
        Ok(http::Response::new(body))
    };
    let site = Site::new(rules(pages().coalesce(false)), respond).await;
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "one two"));
    cachekit_tests::settle().await;
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "one two"));
    site.clock.advance(SECOND);
}

/// The first response cannot be stored, and so nobody waits for the second one.
#[tokio::test(start_paused = true)]
async fn a_streamed_body_is_stored_after_one_that_was_not() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let respond = move |_| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            let (sender, body) = crate::bodies::open();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                sender.data("text");
            });
            let response = http::Response::new(body);
            let control = if call == 0 { "no-store" } else { "max-age=60" };
            Ok(response.with("cache-control", control))
        }
    };
    let site = Site::new(rules(pages()), respond).await;
    for word in ["MISS", "MISS", "HIT"] {
        assert_eq!(site.send("/a").await.seen(), seen(word, "text"));
        cachekit_tests::settle().await;
    }
}

/// Only what others wait for, or what can be stored, goes on without its client.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_client_ends_a_call_for_which_nobody_waits() {
    for is_waited_for in [false, true] {
        let (alive, mut ended) = tokio::sync::mpsc::channel::<()>(1);
        let respond = move |_| {
            let alive = alive.clone();
            async move {
                std::future::pending::<()>().await;
                drop(alive);
                Ok(crate::world::ok("text"))
            }
        };
        let site = Site::new(rules(pages().coalesce(is_waited_for)), respond).await;
        let client = site.spawn("/a");
        cachekit_tests::settle().await;
        client.abort();
        cachekit_tests::settle().await;
        // Only the handler itself has the other end.
        let handler = site.handler.calls();
        drop(site);
        cachekit_tests::settle().await;
        let has_ended =
            ended.try_recv() == Err(tokio::sync::mpsc::error::TryRecvError::Disconnected);
        assert_eq!((handler, has_ended), (1, !is_waited_for));
    }
}
