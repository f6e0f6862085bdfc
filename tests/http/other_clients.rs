//! An answer for one client leaves what others share.

use cachekit::http::{Rule, RuleSetBuilder};
use cachekit_tests::{Gate, settle};
use http::{Request, Response};

use crate::bodies::Body;
use crate::coalescing::version;
use crate::world::{
    Answer, MakeResponse, SECOND, Site, With as _, get, numbered, ok, pages, rules, seen,
    shared_rules, status,
};

/// A fresh page of a shared cache. The handler gives `odd` to requests with one of these fields.
async fn shared_page(odd: MakeResponse) -> Site {
    let respond = move |request: Request<()>| async move {
        let is_odd = ["x-odd", "cookie", "authorization"]
            .iter()
            .any(|name| request.headers().contains_key(*name));
        let page = || ok("page").with("cache-control", "max-age=60");
        Ok(if is_odd { odd() } else { page() })
    };
    let site = Site::new(shared_rules(), respond).await;
    site.send("/a").await;
    site
}

#[tokio::test]
async fn a_refusal_of_one_client_s_wish_leaves_the_response_of_others() {
    let refusals: [MakeResponse; 6] = [
        || status(400),
        || status(401),
        || status(403),
        || status(406),
        || status(415),
        || status(429),
    ];
    for refusal in refusals {
        let site = shared_page(refusal).await;
        let asked = get("/a").with("cache-control", "no-cache");
        let got = site.send(asked.with("x-odd", "1")).await;
        assert_eq!(got.status, refusal().status());
        assert_eq!(
            site.send("/a").await.seen(),
            seen("HIT", "page"),
            "{}",
            got.status
        );
    }
    for gone in [404, 410] {
        let site = shared_page(if gone == 404 {
            || status(404)
        } else {
            || status(410)
        })
        .await;
        let asked = get("/a").with("cache-control", "no-cache");
        site.send(asked.with("x-odd", "1")).await;
        assert_eq!(site.send("/a").await.word(), "MISS", "{gone}");
    }
}

#[tokio::test]
async fn a_personal_answer_leaves_the_page_of_everybody() {
    let answers: [MakeResponse; 2] = [
        || ok("ann's").with("cache-control", "private"),
        || ok("ann's").with("cache-control", "no-store"),
    ];
    for answer in answers {
        for name in ["authorization", "cookie"] {
            let site = shared_page(answer).await;
            let asked = get("/a").with("cache-control", "no-cache");
            let got = site.send(asked.with(name, "ann")).await;
            assert_eq!(got.text(), "ann's");
            assert_eq!(site.send("/a").await.seen(), seen("HIT", "page"), "{name}");
        }
    }
}

/// Without an answer for others, the next requests of such clients do not wait for one another.
#[tokio::test(start_paused = true)]
async fn requests_for_a_page_that_is_not_stored_do_not_wait_for_one_another() {
    let gate = Gate::new();
    let respond = {
        let gate = gate.clone();
        move |_: Request<()>| {
            let gate = gate.clone();
            async move {
                gate.pass().await;
                Ok(ok("ann's").with("cache-control", "private"))
            }
        }
    };
    let site = Site::new(shared_rules(), respond).await;
    let asked = || get("/a").with("cookie", "ann");
    gate.open();
    site.send(asked()).await;
    gate.arrived().await;
    let tasks = [(); 5].map(|()| site.spawn(asked()));
    settle().await;
    assert_eq!(gate.waiting(), 5);
    gate.open_for_all();
    for task in tasks {
        assert_eq!(task.await.expect("no panic").text(), "ann's");
    }
}

/// The stale response is there for the times in which there is no other.
#[tokio::test]
async fn a_refresh_that_is_refused_leaves_the_stale_response() {
    for code in [401, 403, 429] {
        let answer = move |number| match number {
            1 => version(1),
            2 => status(code),
            _ => status(500),
        };
        let rule = pages().swr(60 * SECOND).sie(3_600 * SECOND);
        let site = Site::new(rules(rule), numbered(answer)).await;
        site.send("/a").await;
        site.clock.advance(70 * SECOND);
        for _ in 0..3 {
            assert_eq!(site.send("/a").await.seen(), seen("STALE", "v1"), "{code}");
            settle().await;
        }
        assert_eq!(site.handler.calls(), 2, "{code}: the next refresh waits");
        site.clock.advance(600 * SECOND);
        assert_eq!(site.send("/a").await.seen(), seen("STALE", "v1"), "{code}");
        assert_eq!(site.handler.calls(), 3, "{code}");
    }
}

