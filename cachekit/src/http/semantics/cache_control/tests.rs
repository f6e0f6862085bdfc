use http::HeaderValue;
use proptest::prelude::*;

use super::super::numbers::MAX_SECONDS;
use super::*;

fn headers(name: &'static str, lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(name, line.parse().unwrap());
    }
    headers
}

fn response(lines: &[&str]) -> CacheControl {
    CacheControl::of_response(&headers("cache-control", lines))
}

fn targeted(line: &str) -> Option<CacheControl> {
    CacheControl::targeted(&headers("cdn-cache-control", &[line]))
}

#[test]
fn flags_in_any_case_and_line() {
    let control = response(&["No-StOrE, public", "must-revalidate,proxy-revalidate"]);
    assert!(control.no_store && control.public);
    assert!(control.must_revalidate && control.proxy_revalidate);
    let control = response(&["must-understand, immutable, only-if-cached"]);
    assert!(control.must_understand && control.immutable && control.only_if_cached);
    assert!(!control.no_store);
}

#[test]
fn the_first_of_equal_directives_counts() {
    assert_eq!(response(&["max-age=1800, max-age=1"]).max_age, Some(1_800));
    assert_eq!(response(&["max-age=1", "max-age=1800"]).max_age, Some(1));
    assert_eq!(response(&["max-age=x, max-age=9"]).max_age, Some(0));
}

#[test]
fn wrong_lifetimes_are_zero() {
    for wrong in [
        "max-age",
        "max-age=",
        "max-age=-1",
        "max-age=1.5",
        "max-age=a1",
        "max-age='9'",
    ] {
        assert_eq!(response(&[wrong]).max_age, Some(0), "{wrong}");
    }
    assert_eq!(response(&["max-age =9"]).max_age, Some(0));
    assert_eq!(response(&["max-age= 9"]).max_age, Some(0));
    assert_eq!(response(&["s-maxage=x"]).s_maxage, Some(0));
    assert_eq!(response(&["stale-if-error=x"]).stale_if_error, None);
}

#[test]
fn quoted_and_large_numbers() {
    assert_eq!(response(&["max-age=\"3600\""]).max_age, Some(3_600));
    assert_eq!(
        response(&["max-age=99999999999"]).max_age,
        Some(MAX_SECONDS)
    );
    let control = response(&["x=\"max-age=3600\", max-age=1, stale-while-revalidate=5"]);
    assert_eq!(control.max_age, Some(1));
    assert_eq!(control.stale_while_revalidate, Some(5));
}

#[test]
fn fields_of_no_cache_and_private() {
    let control = response(&["no-cache=\"A, b\", private=\"c\""]);
    assert!(!control.no_cache && control.private);
    assert_eq!(control.no_cache_fields, ["a", "b"]);
    assert_eq!(control.private_fields, ["c"]);
}

#[test]
fn no_cache_without_fields_holds_for_all() {
    let control = response(&["no-cache=\"a\", no-cache"]);
    assert!(control.no_cache && control.no_cache_fields.is_empty());
    assert!(response(&["no-cache=\"a, (b\""]).no_cache);
    assert!(response(&["no-cache=\"\""]).no_cache);
}

#[test]
fn requests_and_pragma() {
    let pragma = headers("pragma", &["x, No-Cache"]);
    assert!(CacheControl::of_request(&pragma).no_cache);
    let mut both = pragma.clone();
    both.insert(
        "cache-control",
        HeaderValue::from_static("max-stale, min-fresh=3"),
    );
    let control = CacheControl::of_request(&both);
    assert!(!control.no_cache);
    assert_eq!(
        (control.max_stale, control.min_fresh),
        (Some(None), Some(3))
    );
    assert_eq!(response(&["max-stale=5"]).max_stale, Some(Some(5)));
    assert_eq!(response(&["max-stale=x"]).max_stale, None);
    assert!(!CacheControl::of_response(&pragma).no_cache);
}

#[test]
fn targeted_directives() {
    let control = targeted("max-age=60, no-cache=\"a\", foo=bar, must-revalidate;x=1").unwrap();
    assert_eq!(control.max_age, Some(60));
    assert_eq!(control.no_cache_fields, ["a"]);
    assert!(control.must_revalidate && control.is_targeted && !control.no_cache);
    assert_eq!(
        targeted("max-age=99999999999").unwrap().max_age,
        Some(MAX_SECONDS)
    );
    assert_eq!(targeted("max-age=-5").unwrap().max_age, Some(0));
    assert!(targeted("private").unwrap().private);
    assert!(targeted("no-cache").unwrap().no_cache);
    assert!(
        !targeted("no-store=?0, no-cache=?0, private=?0")
            .unwrap()
            .no_store
    );
}

#[test]
fn a_wrong_targeted_field_is_ignored() {
    for wrong in [
        "",
        "max-age=10000, &&&&&",
        "max-age=\"10000\"",
        "max-age",
        "max-age=1.0",
        "MaX-aGe=1",
        "max-age =100",
        "max-age= 100",
        "no-store=1",
        "no-cache=1",
        "private=x",
        "stale-if-error=x",
    ] {
        assert_eq!(targeted(wrong), None, "{wrong}");
    }
}

#[test]
fn a_targeted_field_replaces_cache_control() {
    let mut headers = headers("cache-control", &["no-store"]);
    assert!(CacheControl::effective(&headers).no_store);
    headers.insert("cdn-cache-control", HeaderValue::from_static("max-age=5"));
    let control = CacheControl::effective(&headers);
    assert!(!control.no_store && control.max_age == Some(5));
}

proptest! {
    #[test]
    fn no_text_panics(
        bytes: Vec<u8>,
        likely in "(max-age|no-cache|max-stale|private)?[= \",a0-9\\\\]{0,30}",
    ) {
        for text in [&bytes[..], likely.as_bytes()] {
            let Ok(value) = HeaderValue::from_bytes(text) else { continue };
            let mut headers = HeaderMap::new();
            for name in ["cache-control", "cdn-cache-control", "pragma"] {
                headers.append(name, value.clone());
                headers.append(name, value.clone());
            }
            let _ = CacheControl::of_request(&headers);
            prop_assert!(CacheControl::of_response(&headers).max_age <= Some(MAX_SECONDS));
            let _ = CacheControl::effective(&headers);
        }
    }
}
