//! The header fields of answers: those of the handler, the age, and the words that say how a
//! request was answered.

use cachekit::http::{Downstream, RuleSet, SetCookie, StatusHeader};

use crate::world::{
    MakeResponse, SECOND, Site, With as _, get, numbered, ok, pages, request, rules, status,
    versions,
};

const TUESDAY: &str = "Tue, 03 Nov 2026 10:00:00 GMT";

#[tokio::test]
async fn repeated_fields_stay_apart() {
    let answer = |_| {
        let link = ok("text").with("link", "</a.css>; rel=preload");
        link.with("link", "</b.js>; rel=preload").with("x-one", "1")
    };
    let site = Site::new(rules(pages()), numbered(answer)).await;
    for word in ["MISS", "HIT", "HIT"] {
        let got = site.send("/a").await;
        assert_eq!(got.word(), word);
        assert_eq!(
            got.all("link"),
            ["</a.css>; rel=preload", "</b.js>; rel=preload"]
        );
        assert_eq!(got.field("x-one").as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn the_fields_of_a_connection_are_not_stored() {
    let answer = |_| {
        let response = ok("text")
            .with("connection", "x-hop, close")
            .with("x-hop", "1");
        response.with("keep-alive", "timeout=5").with("x-kept", "1")
    };
    let site = Site::new(rules(pages()), numbered(answer)).await;
    site.send("/a").await;
    let hit = site.send("/a").await;
    for name in ["connection", "x-hop", "keep-alive"] {
        assert_eq!(hit.field(name), None, "{name}");
    }
    assert_eq!(hit.field("x-kept").as_deref(), Some("1"));
}

#[tokio::test]
async fn the_age_grows_and_the_date_stays() {
    let answer = |_| ok("text").with("date", TUESDAY);
    let site = Site::new(rules(pages()), numbered(answer)).await;
    let miss = site.send("/a").await;
    assert_eq!(miss.field("date").as_deref(), Some(TUESDAY));
    for age in [0, 7, 14] {
        let hit = site.send("/a").await;
        assert_eq!(hit.field("age"), Some(age.to_string()));
        assert_eq!(hit.field("date").as_deref(), Some(TUESDAY));
        site.clock.advance(7 * SECOND);
    }
}

#[tokio::test]
async fn cache_status_says_how_a_request_was_answered() {
    let site = Site::new(rules(pages().swr(30 * SECOND)), versions()).await;
    let miss = site.send("/a").await;
    assert_eq!(
        miss.cache_status(),
        "cachekit; fwd=uri-miss; fwd-status=200; stored"
    );
    site.clock.advance(3 * SECOND);
    assert_eq!(
        site.send("/a").await.cache_status(),
        "cachekit; hit; ttl=57"
    );
    site.clock.advance(60 * SECOND);
    let stale = site.send("/a").await;
    assert_eq!(stale.cache_status(), "cachekit; hit; ttl=-3; detail=swr");
    assert_eq!(stale.word(), "STALE");
    let write = site.send(request("PUT", "/a")).await;
    assert!(
        write.cache_status().starts_with("cachekit; fwd=method"),
        "{}",
        write.cache_status()
    );
    let secret = site.send(get("/a").with("cookie", "a=1")).await;
    let secret_status = secret.cache_status();
    assert!(
        secret_status.starts_with("cachekit; fwd=bypass"),
        "{secret_status}"
    );
    assert!(secret_status.contains("detail=cookie"), "{secret_status}");
}

#[tokio::test]
async fn a_response_that_is_not_stored_is_not_said_to_be() {
    let answer = |_| ok("text").with("cache-control", "no-store");
    let site = Site::new(rules(pages()), numbered(answer)).await;
    let got = site.send("/a").await;
    assert_eq!(got.word(), "MISS");
    assert!(
        !got.cache_status().contains("stored"),
        "{}",
        got.cache_status()
    );
}

#[tokio::test]
async fn the_cache_adds_to_the_cache_status_of_others() {
    let answer = |_| ok("text").with("cache-status", "origin; hit");
    let named = rules(pages()).cache_name("edge");
    let site = Site::new(named, numbered(answer)).await;
    for own in [
        "edge; fwd=uri-miss; fwd-status=200; stored",
        "edge; hit; ttl=60",
    ] {
        let all = site.send("/a").await.all("cache-status").join(", ");
        assert_eq!(all, format!("origin; hit, {own}"));
    }
}

#[tokio::test]
async fn the_fields_that_say_how_are_chosen() {
    let chosen = [
        (StatusHeader::CacheStatus, true, false),
        (StatusHeader::XCache, false, true),
        (StatusHeader::Both, true, true),
        (StatusHeader::Off, false, false),
    ];
    for (header, is_standard, is_short) in chosen {
        let rules = RuleSet::owned().rule(pages()).status_header(header);
        let site = Site::new(rules, versions()).await;
        for _ in 0..2 {
            let got = site.send("/a").await;
            let fields = (got.field("cache-status"), got.field("x-cache"));
            assert_eq!(
                (fields.0.is_some(), fields.1.is_some()),
                (is_standard, is_short)
            );
        }
    }
}

#[tokio::test]
async fn clients_ask_each_time_unless_the_handler_or_the_rule_says_otherwise() {
    let answer = |number| {
        let response = ok("text");
        if number == 1 {
            response
        } else {
            response.with("cache-control", "max-age=5")
        }
    };
    let site = Site::new(rules(pages()), numbered(answer)).await;
    for (path, value) in [("/a", "no-cache"), ("/b", "max-age=5")] {
        for _ in 0..2 {
            assert_eq!(
                site.send(path).await.field("cache-control").as_deref(),
                Some(value)
            );
        }
    }
    let kept = pages().downstream(Downstream::MaxAge(30 * SECOND));
    for (rule, value) in [
        (kept, Some("max-age=30")),
        (pages().downstream(Downstream::Off), None),
    ] {
        let site = Site::new(rules(rule), versions()).await;
        for _ in 0..2 {
            assert_eq!(
                site.send("/a").await.field("cache-control").as_deref(),
                value
            );
        }
    }
}

/// Others would keep a failure, or give a response to clients that it is not for.
#[tokio::test]
async fn what_is_not_stored_here_is_not_kept_by_others_for_the_rule_s_time() {
    let all: [(MakeResponse, &str); 5] = [
        (|| status(200), "max-age=30"),
        (|| status(404), "no-cache"),
        (|| status(500), "no-cache"),
        (|| ok("text").with("vary", "cookie"), "no-cache"),
        (|| ok("text").with("set-cookie", "a=1"), "no-cache"),
    ];
    for set_cookie in [SetCookie::Refuse, SetCookie::Strip] {
        for (answer, value) in all {
            let rule = pages().downstream(Downstream::MaxAge(30 * SECOND));
            let rules = rules(rule.set_cookie(set_cookie));
            let site = Site::new(rules, numbered(move |_| answer())).await;
            let got = site.send("/a").await;
            assert_eq!(
                got.field("cache-control").as_deref(),
                Some(value),
                "{}",
                got.status
            );
        }
    }
}

#[tokio::test]
async fn a_refused_range_is_not_kept_by_others() {
    let answer = |_| ok("text").with("expires", "Fri, 01 Jan 2100 00:00:00 GMT");
    let rule = pages().downstream(Downstream::MaxAge(30 * SECOND));
    let site = Site::new(rules(rule), numbered(answer)).await;
    site.send("/a").await;
    let got = site.send(get("/a").with("range", "bytes=9-")).await;
    assert_eq!(got.status, 416);
    assert_eq!(got.field("cache-control").as_deref(), Some("no-cache"));
    assert_eq!(got.field("expires"), None);
}
