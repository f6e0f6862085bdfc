//! Responses that are never stored, whatever the rule says, and that reach the client unchanged.

use cachekit::http::{Rule, SetCookie};
use http::{HeaderMap, Response};

use crate::bodies::{Body, full, open, pieces};
use crate::world::{
    Got, MakeResponse, Site, With as _, get, numbered, ok, pages, request, rules, status,
};

/// Sends two requests, and returns the answers and the number of the handler's calls.
async fn twice(rule: Rule, answer: fn() -> Response<Body>) -> ([Got; 2], usize) {
    let site = Site::new(rules(rule), numbered(move |_| answer())).await;
    let first = site.send("/a").await;
    cachekit_tests::settle().await;
    let second = site.send("/a").await;
    ([first, second], site.handler.calls())
}

/// Returns the names of the responses of which the second client got the first one's.
async fn stored(rule: &Rule, all: &[(&'static str, MakeResponse)]) -> Vec<&'static str> {
    let mut stored = vec![];
    for (name, answer) in all {
        let ([first, second], calls) = twice(rule.clone(), *answer).await;
        assert_eq!(first.body, second.body, "{name}");
        assert_eq!(first.status, second.status, "{name}");
        if calls == 1 {
            assert_eq!(second.word(), "HIT", "{name}");
            stored.push(*name);
        }
    }
    stored
}

fn with(name: &'static str, value: &str) -> Response<Body> {
    ok("text").with(name, value)
}

#[tokio::test]
async fn what_a_header_field_forbids() {
    let all: [(&str, MakeResponse); 21] = [
        ("plain", || ok("text")),
        ("max-age", || with("cache-control", "max-age=30")),
        ("quoted", || with("cache-control", "x=\"no-store\"")),
        ("vary-language", || with("vary", "accept-language")),
        ("no-store", || with("cache-control", "max-age=9, No-Store")),
        ("no-cache", || with("cache-control", "no-cache")),
        ("private", || with("cache-control", "private")),
        ("private-field", || with("cache-control", "private=\"x\"")),
        ("max-age-0", || with("cache-control", "max-age=0")),
        ("second-line", || {
            with("cache-control", "max-age=9").with("cache-control", "no-store")
        }),
        ("vary-star", || with("vary", "*")),
        ("vary-star-first", || with("vary", "*, accept")),
        ("vary-star-last", || with("vary", "accept, *")),
        ("vary-star-line", || {
            with("vary", "accept").with("vary", "*")
        }),
        ("vary-cookie", || with("vary", "Accept, Cookie")),
        ("vary-agent", || with("vary", "user-agent")),
        ("vary-authorization", || with("vary", "authorization")),
        ("set-cookie", || with("set-cookie", "session=ann")),
        ("events", || {
            with("content-type", "text/event-stream; charset=utf-8")
        }),
        ("mixed", || {
            with("content-type", "multipart/x-mixed-replace; boundary=a")
        }),
        ("grpc", || with("content-type", "application/grpc+proto")),
    ];
    let may = ["plain", "max-age", "quoted", "vary-language"];
    assert_eq!(stored(&pages(), &all).await, may);
}

#[tokio::test]
async fn a_status_that_the_rule_does_not_name() {
    let all: [(&str, MakeResponse); 8] = [
        ("200", || status(200)),
        ("201", || status(201)),
        ("206", || status(206)),
        ("301", || status(301)),
        ("304", || status(304)),
        ("404", || status(404)),
        ("500", || status(500)),
        ("503", || status(503)),
    ];
    assert_eq!(stored(&pages(), &all).await, ["200"]);
    let negative = pages().negative_ttl(crate::world::SECOND);
    assert_eq!(stored(&negative, &all).await, ["200", "301", "404"]);
    let listed = pages().statuses([200, 201, 404]);
    assert_eq!(stored(&listed, &all).await, ["200", "201", "404"]);
}

fn trailers() -> Response<Body> {
    let (sender, body) = open();
    sender.data("text");
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "7".parse().expect("a value"));
    sender.trailers(trailers);
    Response::new(body)
}

fn failing() -> Response<Body> {
    let (sender, body) = open();
    sender.data("te");
    sender.fail("the disk is gone");
    Response::new(body)
}

#[tokio::test]
async fn a_body_that_is_not_what_the_response_says() {
    let all: [(&str, MakeResponse); 6] = [
        ("right-length", || with("content-length", "4")),
        ("too-short", || with("content-length", "5")),
        ("too-long", || with("content-length", "3")),
        ("failing", failing),
        ("trailers", trailers),
        ("no-length", || ok("text")),
    ];
    assert_eq!(stored(&pages(), &all).await, ["right-length", "no-length"]);
}

#[tokio::test]
async fn trailers_and_failures_of_a_body_reach_every_client() {
    let (got, _) = twice(pages(), trailers).await;
    for got in got {
        let trailers = got.trailers.expect("trailers");
        assert_eq!(trailers["x-checksum"], "7");
    }
    let (got, _) = twice(pages(), failing).await;
    for got in got {
        assert_eq!(
            (got.text(), got.failure.map(|it| it.0)),
            ("te", Some("the disk is gone"))
        );
    }
}

#[tokio::test]
async fn a_body_over_the_limit_reaches_the_client_whole() {
    let all: [(&str, MakeResponse); 5] = [
        ("at-the-limit", || ok("12345678")),
        ("pieces-at-the-limit", || {
            Response::new(pieces(["1234".into(), "5678".into()]))
        }),
        ("one-piece", || ok("123456789")),
        ("pieces", || {
            let all = ["1234", "5678", "9012", "3456"];
            Response::new(pieces(all.map(Into::into)))
        }),
        ("declared", || {
            Response::new(full("123456789")).with("content-length", "9")
        }),
    ];
    let stored = stored(&pages().max_body(8), &all).await;
    assert_eq!(stored, ["at-the-limit", "pieces-at-the-limit"]);
    let ([first, second], _) = twice(pages().max_body(8), all[3].1).await;
    assert_eq!(
        (first.text(), second.text()),
        ("1234567890123456", "1234567890123456")
    );
}

#[tokio::test]
async fn a_response_with_a_cookie_goes_to_its_client_alone() {
    let answer = |number: usize| ok("text").with("set-cookie", &format!("session={number}"));
    let site = Site::new(rules(pages()), numbered(answer)).await;
    for session in ["session=1", "session=2"] {
        assert_eq!(site.send("/a").await.all("set-cookie"), [session]);
    }
}

#[tokio::test]
async fn a_stripped_cookie_goes_to_the_first_client_alone() {
    let answer = |number: usize| ok("text").with("set-cookie", &format!("session={number}"));
    let rule = pages().set_cookie(SetCookie::Strip);
    let site = Site::new(rules(rule), numbered(answer)).await;
    let first = site.send("/a").await;
    assert_eq!(
        (first.word(), first.all("set-cookie")),
        ("MISS".into(), vec!["session=1".into()])
    );
    for _ in 0..2 {
        let later = site.send("/a").await;
        assert_eq!(
            (later.word(), later.all("set-cookie")),
            ("HIT".into(), vec![])
        );
    }
}

/// The first client's response is on its way while others wait for it.
#[tokio::test]
async fn a_stripped_cookie_does_not_reach_those_who_waited_for_the_response() {
    let gate = cachekit_tests::Gate::new();
    let respond = {
        let gate = gate.clone();
        move |_| {
            let gate = gate.clone();
            async move {
                gate.pass().await;
                Ok(ok("text").with("set-cookie", "session=ann"))
            }
        }
    };
    let rule = pages().set_cookie(SetCookie::Strip);
    let site = Site::new(rules(rule), respond).await;
    let leader = site.spawn("/a");
    gate.arrived().await;
    let waiting = [(); 3].map(|()| site.spawn("/a"));
    cachekit_tests::settle().await;
    gate.open_for_all();
    assert_eq!(
        leader.await.expect("no panic").all("set-cookie"),
        ["session=ann"]
    );
    for got in waiting {
        assert_eq!(got.await.expect("no panic").all("set-cookie"), [""; 0]);
    }
    assert_eq!(site.handler.calls(), 1);
}

#[tokio::test]
async fn a_request_with_authorization_passes_the_cache_by() {
    let site = Site::new(rules(pages()), crate::world::versions()).await;
    let asked = get("/a").with("authorization", "ann");
    assert_eq!(
        site.send(asked.clone()).await.seen(),
        crate::world::seen("BYPASS", "v1")
    );
    assert_eq!(
        site.send("/a").await.seen(),
        crate::world::seen("MISS", "v2")
    );
    assert_eq!(
        site.send(asked).await.seen(),
        crate::world::seen("BYPASS", "v3")
    );
}

#[tokio::test]
async fn a_switch_to_another_protocol_passes_the_cache_by() {
    let site = Site::new(rules(pages()), crate::world::versions()).await;
    site.send("/a").await;
    let asked = get("/a")
        .with("upgrade", "websocket")
        .with("connection", "upgrade");
    assert_eq!(
        site.send(asked).await.seen(),
        crate::world::seen("BYPASS", "v2")
    );
    let answer = site.send(request("GET", "/a")).await;
    assert_eq!(answer.seen(), crate::world::seen("HIT", "v1"));
}

#[tokio::test(start_paused = true)]
async fn a_client_s_no_store_changes_nothing_for_others() {
    let asked = || get("/a").with("cache-control", "no-store");
    let (site, gate) = crate::coalescing::gated(pages().swr(60 * crate::world::SECOND), |number| {
        Ok(crate::coalescing::version(number))
    })
    .await;
    gate.open();
    assert_eq!(site.send(asked()).await.text(), "v1");
    gate.arrived().await;
    let tasks = crate::coalescing::start(&site, 5).await;
    assert_eq!(gate.waiting(), 1, "the others wait for the first");
    gate.open_for_all();
    assert!(
        crate::coalescing::all(tasks)
            .await
            .iter()
            .all(|got| got.text() == "v2")
    );
    assert_eq!(
        site.send(asked()).await.seen(),
        crate::world::seen("HIT", "v2")
    );
    site.clock.advance(70 * crate::world::SECOND);
    assert_eq!(site.send(asked()).await.text(), "v3");
    assert_eq!(
        site.send("/a").await.seen(),
        crate::world::seen("STALE", "v2")
    );
}
