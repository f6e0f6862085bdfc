//! Requests for a part of a response.

use http::Request;

use crate::world::{Answer, Got, Site, With as _, get, ok, pages, request, rules, seen};

/// Answers with ten bytes, or with the part that was asked for.
async fn ten(request: Request<()>) -> Answer {
    if request.headers().contains_key("range") {
        let mut part = ok("234").with("content-range", "bytes 2-4/10");
        *part.status_mut() = http::StatusCode::PARTIAL_CONTENT;
        return Ok(part);
    }
    Ok(ok("0123456789").with("etag", "\"v1\""))
}

async fn site() -> Site {
    let site = Site::new(rules(pages()), ten).await;
    site.send("/a").await;
    site
}

async fn part(site: &Site, range: &str) -> Got {
    let got = site.send(get("/a").with("range", range)).await;
    assert_eq!(got.word(), "HIT");
    got
}

#[tokio::test]
async fn a_part_of_a_stored_response_is_sent() {
    let site = site().await;
    let parts = [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=7-99", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-99", "0123456789", "bytes 0-9/10"),
    ];
    for (range, text, content_range) in parts {
        let got = part(&site, range).await;
        assert_eq!((got.status, got.text()), (206, text), "{range}");
        assert_eq!(got.field("content-range").as_deref(), Some(content_range));
        assert_eq!(got.field("etag").as_deref(), Some("\"v1\""));
        let length = got.field("content-length");
        assert!(
            length.is_none_or(|length| length == text.len().to_string()),
            "{range}"
        );
    }
    assert_eq!(site.handler.calls(), 1);
}

#[tokio::test]
async fn a_part_that_is_not_there_is_refused() {
    let site = site().await;
    for range in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
        let got = part(&site, range).await;
        assert_eq!((got.status, got.text()), (416, ""), "{range}");
        assert_eq!(got.field("content-range").as_deref(), Some("bytes */10"));
    }
}

#[tokio::test]
async fn a_range_that_is_not_understood_gets_the_whole_response() {
    let site = site().await;
    for range in [
        "bytes=0-1,4-5",
        "bytes=4-2",
        "lines=0-1",
        "bytes=",
        "bytes=a-b",
    ] {
        let got = part(&site, range).await;
        assert_eq!((got.status, got.text()), (200, "0123456789"), "{range}");
        assert_eq!(got.field("content-range"), None);
    }
}

#[tokio::test]
async fn a_range_of_another_version_gets_the_whole_response() {
    let site = site().await;
    let asked = |version: &str| {
        get("/a")
            .with("range", "bytes=2-4")
            .with("if-range", version)
    };
    assert_eq!(site.send(asked("\"v1\"")).await.status, 206);
    assert_eq!(site.send(asked("\"v0\"")).await.status, 200);
    assert_eq!(site.send(asked("W/\"v1\"")).await.status, 200);
}

#[tokio::test]
async fn a_part_that_the_handler_sends_is_not_stored() {
    let site = Site::new(rules(pages()), ten).await;
    for _ in 0..2 {
        let got = site.send(get("/a").with("range", "bytes=2-4")).await;
        assert_eq!((got.status, got.text()), (206, "234"));
        assert_eq!(got.field("content-range").as_deref(), Some("bytes 2-4/10"));
    }
    assert_eq!(site.handler.last("range"), ["bytes=2-4"]);
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "0123456789"));
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "0123456789"));
}

#[tokio::test]
async fn a_range_of_a_head_request_is_ignored() {
    let site = site().await;
    let got = site
        .send(request("HEAD", "/a").with("range", "bytes=2-4"))
        .await;
    assert_eq!((got.status, got.text()), (200, ""));
    assert_eq!(got.field("content-length").as_deref(), Some("10"));
}
