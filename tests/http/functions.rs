//! Responses made by handlers that call cached functions: what invalidates the function's value
//! invalidates the response, without a rule.

use cachekit::http::Rule;
use cachekit::{cached, invalidates};
use cachekit_tests::{Source, settle};

use crate::world::{SECOND, Site, With as _, ok, pages, rules, seen};

#[cached(name = "http_user", key = "http-user:{id}", ttl = 300, tags = ["team:{id}"], skip(source))]
async fn user(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(
    name = "http_short",
    key = "http-short",
    ttl = 20,
    stale = 600,
    skip(source)
)]
async fn short(source: &Source) -> u64 {
    source.read().await
}

#[invalidates(user(_, id))]
async fn rename(source: &Source, id: u64) {
    source.write(1);
}

/// A site whose pages show the user 7, or the value of `short`.
async fn site(rule: Rule) -> (Site, Source) {
    let source = Source::default();
    source.gate.open_for_all();
    let respond = {
        let source = source.clone();
        move |request: http::Request<()>| {
            let source = source.clone();
            async move {
                let shown = match request.uri().path() {
                    "/short" => short(&source).await,
                    _ => user(&source, 7).await,
                };
                Ok(ok(format!("v{shown}")))
            }
        }
    };
    (Site::new(rules(rule), respond).await, source)
}

#[tokio::test]
async fn the_write_that_invalidates_a_function_invalidates_the_pages_that_show_its_value() {
    let (site, source) = site(pages()).await;
    for path in ["/profile", "/team"] {
        assert_eq!(site.send(path).await.seen(), seen("MISS", "v0"));
        assert_eq!(site.send(path).await.seen(), seen("HIT", "v0"));
    }
    cachekit::testing::scope(site.cache.clone(), rename(&source, 7)).await;
    for path in ["/profile", "/team"] {
        assert_eq!(site.send(path).await.seen(), seen("MISS", "v1"));
        assert_eq!(site.send(path).await.seen(), seen("HIT", "v1"));
    }
}

#[tokio::test]
async fn a_key_and_a_tag_of_the_function_invalidate_the_page() {
    let (site, source) = site(pages()).await;
    for version in 1..4 {
        site.send("/profile").await;
        source.write(version);
        match version {
            1 => site.cache.invalidate("http-user:7").await,
            2 => site.cache.invalidate_tags(["team:7"]).await,
            _ => cachekit::testing::scope(site.cache.clone(), user::invalidate_all()).await,
        }
        let got = site.send("/profile").await;
        assert_eq!(got.seen(), seen("MISS", &format!("v{version}")));
    }
}

#[tokio::test]
async fn another_entry_of_the_function_does_not_invalidate_the_page() {
    let (site, source) = site(pages()).await;
    site.send("/profile").await;
    cachekit::testing::scope(site.cache.clone(), rename(&source, 8)).await;
    assert_eq!(site.send("/profile").await.word(), "HIT");
}

#[tokio::test]
async fn a_rule_can_say_that_its_responses_depend_on_nothing() {
    let (site, source) = site(pages().depends(false)).await;
    site.send("/profile").await;
    cachekit::testing::scope(site.cache.clone(), rename(&source, 7)).await;
    assert_eq!(site.send("/profile").await.seen(), seen("HIT", "v0"));
}

#[tokio::test]
async fn a_page_is_fresh_no_longer_than_the_value_that_it_shows() {
    let (site, source) = site(pages()).await;
    site.send("/short").await;
    source.write(1);
    site.clock.advance(19 * SECOND);
    assert_eq!(site.send("/short").await.seen(), seen("HIT", "v0"));
    site.clock.advance(SECOND);
    assert_eq!(site.send("/short").await.word(), "MISS");
    settle().await;
    assert_eq!(site.send("/short").await.text(), "v1");
}

/// The function serves its old value while it computes. A page made of it is not fresh.
#[tokio::test]
async fn a_page_made_of_a_stale_value_is_not_kept_as_a_fresh_one() {
    let (site, source) = site(pages()).await;
    site.send("/short").await;
    source.write(1);
    site.clock.advance(30 * SECOND);
    assert_eq!(site.send("/short").await.seen(), seen("MISS", "v0"));
    settle().await;
    assert_eq!(site.send("/short").await.seen(), seen("MISS", "v1"));
    assert_eq!(site.send("/short").await.seen(), seen("HIT", "v1"));
}

/// The value changes after the handler has read it.
#[tokio::test]
async fn a_page_of_an_old_value_is_never_served_after_the_write() {
    let source = Source::default();
    source.gate.open_for_all();
    let gate = cachekit_tests::Gate::new();
    let respond = {
        let (source, gate) = (source.clone(), gate.clone());
        move |_: http::Request<()>| {
            let (source, gate) = (source.clone(), gate.clone());
            async move {
                let shown = user(&source, 7).await;
                gate.pass().await;
                Ok(ok(format!("v{shown}")))
            }
        }
    };
    let site = Site::new(rules(pages()), respond).await;
    let reader = site.spawn("/profile");
    gate.arrived().await;
    cachekit::testing::scope(site.cache.clone(), rename(&source, 7)).await;
    gate.open_for_all();
    assert_eq!(reader.await.expect("no panic").text(), "v0");
    settle().await;
    assert_eq!(site.send("/profile").await.seen(), seen("MISS", "v1"));
}

#[tokio::test]
async fn what_a_handler_reads_for_a_response_that_is_not_stored_is_still_cached() {
    let source = Source::default();
    source.gate.open_for_all();
    let respond = {
        let source = source.clone();
        move |_: http::Request<()>| {
            let source = source.clone();
            async move {
                let shown = user(&source, 7).await;
                Ok(ok(format!("v{shown}")).with("cache-control", "no-store"))
            }
        }
    };
    let site = Site::new(rules(pages()), respond).await;
    for _ in 0..3 {
        assert_eq!(site.send("/profile").await.seen(), seen("MISS", "v0"));
    }
    assert_eq!((source.runs(), site.handler.calls()), (1, 3));
}
