use super::super::date::format::format_http_date;
use super::*;

type Lines<'a> = &'a [(&'static str, &'a str)];

fn headers(lines: Lines<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, value.parse().unwrap());
    }
    headers
}

fn get(request: Lines<'_>, stored: Lines<'_>) -> Precondition {
    let (request, stored) = (headers(request), headers(stored));
    evaluate(&Method::GET, &request, StatusCode::OK, &stored)
}

fn date(time: u64) -> String {
    format_http_date(time).to_str().unwrap().to_owned()
}

#[test]
fn no_condition() {
    assert_eq!(get(&[], &[("etag", "\"a\"")]), Precondition::None);
    let request: Lines<'_> = &[("if-none-match", "\"a\"")];
    for (method, status) in [(Method::POST, 200), (Method::GET, 404)] {
        let status = StatusCode::from_u16(status).unwrap();
        let found = evaluate(&method, &headers(request), status, &headers(&[]));
        assert_eq!(found, Precondition::None);
    }
}

#[test]
fn entity_tags() {
    let stored: Lines<'_> = &[("etag", "\"a\"")];
    for (value, expected) in [
        ("\"a\"", Precondition::NotModified),
        ("W/\"a\"", Precondition::NotModified),
        ("\"x\", \"a\"", Precondition::NotModified),
        ("*", Precondition::NotModified),
        ("\"b\"", Precondition::Modified),
        ("a", Precondition::Modified),
    ] {
        assert_eq!(
            get(&[("if-none-match", value)], stored),
            expected,
            "{value}"
        );
    }
    assert_eq!(
        get(&[("if-none-match", "\"a\"")], &[]),
        Precondition::Modified
    );
    let request = headers(&[("if-none-match", "\"a\"")]);
    let found = evaluate(&Method::HEAD, &request, StatusCode::OK, &headers(stored));
    assert_eq!(found, Precondition::NotModified);
}

#[test]
fn dates() {
    let (early, at, late) = (date(99), date(100), date(101));
    let since = |since: &str, stored: Lines<'_>| get(&[("if-modified-since", since)], stored);
    let stored: Lines<'_> = &[("last-modified", &at), ("date", &late)];
    assert_eq!(since(&at, stored), Precondition::NotModified);
    assert_eq!(since(&late, stored), Precondition::NotModified);
    assert_eq!(since(&early, stored), Precondition::Modified);
    assert_eq!(since("yesterday", stored), Precondition::None);
    assert_eq!(since(&late, &[("date", &at)]), Precondition::NotModified);
    assert_eq!(since(&early, &[("date", &at)]), Precondition::Modified);
    assert_eq!(since(&late, &[]), Precondition::Modified);
    let two = [("if-modified-since", &*at), ("if-modified-since", &*at)];
    assert_eq!(get(&two, stored), Precondition::None);
}

#[test]
fn entity_tags_come_before_dates() {
    let at = date(100);
    let stored: Lines<'_> = &[("last-modified", &at), ("etag", "\"a\"")];
    let request = [("if-none-match", "\"b\""), ("if-modified-since", &*at)];
    assert_eq!(get(&request, stored), Precondition::Modified);
    let early = date(1);
    let request = [("if-none-match", "\"a\""), ("if-modified-since", &*early)];
    assert_eq!(get(&request, stored), Precondition::NotModified);
}

#[test]
fn bypass() {
    assert!(must_bypass(&headers(&[("if-match", "*")])));
    assert!(must_bypass(&headers(&[("if-unmodified-since", "x")])));
    assert!(must_bypass(&headers(&[("if-range", "\"a\"")])));
    let ranged = [("if-range", "\"a\""), ("range", "bytes=0-")];
    assert!(!must_bypass(&headers(&ranged)));
    assert!(!must_bypass(&headers(&[("if-none-match", "*")])));
}

#[test]
fn conditions_are_removed() {
    let mut request = headers(&[
        ("if-none-match", "\"a\""),
        ("if-none-match", "\"b\""),
        ("if-modified-since", "x"),
        ("if-match", "x"),
        ("if-unmodified-since", "x"),
        ("if-range", "x"),
        ("accept", "x"),
    ]);
    assert!(!request.is_empty());
    remove_conditions(&mut request);
    assert!(CONDITIONS.iter().all(|name| !request.contains_key(name)));
    assert_eq!(request.len(), 1);
}

#[test]
fn validators() {
    let mut request = headers(&[("if-none-match", "\"old\"")]);
    assert!(!add_validators(&mut request, &headers(&[("date", "x")])));
    let stored = headers(&[("etag", "W/\"a\""), ("last-modified", "then")]);
    assert!(has_validators(&stored) && !has_validators(&request));
    assert!(add_validators(&mut request, &stored));
    assert_eq!(request.get_all("if-none-match").iter().count(), 1);
    assert_eq!(request["if-none-match"], "W/\"a\"");
    assert_eq!(request["if-modified-since"], "then");
}

#[test]
fn fields_of_a_304() {
    let stored = headers(&[
        ("content-length", "1"),
        ("content-type", "a/b"),
        ("content-encoding", "br"),
        ("content-range", "x"),
        ("content-digest", "x"),
        ("content-md5", "x"),
        ("set-cookie", "x"),
        ("etag", "\"a\""),
        ("vary", "a"),
        ("link", "1"),
        ("link", "2"),
        ("access-control-allow-origin", "*"),
    ]);
    let kept = not_modified_headers(&stored);
    assert_eq!(kept.len(), 5);
    assert_eq!(kept.get_all("link").iter().count(), 2);
}
