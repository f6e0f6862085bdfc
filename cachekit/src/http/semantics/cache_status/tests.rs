use proptest::prelude::*;

use super::super::structured;
use super::*;

const FORWARDED: Outcome = Outcome::Forwarded {
    reason: Forward::UriMiss,
    status: Some(200),
    stored: true,
    collapsed: true,
};

fn status(outcome: Outcome) -> CacheStatus<'static> {
    let (cache, detail) = ("cachekit", None);
    CacheStatus {
        cache,
        outcome,
        detail,
    }
}

fn forwarded(reason: Forward, status: Option<u16>) -> Outcome {
    let (stored, collapsed) = (false, false);
    Outcome::Forwarded {
        reason,
        status,
        stored,
        collapsed,
    }
}

#[test]
fn texts() {
    assert_eq!(
        status(Outcome::Hit { ttl: 57 }).text(),
        "cachekit; hit; ttl=57"
    );
    let stale = CacheStatus {
        detail: Some("swr"),
        ..status(Outcome::Hit { ttl: -3 })
    };
    assert_eq!(stale.text(), "cachekit; hit; ttl=-3; detail=swr");
    let text = status(FORWARDED).text();
    assert_eq!(
        text,
        "cachekit; fwd=uri-miss; fwd-status=200; stored; collapsed"
    );
    let bypass = status(forwarded(Forward::Bypass, None));
    let bypass = CacheStatus {
        detail: Some("a cookie \"x\""),
        ..bypass
    };
    assert_eq!(
        bypass.text(),
        r#"cachekit; fwd=bypass; detail="a cookie \"x\"""#
    );
    let named = CacheStatus {
        cache: "my cache é",
        ..status(Outcome::Hit { ttl: 0 })
    };
    assert_eq!(named.text(), "\"my cache ?\"; hit; ttl=0");
}

#[test]
fn reasons() {
    for (reason, text) in [
        (Forward::Method, "method"),
        (Forward::VaryMiss, "vary-miss"),
        (Forward::Request, "request"),
        (Forward::Stale, "stale"),
    ] {
        let status = status(forwarded(reason, None));
        assert_eq!(status.text(), format!("cachekit; fwd={text}"));
    }
}

#[test]
fn other_caches_come_first() {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_STATUS, HeaderValue::from_static("origin; hit"));
    append(&mut headers, &status(Outcome::Hit { ttl: 1 }));
    let lines: Vec<_> = headers.get_all(CACHE_STATUS).iter().collect();
    assert_eq!(lines, ["origin; hit", "cachekit; hit; ttl=1"]);
}

#[test]
fn words_of_x_cache() {
    for (outcome, word) in [
        (Outcome::Hit { ttl: 0 }, "HIT"),
        (Outcome::Hit { ttl: -1 }, "STALE"),
        (FORWARDED, "MISS"),
        (forwarded(Forward::Stale, Some(304)), "REVALIDATED"),
        (forwarded(Forward::Stale, Some(200)), "MISS"),
        (forwarded(Forward::Bypass, Some(304)), "BYPASS"),
        (forwarded(Forward::Method, None), "BYPASS"),
    ] {
        let mut headers = HeaderMap::new();
        set_x_cache(&mut headers, &status(outcome));
        assert_eq!(headers[X_CACHE], word);
    }
}

proptest! {
    #[test]
    fn every_text_is_a_structured_field(detail: String, cache in "[ -~]{0,20}") {
        let outcome = Outcome::Hit { ttl: i64::MIN };
        let status = CacheStatus { cache: &cache, outcome, detail: Some(&detail) };
        let mut headers = HeaderMap::new();
        append(&mut headers, &status);
        // As a dictionary's value, the member is an item with parameters.
        let text = format!("a={}", token_or_string(&detail));
        headers.insert("x", text.parse().unwrap());
        let name = HeaderName::from_static("x");
        prop_assert!(structured::dictionary(&headers, &name).is_some());
        prop_assert!(headers.contains_key(CACHE_STATUS));
    }
}
