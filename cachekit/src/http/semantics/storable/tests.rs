use http::HeaderValue;
use proptest::prelude::*;

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

fn plan_of(status: u16, request: Lines<'_>, response: Lines<'_>) -> Result<StorePlan, NotStored> {
    with_policy(&SharedPolicy::default(), status, request, response)
}

fn with_policy(
    policy: &SharedPolicy,
    status: u16,
    request: Lines<'_>,
    response: Lines<'_>,
) -> Result<StorePlan, NotStored> {
    let status = StatusCode::from_u16(status).unwrap();
    let (request, response) = (headers(request), headers(response));
    shared_plan(policy, &Method::GET, &request, status, &response, 1_000, 2)
}

/// The reason why a response with these fields is not stored, or "stored".
fn reason(status: u16, request: Lines<'_>, response: Lines<'_>) -> &'static str {
    let mut all = response.to_vec();
    all.push(("cache-control", "max-age=60"));
    match plan_of(status, request, &all) {
        Ok(_) => "stored",
        Err(reason) => reason.as_str(),
    }
}

#[test]
fn forbidden_responses() {
    let cases: [(&'static str, &str, &str); 19] = [
        ("x", "y", "stored"),
        ("vary", "a", "stored"),
        ("content-type", "text/plain", "stored"),
        ("cache-control", "no-store", "no-store"),
        ("cache-control", "private", "private"),
        ("cache-control", "private=\"x\"", "private"),
        ("set-cookie", "a=b", "set-cookie"),
        ("vary", "a, *", "vary-star"),
        ("vary", "a, Cookie", "vary-cookie"),
        ("vary", "authorization", "vary-authorization"),
        ("vary", "user-agent", "vary-user-agent"),
        ("trailer", "x", "trailers"),
        (
            "content-type",
            "Text/Event-Stream; charset=utf-8",
            "event-stream",
        ),
        (
            "content-type",
            "multipart/x-mixed-replace;boundary=x",
            "event-stream",
        ),
        ("content-type", "application/grpc", "grpc"),
        ("content-type", "APPLICATION/grpc-web+proto", "grpc"),
        ("content-type", "application/g", "stored"),
        ("cache-control", "no-store, must-understand", "stored"),
        ("cdn-cache-control", "no-store", "no-store"),
    ];
    for (name, value, expected) in cases {
        assert_eq!(
            reason(200, &[], &[(name, value)]),
            expected,
            "{name}: {value}"
        );
    }
}

#[test]
fn forbidden_statuses() {
    for status in [
        200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 599,
    ] {
        assert_eq!(reason(status, &[], &[]), "stored", "{status}");
    }
    for status in [100, 101, 103, 304, 412, 416] {
        assert_eq!(reason(status, &[], &[]), "status", "{status}");
    }
    assert_eq!(reason(206, &[], &[]), "partial");
    let understand: Lines<'_> = &[("cache-control", "no-store, must-understand")];
    assert_eq!(reason(599, &[], understand), "status");
}

#[test]
fn methods_other_than_get() {
    let response = headers(&[("cache-control", "max-age=60")]);
    for method in [Method::HEAD, Method::POST] {
        let (policy, none) = (SharedPolicy::default(), HeaderMap::new());
        let plan = shared_plan(&policy, &method, &none, StatusCode::OK, &response, 0, 0);
        assert_eq!(plan, Err(NotStored::Method));
    }
}

#[test]
fn requests() {
    assert_eq!(
        reason(200, &[("cache-control", "no-store")], &[]),
        "request-no-store"
    );
    let personal: Lines<'_> = &[("authorization", "x")];
    assert_eq!(reason(200, personal, &[]), "authorization");
    for value in ["public", "must-revalidate", "s-maxage=5"] {
        assert_eq!(
            reason(200, personal, &[("cache-control", value)]),
            "stored",
            "{value}"
        );
    }
    assert_eq!(
        reason(200, personal, &[("cache-control", "proxy-revalidate")]),
        "authorization"
    );
}

#[test]
fn a_targeted_field_decides_alone() {
    let lines = [
        ("cache-control", "no-store"),
        ("cdn-cache-control", "max-age=9"),
    ];
    assert_eq!(plan_of(200, &[], &lines).unwrap().lifetime, 9);
    for wrong in ["max-age=10000, &&&&&", "max-age=\"10000\""] {
        let lines = [("cache-control", "no-store"), ("cdn-cache-control", wrong)];
        assert_eq!(plan_of(200, &[], &lines), Err(NotStored::NoStore));
    }
}

#[test]
fn the_plan_of_a_fresh_response() {
    let value = "max-age=60, stale-while-revalidate=5, stale-if-error=6";
    let plan = plan_of(200, &[], &[("cache-control", value), ("age", "7")]).unwrap();
    let expected = StorePlan {
        lifetime: 60,
        is_heuristic: false,
        initial_age: 9,
        always_revalidate: false,
        may_serve_stale: true,
        stale_while_revalidate: Some(5),
        stale_if_error: Some(6),
        strip: vec![],
    };
    assert_eq!(plan, expected);
}

#[test]
fn directives_that_forbid_stale() {
    for value in [
        "must-revalidate",
        "proxy-revalidate",
        "no-cache",
        "s-maxage=9",
    ] {
        let value = format!("{value}, max-age=60, stale-while-revalidate=5, stale-if-error=6");
        let plan = plan_of(200, &[], &[("cache-control", &value), ("etag", "\"a\"")]).unwrap();
        assert!(!plan.may_serve_stale, "{value}");
        assert_eq!(
            (plan.stale_while_revalidate, plan.stale_if_error),
            (None, None)
        );
        assert_eq!(plan.always_revalidate, value.contains("no-cache"));
    }
}

#[test]
fn responses_without_lifetime() {
    assert_eq!(plan_of(200, &[], &[]), Err(NotStored::NoFreshness));
    assert_eq!(plan_of(200, &[], &[("etag", "\"a\"")]).unwrap().lifetime, 0);
    assert_eq!(
        plan_of(200, &[], &[("last-modified", "x")])
            .unwrap()
            .lifetime,
        0
    );
    assert_eq!(
        plan_of(599, &[], &[("etag", "\"a\"")]),
        Err(NotStored::NoFreshness)
    );
    let public = [("etag", "\"a\""), ("cache-control", "public")];
    assert_eq!(plan_of(599, &[], &public).unwrap().lifetime, 0);
    let keeps = SharedPolicy {
        keeps_stale: true,
        ..SharedPolicy::default()
    };
    assert_eq!(
        with_policy(&keeps, 200, &[], &[]),
        Err(NotStored::NoFreshness)
    );
}

#[test]
fn responses_that_are_stale_at_arrival() {
    let stale = |value: &str, keeps_stale: bool| {
        let policy = SharedPolicy {
            keeps_stale,
            ..SharedPolicy::default()
        };
        with_policy(
            &policy,
            200,
            &[],
            &[("cache-control", value), ("age", "99")],
        )
        .is_ok()
    };
    assert!(!stale("max-age=9", false) && stale("max-age=9", true));
    assert!(!stale("max-age=0", false) && !stale("max-age=0", true));
    assert!(stale("max-age=0, stale-while-revalidate=9", false));
    assert!(!stale("max-age=0, stale-if-error=9, must-revalidate", true));
    assert!(!stale("max-age=200, no-cache", true));
}

#[test]
fn heuristics() {
    let policy = SharedPolicy {
        heuristics: true,
        ..SharedPolicy::default()
    };
    let modified = format_http_date(500);
    let lines = [("last-modified", modified.to_str().unwrap())];
    let plan = with_policy(&policy, 200, &[], &lines).unwrap();
    assert!(plan.lifetime == 50 && plan.is_heuristic);
    assert_eq!(
        with_policy(&policy, 201, &[], &lines),
        Err(NotStored::NoFreshness)
    );
    assert_eq!(plan_of(200, &[], &lines).unwrap().lifetime, 0);
}

#[test]
fn cookies() {
    let with = |set_cookie: SetCookie| {
        let policy = SharedPolicy {
            set_cookie,
            ..SharedPolicy::default()
        };
        let lines = [("set-cookie", "a=b"), ("cache-control", "max-age=9")];
        with_policy(&policy, 200, &[], &lines).map(|plan| plan.strip)
    };
    assert_eq!(with(SetCookie::Refuse), Err(NotStored::SetCookie));
    assert_eq!(with(SetCookie::Strip), Ok(vec![SET_COOKIE]));
    assert_eq!(with(SetCookie::Rfc), Ok(vec![]));
    assert_eq!(
        strips_set_cookie(SetCookie::Strip, &HeaderMap::new()),
        Ok(false)
    );
}

#[test]
fn listed_fields_are_stripped() {
    let lines = [("cache-control", "no-cache=\"a, b\", max-age=9")];
    let plan = plan_of(200, &[], &lines).unwrap();
    assert_eq!(plan.strip, ["a", "b"]);
    assert!(!plan.always_revalidate && plan.may_serve_stale);
}

#[test]
fn allowed_vary() {
    let allowed_vary = vec![COOKIE];
    let policy = SharedPolicy {
        allowed_vary,
        ..SharedPolicy::default()
    };
    let lines = [("vary", "cookie"), ("cache-control", "max-age=9")];
    assert!(with_policy(&policy, 200, &[], &lines).is_ok());
    assert_eq!(
        forbidden_vary(&headers(&[("vary", "*")]), &[]),
        Some(NotStored::VaryStar)
    );
}

#[test]
fn restrictions_of_owned_responses() {
    let owned = |lines: Lines<'_>| owned_restriction(&headers(lines));
    let control = |value: &str| owned(&[("cache-control", value)]);
    assert_eq!(owned(&[]), Ok(None));
    assert_eq!(control("public"), Ok(None));
    assert_eq!(control("max-age=60"), Ok(Some(60)));
    assert_eq!(control("max-age=60, s-maxage=5"), Ok(Some(5)));
    assert_eq!(control("max-age=0"), Err(NotStored::MaxAgeZero));
    assert_eq!(control("max-age=x"), Err(NotStored::MaxAgeZero));
    assert_eq!(control("max-age=0, s-maxage=5"), Ok(Some(5)));
    assert_eq!(
        control("no-store, must-understand"),
        Err(NotStored::NoStore)
    );
    assert_eq!(control("private=\"a\""), Err(NotStored::Private));
    assert_eq!(control("no-cache"), Err(NotStored::NoCache));
    assert_eq!(control("no-cache=\"a\""), Err(NotStored::NoCache));
    let both = [
        ("cache-control", "max-age=9"),
        ("cdn-cache-control", "max-age=3"),
    ];
    assert_eq!(owned(&both), Ok(Some(3)));
    let both = [
        ("cache-control", "max-age=9"),
        ("cdn-cache-control", "no-store"),
    ];
    assert_eq!(owned(&both), Err(NotStored::NoStore));
}

proptest! {
    #[test]
    fn no_field_panics(value in "\\PC{0,30}", now: u64, delay: u64, code in 100_u16..1_000) {
        let mut response = HeaderMap::new();
        let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else { return Ok(()) };
        for name in ["cache-control", "expires", "date", "age", "vary", "content-type"] {
            response.insert(name, value.clone());
        }
        response.insert("last-modified", format_http_date(0));
        let policy = SharedPolicy { heuristics: true, ..SharedPolicy::default() };
        let status = StatusCode::from_u16(code).unwrap();
        let plan = shared_plan(&policy, &Method::GET, &response, status, &response, now, delay);
        if let Ok(plan) = plan {
            prop_assert!(plan.initial_age <= 1 << 31 && plan.lifetime <= 1 << 31);
        }
        let _ = owned_restriction(&response);
    }
}
