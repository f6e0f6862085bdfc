//! Methods other than `GET`: `HEAD` is answered from the cache, and the others reach the handler.

use cachekit_tests::settle;
use http::Request;

use crate::world::{
    Answer, Site, With as _, get, ok, pages, request, rules, seen, status, versions,
};

async fn method(request: Request<()>) -> Answer {
    Ok(ok(request.method().to_string()))
}

#[tokio::test]
async fn a_head_request_does_not_leave_an_empty_body() {
    for has_length in [true, false] {
        let without_body = move |request: Request<()>| async move {
            let is_head = request.method() == http::Method::HEAD;
            let response = ok(if is_head { "" } else { "text" });
            Ok(if has_length {
                response.with("content-length", "4")
            } else {
                response
            })
        };
        let site = Site::new(rules(pages()), without_body).await;
        let head = site.send(request("HEAD", "/a")).await;
        assert_eq!((head.status, head.text()), (200, ""));
        assert_eq!(head.field("content-length").is_some(), has_length);
        assert_eq!(site.send("/a").await.seen(), seen("MISS", "text"));
        assert_eq!(site.send("/a").await.seen(), seen("HIT", "text"));
    }
}

#[tokio::test]
async fn a_head_request_is_answered_from_a_stored_response() {
    let site = Site::new(rules(pages()), versions()).await;
    let get = site.send("/a").await;
    let head = site.send(request("HEAD", "/a")).await;
    assert_eq!(head.seen(), seen("HIT", ""));
    assert_eq!(head.field("content-length").as_deref(), Some("2"));
    assert_eq!(head.field("etag"), get.field("etag"));
    assert_eq!(site.handler.calls(), 1);
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v1"));
}

#[tokio::test]
async fn every_unsafe_request_reaches_the_handler() {
    let site = Site::new(rules(pages()), method).await;
    for name in [
        "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "GETS",
    ] {
        for _ in 0..2 {
            assert_eq!(
                site.send(request(name, "/a")).await.seen(),
                seen("BYPASS", name)
            );
        }
    }
    assert_eq!(site.handler.calls(), 16);
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "GET"));
}

#[tokio::test]
async fn a_successful_write_removes_the_path_with_every_query() {
    for name in ["POST", "PUT", "DELETE", "PATCH", "RENAME"] {
        for code in [200, 201, 204, 302, 303] {
            let site = site_of_writes(code).await;
            for path in ["/a", "/a?page=1", "/a?page=2", "/b"] {
                site.send(path).await;
            }
            let got = site.send(request(name, "/a?by=ann")).await;
            assert_eq!(got.status, code);
            for path in ["/a", "/a?page=1", "/a?page=2"] {
                assert_eq!(site.send(path).await.word(), "MISS", "{name} {code} {path}");
            }
            assert_eq!(site.send("/b").await.word(), "HIT", "another path");
        }
    }
}

#[tokio::test]
async fn a_failed_write_removes_nothing() {
    for code in [400, 403, 404, 409, 500, 503] {
        let site = site_of_writes(code).await;
        site.send("/a").await;
        assert_eq!(site.send(request("PUT", "/a")).await.status, code);
        assert_eq!(site.send("/a").await.word(), "HIT", "{code}");
    }
}

#[tokio::test]
async fn a_safe_request_removes_nothing() {
    let site = site_of_writes(200).await;
    site.send("/a").await;
    for name in ["OPTIONS", "TRACE", "HEAD", "CONNECT"] {
        site.send(request(name, "/a")).await;
        assert_eq!(site.send("/a").await.word(), "HIT", "{name}");
    }
}

#[tokio::test]
async fn a_write_at_one_host_removes_nothing_of_another() {
    let site = site_of_writes(200).await;
    let other = get("/a").with("host", "other.example");
    site.send(other.clone()).await;
    site.send(request("PUT", "/a")).await;
    assert_eq!(site.send(other).await.word(), "HIT");
}

#[tokio::test]
async fn every_spelling_of_a_path_is_removed() {
    let site = site_of_writes(200).await;
    site.send("/caf%C3%A9").await;
    site.send(request("PUT", "/caf%c3%a9")).await;
    assert_eq!(site.send("/caf%C3%A9").await.word(), "MISS");
}

/// The write is accepted while the handler reads what was there before.
#[tokio::test]
async fn a_response_from_before_a_write_is_not_stored_after_it() {
    let gate = cachekit_tests::Gate::new();
    let respond = {
        let gate = gate.clone();
        move |request: Request<()>| {
            let gate = gate.clone();
            async move {
                if request.method() == http::Method::GET {
                    gate.pass().await;
                }
                Ok(ok("old"))
            }
        }
    };
    let site = Site::new(rules(pages()), respond).await;
    let reader = site.spawn("/a");
    gate.arrived().await;
    site.send(request("PUT", "/a")).await;
    gate.open_for_all();
    assert_eq!(reader.await.expect("no panic").text(), "old");
    settle().await;
    assert_eq!(site.send("/a").await.word(), "MISS");
}

/// Answers `GET` with 200, and every other method with a status.
async fn site_of_writes(code: u16) -> Site {
    let respond = move |request: Request<()>| async move {
        let is_read = matches!(request.method().as_str(), "GET" | "HEAD");
        Ok(status(if is_read { 200 } else { code }))
    };
    Site::new(rules(pages()), respond).await
}

/// The body is in no key, and a handler may read it.
#[tokio::test]
async fn a_request_with_a_body_passes_the_cache_by() {
    let bodies = [
        ("content-length", "5"),
        ("content-length", "many"),
        ("transfer-encoding", "chunked"),
    ];
    for method in ["GET", "HEAD"] {
        for (name, value) in bodies {
            let site = Site::new(rules(pages()), versions()).await;
            site.send("/a").await;
            let got = site.send(request(method, "/a").with(name, value)).await;
            assert_eq!(got.word(), "BYPASS", "{method} {name}");
            assert!(got.cache_status().contains("detail=body"), "{method}");
            assert_eq!(site.stats("pages").bypassed["body"], 1);
            assert_eq!(site.send("/a").await.seen(), seen("HIT", "v1"));
        }
    }
    let site = Site::new(rules(pages()), versions()).await;
    site.send(request("GET", "/a").with("content-length", "0"))
        .await;
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "v1"));
}
