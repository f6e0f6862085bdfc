//! What a review of the layer found: nothing of one client reaches another, and no write is missed.

use std::future::pending;

use cachekit::http::{Query, Rule, SetCookie};
use cachekit_tests::settle;
use http::Request;

use crate::bodies::Broken;
use crate::world::{
    SECOND, Site, With as _, get, numbered, ok, pages, request, rules, seen, shared_rules, status,
};

/// A handler that says who asked and with which address.
async fn echo(request: Request<()>) -> crate::world::Answer {
    let field = |name: &str| {
        let value = request.headers().get(name);
        value.map_or("nobody", |value| value.to_str().expect("a text"))
    };
    let text = format!("{} {}", request.uri(), field("cookie"));
    Ok(ok(text).with("cache-control", "max-age=60"))
}

#[tokio::test]
async fn a_shared_cache_keeps_no_response_that_varies_by_cookie() {
    let respond = |request: Request<()>| async { Ok(echo(request).await?.with("vary", "cookie")) };
    let site = Site::new(shared_rules(), respond).await;
    site.send(get("/me").with("cookie", "ann")).await;
    let bob = site.send(get("/me").with("cookie", "bob")).await;
    assert_eq!(bob.word(), "MISS");
    assert!(bob.text().contains("bob"), "{}", bob.text());
}

#[tokio::test]
async fn an_unlisted_parameter_does_not_reach_the_handler_of_a_shared_cache() {
    let rule = Rule::get("/{*rest}").query(Query::Only(vec!["q".to_owned()]));
    let site = Site::new(shared_rules().rule(rule), echo).await;
    let first = site.send("/s?q=a&callback=evil").await;
    assert!(first.text().starts_with("/s?q=a "), "{}", first.text());
    assert_eq!(site.send("/s?q=a").await.word(), "HIT");
}

#[tokio::test]
async fn another_name_of_the_target_does_not_reach_the_handler() {
    let all = [
        ("forwarded", "host=evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-original-url", "/admin"),
        ("x-rewrite-url", "/admin"),
    ];
    for (name, value) in all {
        let site = Site::new(rules(pages()), echo).await;
        site.send(get("/a").with(name, value)).await;
        assert_eq!(site.handler.last(name), [""; 0], "{name}");
    }
}

/// A client that hangs up does not know if the handler wrote.
#[tokio::test]
async fn a_write_that_is_dropped_removes_the_response() {
    let respond = |request: Request<()>| async move {
        if request.method() != http::Method::GET {
            pending::<()>().await;
        }
        Ok(ok("text"))
    };
    let site = Site::new(rules(pages()), respond).await;
    site.send("/a").await;
    let write = site.spawn(request("PUT", "/a"));
    settle().await;
    assert_eq!(site.send("/a").await.word(), "HIT");
    write.abort();
    assert!(write.await.is_err(), "aborted");
    assert_eq!(site.send("/a").await.word(), "MISS");
}

#[tokio::test]
async fn a_write_whose_service_fails_removes_the_response() {
    let respond = |request: Request<()>| async move {
        if request.method() == http::Method::GET {
            Ok(ok("text"))
        } else {
            Err(Broken("after the commit"))
        }
    };
    let site = Site::new(rules(pages()), respond).await;
    site.send("/a").await;
    let _ = site.begin(request("PUT", "/a")).await;
    assert_eq!(site.send("/a").await.word(), "MISS");
}

#[tokio::test]
async fn a_write_without_a_rule_invalidates_its_groups() {
    let respond = |request: Request<()>| async move {
        let response = ok("text");
        Ok(if request.method() == http::Method::GET {
            response.with("cache-groups", "\"cart\"")
        } else {
            response.with("cache-group-invalidation", "\"cart\"")
        })
    };
    let rule = Rule::get("/cart").ttl(60 * SECOND);
    let site = Site::new(rules(rule), respond).await;
    site.send("/cart").await;
    assert_eq!(site.send("/cart").await.word(), "HIT");
    site.send(request("POST", "/checkout")).await;
    assert_eq!(site.send("/cart").await.word(), "MISS");
}

/// A confirmation can forbid what the first response allowed.
#[tokio::test]
async fn a_confirmation_for_one_client_is_not_given_to_others() {
    let answer = |number| {
        if number == 1 {
            ok("v1")
                .with("cache-control", "max-age=1, stale-while-revalidate=60")
                .with("etag", "\"1\"")
        } else if number == 2 {
            status(304)
                .with("cache-control", "private")
                .with("x-user", "ann")
        } else {
            ok("v3").with("cache-control", "max-age=60")
        }
    };
    let site = Site::new(shared_rules(), numbered(answer)).await;
    site.send("/a").await;
    site.clock.advance(100 * SECOND);
    let ann = site.send("/a").await;
    assert_eq!(
        (ann.text(), ann.field("x-user").as_deref()),
        ("v1", Some("ann"))
    );
    let bob = site.send("/a").await;
    assert_eq!(bob.field("x-user"), None);
    assert_eq!(bob.seen(), seen("MISS", "v3"));
}

#[tokio::test]
async fn the_first_client_gets_its_cookie_with_a_304() {
    let rule = pages().set_cookie(SetCookie::Strip);
    let answer = |_| ok("v1").with("etag", "\"1\"").with("set-cookie", "a=b");
    let site = Site::new(rules(rule), numbered(answer)).await;
    let first = site.send(get("/a").with("if-none-match", "\"1\"")).await;
    assert_eq!(
        (first.status, first.all("set-cookie")),
        (304, vec!["a=b".to_owned()])
    );
    let second = site.send(get("/a").with("if-none-match", "\"1\"")).await;
    assert_eq!((second.status, second.all("set-cookie").len()), (304, 0));
}

#[tokio::test]
async fn a_condition_is_answered_for_a_response_that_is_not_stored() {
    let answer = |_| {
        ok("v1")
            .with("etag", "\"1\"")
            .with("cache-control", "private")
    };
    let site = Site::new(rules(pages()), numbered(answer)).await;
    let got = site.send(get("/a").with("if-none-match", "\"1\"")).await;
    assert_eq!((got.status, got.text()), (304, ""));
}