/// Those who wait did not ask for what the first client was refused.
#[tokio::test(start_paused = true)]
async fn those_who_wait_do_not_get_the_stale_response_because_another_was_refused() {
    let gate = Gate::new();
    let respond = {
        let gate = gate.clone();
        move |request: Request<()>| {
            let gate = gate.clone();
            async move {
                gate.pass().await;
                let is_odd = request.headers().contains_key("x-odd");
                Ok(if is_odd { status(406) } else { ok("page") })
            }
        }
    };
    let site = Site::new(rules(pages().sie(3_600 * SECOND)), respond).await;
    gate.open();
    site.send("/a").await;
    gate.arrived().await;
    site.clock.advance(70 * SECOND);
    let odd = site.spawn(get("/a").with("x-odd", "1"));
    gate.arrived().await;
    let waiting = site.spawn("/a");
    settle().await;
    gate.open_for_all();
    assert_eq!(odd.await.expect("no panic").status, 406);
    let got = waiting.await.expect("no panic");
    assert_eq!(got.seen(), seen("MISS", "page"));
}

/// A page in the words that the request's fields say, after a minute in the cache.
async fn stale(rules: RuleSetBuilder, respond: fn(Request<()>) -> Response<Body>) -> Site {
    let respond = move |request| async move { Answer::Ok(respond(request)) };
    let site = Site::new(rules, respond).await;
    site.send("/a").await;
    site.clock.advance(70 * SECOND);
    site
}

fn swr() -> Rule {
    pages().swr(3_600 * SECOND)
}

#[tokio::test]
async fn a_refresh_has_nothing_of_the_client_that_is_in_no_key() {
    let rule = swr()
        .headers(["x-tenant"])
        .cookies(cachekit::http::Cookies::Key(vec!["lang".to_owned()]));
    let site = Site::new(rules(rule), crate::world::versions()).await;
    let asked = || {
        let asked = get("/a")
            .with("x-tenant", "7")
            .with("cookie", "session=ann; lang=de");
        asked
            .with("accept-language", "de")
            .with("x-user", "ann")
            .with("user-agent", "curl")
            // A handler may redirect to https without it.
            .with("x-forwarded-proto", "https")
    };
    site.send(asked()).await;
    assert_eq!(site.handler.last("x-user"), ["ann"]);
    site.clock.advance(70 * SECOND);
    assert_eq!(site.send(asked()).await.word(), "STALE");
    settle().await;
    assert_eq!(site.handler.calls(), 2);
    for (name, value) in [
        ("host", "example.com"),
        ("x-tenant", "7"),
        ("cookie", "lang=de"),
        ("accept-language", "de"),
        ("x-forwarded-proto", "https"),
    ] {
        assert_eq!(site.handler.last(name), [value], "{name}");
    }
    for name in ["x-user", "user-agent"] {
        assert_eq!(site.handler.last(name), [""; 0], "{name}");
    }
    assert_eq!(site.send(asked()).await.seen(), seen("HIT", "v2"));
}

fn kind(request: &Request<()>) -> String {
    let kind = request.headers().get("x-kind");
    kind.map_or("-", |kind| kind.to_str().expect("a text"))
        .to_owned()
}

#[tokio::test]
async fn a_refresh_has_what_the_response_varies_by() {
    let respond = |request: Request<()>| ok(kind(&request)).with("vary", "x-kind");
    let site = stale(rules(swr()), respond).await;
    for kind in ["a", "b"] {
        site.send(get("/a").with("x-kind", kind)).await;
    }
    site.clock.advance(70 * SECOND);
    for word in ["STALE", "HIT"] {
        for kind in ["a", "b"] {
            let got = site.send(get("/a").with("x-kind", kind)).await;
            assert_eq!(got.seen(), seen(word, kind));
            settle().await;
        }
    }
}

/// The handler did not see the field that it now says the response varies by.
#[tokio::test]
async fn a_refresh_that_varies_by_something_new_is_for_requests_without_it() {
    let answer = |request: Request<()>| ok(kind(&request)).with("vary", "x-kind");
    let first = std::sync::atomic::AtomicBool::new(true);
    let respond = move |request| {
        let is_first = first.swap(false, std::sync::atomic::Ordering::SeqCst);
        async move {
            Ok(if is_first {
                ok("first")
            } else {
                answer(request)
            })
        }
    };
    let site = Site::new(rules(swr()), respond).await;
    site.send("/a").await;
    site.clock.advance(70 * SECOND);
    let asked = || get("/a").with("x-kind", "b");
    assert_eq!(site.send(asked()).await.seen(), seen("STALE", "first"));
    settle().await;
    assert_eq!(site.send(asked()).await.seen(), seen("MISS", "b"));
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "-"));
}
