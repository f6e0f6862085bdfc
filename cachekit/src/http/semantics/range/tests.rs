use http::header::{DATE, ETAG, LAST_MODIFIED};
use proptest::prelude::*;

use super::super::date::format::format_http_date;
use super::*;

fn ask(range: &str, len: u64) -> RangeAnswer {
    let mut request = HeaderMap::new();
    request.insert(RANGE, range.parse().unwrap());
    select(&Method::GET, &request, &HeaderMap::new(), len)
}

fn part(start: u64, end: u64) -> RangeAnswer {
    RangeAnswer::Part { start, end }
}

#[test]
fn one_range() {
    for (range, answer) in [
        ("bytes=0-1", part(0, 1)),
        ("Bytes=2-2", part(2, 2)),
        ("bytes=1-", part(1, 9)),
        ("bytes=-1", part(9, 9)),
        ("bytes=-99", part(0, 9)),
        ("bytes=5-99999999999999999999999", part(5, 9)),
        ("bytes= 0-1 ,", part(0, 1)),
        ("bytes=10-", RangeAnswer::Unsatisfiable),
        ("bytes=10-12", RangeAnswer::Unsatisfiable),
        ("bytes=-0", RangeAnswer::Unsatisfiable),
    ] {
        assert_eq!(ask(range, 10), answer, "{range}");
    }
}

#[test]
fn all_else_is_complete() {
    for range in [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=2-1",
        "bytes=0-1,3-4",
        "items=0-1",
        "bytes=0",
        "bytes=0-1-2",
        "bytes=+1-2",
        "bytes =0-1",
    ] {
        assert_eq!(ask(range, 10), RangeAnswer::Full, "{range}");
    }
    let mut request = HeaderMap::new();
    let select_from = |request: &HeaderMap| select(&Method::GET, request, &HeaderMap::new(), 10);
    assert_eq!(select_from(&request), RangeAnswer::Full);
    request.insert(RANGE, "bytes=0-1".parse().unwrap());
    let head = select(&Method::HEAD, &request, &HeaderMap::new(), 10);
    assert_eq!(head, RangeAnswer::Full);
    request.append(RANGE, "bytes=0-1".parse().unwrap());
    assert_eq!(select_from(&request), RangeAnswer::Full);
}

#[test]
fn an_empty_body_has_no_ranges() {
    for range in ["bytes=0-", "bytes=-1", "bytes=0-0"] {
        assert_eq!(ask(range, 0), RangeAnswer::Unsatisfiable, "{range}");
    }
}

#[test]
fn content_range() {
    assert_eq!(part(0, 1).content_range(10).unwrap(), "bytes 0-1/10");
    assert_eq!(
        RangeAnswer::Unsatisfiable.content_range(10).unwrap(),
        "bytes */10"
    );
    assert_eq!(RangeAnswer::Full.content_range(10), None);
}

/// Returns `true` if `If-Range` holds for a response of second 100 with the date `date`.
fn holds(if_range: &str, etag: &str, date: u64) -> bool {
    let mut request = HeaderMap::new();
    request.insert(RANGE, "bytes=0-1".parse().unwrap());
    request.insert(IF_RANGE, if_range.parse().unwrap());
    let mut stored = HeaderMap::new();
    stored.insert(ETAG, etag.parse().unwrap());
    stored.insert(LAST_MODIFIED, format_http_date(100));
    stored.insert(DATE, format_http_date(date));
    select(&Method::GET, &request, &stored, 10) == part(0, 1)
}

#[test]
fn if_range_compares_strongly() {
    assert!(holds("\"a\"", "\"a\"", 200));
    assert!(!holds("\"b\"", "\"a\"", 200));
    assert!(!holds("W/\"a\"", "W/\"a\"", 200));
    assert!(!holds("\"a\"", "W/\"a\"", 200));
    let at = |time: u64| format_http_date(time).to_str().unwrap().to_owned();
    assert!(holds(&at(100), "\"a\"", 200));
    assert!(!holds(&at(101), "\"a\"", 200));
    assert!(!holds(&at(99), "\"a\"", 200));
    assert!(!holds(&at(100), "\"a\"", 100));
    assert!(!holds("junk", "\"a\"", 200));
}

proptest! {
    #[test]
    fn a_part_is_inside_the_body(range in "bytes=[0-9,-]{0,25}", len: u64) {
        if let RangeAnswer::Part { start, end } = ask(&range, len) {
            prop_assert!(start <= end && end < len);
        }
    }
}
