//! The shared mode: the header fields of responses decide (RFC 9111).

use std::time::UNIX_EPOCH;

use chrono::{DateTime, TimeDelta};
use http::Response;

use crate::bodies::Body;
use crate::world::{
    Fields, SECOND, Site, With as _, get, numbered, ok, request, seen, shared_rules, status,
};

/// Answers `v1`, `v2` and so on with these fields.
pub(crate) async fn site(fields: &'static [(&str, &str)]) -> Site {
    Site::new(shared_rules(), numbered(move |number| with(number, fields))).await
}

pub(crate) fn with(number: usize, fields: &'static [(&str, &str)]) -> Response<Body> {
    let response = ok(format!("v{number}"));
    fields.iter().fold(response, |response, (name, value)| {
        response.with(name, value)
    })
}

/// The time of day so many seconds from now, as in header fields.
fn date(from_now: i64) -> String {
    let now = UNIX_EPOCH.elapsed().expect("a time of day").as_secs();
    let now = DateTime::from_timestamp(now.cast_signed(), 0).expect("a time");
    let time = now + TimeDelta::seconds(from_now);
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// For how many seconds the first response is served.
async fn lifetime(site: &Site) -> u64 {
    site.send("/a").await;
    for second in 0..1_000 {
        if site.send("/a").await.text() != "v1" {
            return second;
        }
        site.clock.advance(SECOND);
    }
    1_000
}

#[tokio::test]
async fn the_response_s_own_lifetime_counts() {
    let all: [(Fields, u64); 7] = [
        (&[("cache-control", "max-age=10")], 10),
        (&[("cache-control", "max-age=10, s-maxage=20")], 20),
        (&[("cache-control", "max-age=20, s-maxage=10")], 10),
        (&[("cache-control", "max-age=10"), ("age", "4")], 6),
        (
            &[
                ("cache-control", "max-age=10"),
                ("expires", "Fri, 01 Jan 2100 00:00:00 GMT"),
            ],
            10,
        ),
        (
            &[
                ("cache-control", "max-age=10"),
                ("cdn-cache-control", "max-age=30"),
            ],
            30,
        ),
        (&[("cache-control", "max-age=x")], 0),
    ];
    for (fields, seconds) in all {
        assert_eq!(lifetime(&site(fields).await).await, seconds, "{fields:?}");
    }
}

#[tokio::test]
async fn a_response_is_fresh_until_it_expires() {
    let answer = |number| {
        let response = ok(format!("v{number}"));
        response.with("date", &date(0)).with("expires", &date(100))
    };
    let site = Site::new(shared_rules(), numbered(answer)).await;
    let seconds = lifetime(&site).await;
    assert!((98..=101).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn a_response_without_a_lifetime_is_not_stored() {
    let all: [Fields; 6] = [
        &[],
        &[("cache-control", "public")],
        &[("expires", "Fri, 01 Jan 2010 00:00:00 GMT")],
        &[("expires", "0")],
        &[("cache-control", "max-age=10, no-store")],
        &[("cache-control", "max-age=10, private")],
    ];
    for fields in all {
        assert_eq!(lifetime(&site(fields).await).await, 0, "{fields:?}");
    }
}

#[tokio::test]
async fn a_lifetime_is_guessed_only_if_the_rules_say_so() {
    let answer = |number| {
        let response = ok(format!("v{number}"));
        response
            .with("date", &date(0))
            .with("last-modified", &date(-1_000))
    };
    let site = Site::new(shared_rules(), numbered(answer)).await;
    assert_eq!(lifetime(&site).await, 0);
    let site = Site::new(shared_rules().heuristics(true), numbered(answer)).await;
    let seconds = lifetime(&site).await;
    assert!((98..=101).contains(&seconds), "a tenth: {seconds}");
}

#[tokio::test]
async fn a_response_to_an_authorised_request_is_stored_only_if_it_says_so() {
    let all: [(Fields, bool); 4] = [
        (&[("cache-control", "max-age=60")], false),
        (&[("cache-control", "max-age=60, public")], true),
        (&[("cache-control", "s-maxage=60")], true),
        (&[("cache-control", "max-age=60, must-revalidate")], true),
    ];
    for (fields, is_stored) in all {
        let site = site(fields).await;
        let asked = get("/a").with("authorization", "ann");
        assert_eq!(site.send(asked).await.text(), "v1");
        let other = site.send("/a").await;
        assert_eq!(other.text() == "v1", is_stored, "{fields:?}");
    }
}

#[tokio::test]
async fn a_cookie_of_a_request_does_not_count_and_one_of_a_response_does() {
    let site = site(&[("cache-control", "max-age=60")]).await;
    site.send(get("/a").with("cookie", "session=ann")).await;
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v1"));
    let site = self::site(&[("cache-control", "max-age=60"), ("set-cookie", "a=1")]).await;
    site.send("/a").await;
    assert_eq!(site.send("/a").await.text(), "v2");
}

#[tokio::test]
async fn variants_are_told_apart() {
    let site = site(&[("cache-control", "max-age=60"), ("vary", "accept-language")]).await;
    let asked = |language: &str| get("/a").with("accept-language", language);
    assert_eq!(site.send(asked("de")).await.text(), "v1");
    assert_eq!(site.send(asked("en")).await.text(), "v2");
    assert_eq!(site.send(asked("de")).await.seen(), seen("HIT", "v1"));
    assert_eq!(site.send(asked("en")).await.seen(), seen("HIT", "v2"));
}

#[tokio::test]
async fn a_client_that_wants_a_stored_response_alone_gets_504() {
    let site = site(&[("cache-control", "max-age=60")]).await;
    let asked = get("/a").with("cache-control", "only-if-cached");
    let got = site.send(asked.clone()).await;
    assert_eq!((got.status, site.handler.calls()), (504, 0));
    site.send("/a").await;
    assert_eq!(site.send(asked).await.seen(), seen("HIT", "v1"));
}

#[tokio::test]
async fn the_directives_of_a_request_are_honoured() {
    let site = site(&[("cache-control", "max-age=60")]).await;
    let asked = |directive: &str| get("/a").with("cache-control", directive);
    site.send("/a").await;
    site.clock.advance(20 * SECOND);
    for served in ["max-age=30", "min-fresh=30", "max-stale", "max-age=20"] {
        assert_eq!(site.send(asked(served)).await.text(), "v1", "{served}");
    }
    for (number, demanding) in ["no-cache", "max-age=0", "no-cache"].iter().enumerate() {
        let text = format!("v{}", number + 2);
        assert_eq!(
            site.send(asked(demanding)).await.text(),
            text,
            "{demanding}"
        );
        assert_eq!(
            site.send("/a").await.seen(),
            seen("HIT", &text),
            "it takes the old one's place"
        );
    }
    site.clock.advance(20 * SECOND);
    assert_eq!(site.send(asked("max-age=10")).await.text(), "v5");
    site.clock.advance(20 * SECOND);
    assert_eq!(site.send(asked("min-fresh=50")).await.text(), "v6");
    site.clock.advance(70 * SECOND);
    assert_eq!(
        site.send(asked("max-stale=20")).await.seen(),
        seen("STALE", "v6")
    );
    assert_eq!(site.send(asked("max-stale=5")).await.text(), "v7");
}

#[tokio::test]
async fn a_request_with_no_store_is_not_stored() {
    let site = site(&[("cache-control", "max-age=60")]).await;
    let asked = get("/a").with("cache-control", "no-store");
    assert_eq!(site.send(asked).await.text(), "v1");
    assert_eq!(site.send("/a").await.text(), "v2");
}

#[tokio::test]
async fn a_status_is_stored_if_the_response_has_a_lifetime() {
    for code in [200, 203, 301, 404, 410, 500] {
        let answer = move |_| status(code).with("cache-control", "max-age=60");
        let site = Site::new(shared_rules(), numbered(answer)).await;
        site.send("/a").await;
        let got = site.send("/a").await;
        assert_eq!((got.status, got.word().as_str()), (code, "HIT"));
    }
}

#[tokio::test]
async fn the_order_of_a_query_counts() {
    let site = site(&[("cache-control", "max-age=60")]).await;
    site.send("/a?x=1&y=2").await;
    assert_eq!(site.send("/a?y=2&x=1").await.text(), "v2");
    assert_eq!(site.send("/a?x=1&y=2").await.text(), "v1");
}

#[tokio::test]
async fn nothing_is_added_to_what_the_response_says() {
    let site = site(&[("cache-control", "max-age=60")]).await;
    for _ in 0..2 {
        let got = site.send("/a").await;
        assert_eq!(got.field("cache-control").as_deref(), Some("max-age=60"));
        assert_eq!(got.field("etag"), None);
    }
    let head = site.send(request("HEAD", "/a")).await;
    assert_eq!(head.seen(), seen("HIT", ""));
}
