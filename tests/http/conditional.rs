//! Conditional requests: a client that has the current response gets 304.

use http::{Request, Response};

use crate::bodies::Body;
use crate::world::{
    Got, Sent, Site, With as _, get, numbered, ok, pages, request, rules, versions,
};

const MONDAY: &str = "Mon, 02 Nov 2026 10:00:00 GMT";
const TUESDAY: &str = "Tue, 03 Nov 2026 10:00:00 GMT";
const WEDNESDAY: &str = "Wed, 04 Nov 2026 10:00:00 GMT";

/// A site whose every response has a strong entity tag and was last modified on Tuesday.
async fn site() -> Site {
    let answer = |_| {
        ok("text")
            .with("etag", "\"v1\"")
            .with("last-modified", TUESDAY)
    };
    let site = Site::new(rules(pages()), numbered(answer)).await;
    site.send("/a").await;
    site
}

fn none_match(value: &str) -> Sent {
    get("/a").with("if-none-match", value)
}

async fn code(site: &Site, sent: Sent) -> u16 {
    let got = site.send(sent).await;
    assert_eq!(got.word(), "HIT");
    assert_eq!(got.text(), if got.status == 304 { "" } else { "text" });
    got.status
}

#[tokio::test]
async fn a_response_without_an_entity_tag_gets_a_weak_one() {
    let site = Site::new(rules(pages()), versions()).await;
    let first = site.send("/a").await.field("etag").expect("an entity tag");
    assert!(first.starts_with("W/\"") && first.ends_with('"'), "{first}");
    assert_eq!(site.send("/a").await.field("etag"), Some(first.clone()));
    assert_eq!(site.send(none_match(&first)).await.status, 304);
    let other = site.send("/b").await.field("etag");
    assert_ne!(other, Some(first), "it has another body");
}

#[tokio::test]
async fn the_handler_s_entity_tag_is_kept() {
    let site = site().await;
    assert_eq!(
        site.send("/a").await.field("etag").as_deref(),
        Some("\"v1\"")
    );
}

#[tokio::test]
async fn an_entity_tag_is_found_exact_weak_and_in_a_list() {
    let site = site().await;
    let right = [
        "\"v1\"",
        "W/\"v1\"",
        "\"v0\", W/\"v1\"",
        "\"a,b\" , \"v1\"",
        "*",
    ];
    for value in right {
        assert_eq!(code(&site, none_match(value)).await, 304, "{value}");
    }
    let wrong = ["\"v2\"", "\"V1\"", "v1", "\"v1", "\"*\"", "\"x, v1\""];
    for value in wrong {
        assert_eq!(code(&site, none_match(value)).await, 200, "{value}");
    }
    let lines = none_match("\"v0\"").with("if-none-match", "\"v1\"");
    assert_eq!(code(&site, lines).await, 304);
    assert_eq!(site.handler.calls(), 1);
}

#[tokio::test]
async fn the_time_of_the_last_change_counts_if_no_entity_tag_is_sent() {
    let site = site().await;
    for (time, expected) in [
        (MONDAY, 200),
        (TUESDAY, 304),
        (WEDNESDAY, 304),
        ("soon", 200),
    ] {
        let asked = get("/a").with("if-modified-since", time);
        assert_eq!(code(&site, asked).await, expected, "{time}");
    }
    let both = none_match("\"v2\"").with("if-modified-since", WEDNESDAY);
    assert_eq!(code(&site, both).await, 200, "the entity tag decides");
    let both = none_match("\"v1\"").with("if-modified-since", MONDAY);
    assert_eq!(code(&site, both).await, 304, "the entity tag decides");
}

fn with_everything(_: usize) -> Response<Body> {
    ok("text")
        .with("etag", "\"v1\"")
        .with("cache-control", "max-age=30")
        .with("content-location", "/a.html")
        .with("date", TUESDAY)
        .with("expires", WEDNESDAY)
        .with("vary", "accept")
        .with("access-control-allow-origin", "*")
        .with("x-build", "7")
        .with("content-type", "text/plain")
        .with("content-length", "4")
        .with("content-encoding", "identity")
        .with("last-modified", MONDAY)
}

fn assert_not_modified(got: &Got) {
    assert_eq!((got.status, got.text()), (304, ""));
    let kept = [
        ("etag", "\"v1\""),
        ("cache-control", "max-age=30"),
        ("content-location", "/a.html"),
        ("date", TUESDAY),
        ("expires", WEDNESDAY),
        ("vary", "accept"),
        ("access-control-allow-origin", "*"),
        ("x-build", "7"),
    ];
    for (name, value) in kept {
        assert_eq!(got.field(name).as_deref(), Some(value), "{name}");
    }
    for name in ["content-type", "content-length", "content-encoding"] {
        assert_eq!(got.field(name), None, "{name}");
    }
}

#[tokio::test]
async fn a_304_has_the_fields_of_the_response_but_not_those_of_the_body() {
    let site = Site::new(rules(pages()), numbered(with_everything)).await;
    let miss = site.send(none_match("\"v1\"")).await;
    assert_eq!(miss.word(), "MISS");
    assert_not_modified(&miss);
    let hit = site.send(none_match("\"v1\"")).await;
    assert_eq!(hit.word(), "HIT");
    assert_not_modified(&hit);
}

#[tokio::test]
async fn the_handler_does_not_get_the_client_s_conditions() {
    let site = Site::new(rules(pages()), numbered(with_everything)).await;
    let asked = none_match("\"v1\"").with("if-modified-since", TUESDAY);
    assert_eq!(site.send(asked).await.status, 304);
    for name in ["if-none-match", "if-modified-since"] {
        assert!(site.handler.last(name).is_empty(), "{name}");
    }
    let whole = site.send("/a").await;
    assert_eq!(
        (whole.status, whole.word().as_str(), whole.text()),
        (200, "HIT", "text")
    );
}

#[tokio::test]
async fn a_condition_for_a_write_reaches_the_handler() {
    let respond = async |request: Request<()>| {
        let has_condition = request.headers().contains_key("if-match")
            || request.headers().contains_key("if-unmodified-since");
        Ok(ok(if has_condition { "checked" } else { "text" }))
    };
    let site = Site::new(rules(pages()), respond).await;
    site.send("/a").await;
    for (name, value) in [("if-match", "\"v1\""), ("if-unmodified-since", TUESDAY)] {
        assert_eq!(
            site.send(get("/a").with(name, value)).await.text(),
            "checked"
        );
    }
    let hit = site.send("/a").await;
    assert_eq!((hit.word().as_str(), hit.text()), ("HIT", "text"));
}

#[tokio::test]
async fn a_head_request_is_conditional_too() {
    let site = site().await;
    let asked = request("HEAD", "/a").with("if-none-match", "\"v1\"");
    assert_eq!(site.send(asked).await.status, 304);
}

#[tokio::test]
async fn a_response_with_another_status_has_no_304() {
    let answer = |_| crate::world::status(404).with("etag", "\"v1\"");
    let rule = pages().negative_ttl(crate::world::SECOND);
    let site = Site::new(rules(rule), numbered(answer)).await;
    for word in ["MISS", "HIT"] {
        let got = site.send(none_match("\"v1\"")).await;
        assert_eq!((got.status, got.word().as_str()), (404, word));
    }
}
