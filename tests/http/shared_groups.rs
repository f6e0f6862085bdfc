//! The shared mode: what requests with unsafe methods invalidate.

use cachekit::http::Rule;
use http::{Request, Response};

use crate::bodies::Body;
use crate::world::{Fields, Site, With as _, get, ok, request, shared_rules};

/// A site whose pages are fresh for a minute and in the group that `x-group` names, and whose
/// writes answer with these fields.
async fn site(fields: &'static [(&str, &str)]) -> Site {
    let respond = move |request: Request<()>| {
        let is_write = request.method() != http::Method::GET;
        let group = request.headers().get("x-group").cloned();
        let fields = if is_write {
            fields
        } else {
            &[("cache-control", "max-age=60")]
        };
        let response: Response<Body> = ok("text");
        let mut response = fields
            .iter()
            .fold(response, |it, (name, value)| it.with(name, value));
        if let Some(group) = group {
            response.headers_mut().insert("cache-groups", group);
        }
        async move { Ok(response) }
    };
    Site::new(shared_rules(), respond).await
}

/// Returns which of the paths are no longer stored after a write to `/a`.
async fn removed(fields: &'static [(&str, &str)]) -> Vec<&'static str> {
    let paths = ["/a", "/a?x=1", "/b", "/b?x=1", "/d/e"];
    let site = site(fields).await;
    for path in paths {
        site.send(path).await;
    }
    site.send(request("POST", "/a")).await;
    let mut removed = vec![];
    for path in paths {
        if site.send(path).await.word() != "HIT" {
            removed.push(path);
        }
    }
    removed
}

#[tokio::test]
async fn a_write_invalidates_exactly_its_target() {
    assert_eq!(removed(&[]).await, ["/a"]);
}

#[tokio::test]
async fn a_write_invalidates_the_places_that_its_response_names() {
    for name in ["location", "content-location"] {
        let all = [
            ("/b", "/b"),
            ("b", "/b"),
            ("http://example.com/b", "/b"),
            ("/b?x=1", "/b?x=1"),
            ("d/e", "/d/e"),
        ];
        for (value, path) in all {
            let fields: &'static [(&str, &str)] = Box::leak(Box::new([(name, value)]));
            assert_eq!(removed(fields).await, ["/a", path], "{name}: {value}");
        }
    }
}

#[tokio::test]
async fn a_write_invalidates_nothing_of_another_origin() {
    let all: [Fields; 4] = [
        &[("location", "http://other.example/b")],
        &[("content-location", "//other.example/b")],
        &[("location", "http://example.com:8080/b")],
        &[("location", "http://example.com.evil.example/b")],
    ];
    for fields in all {
        assert_eq!(removed(fields).await, ["/a"], "{fields:?}");
    }
}

#[tokio::test]
async fn a_write_invalidates_the_groups_that_its_response_names() {
    let site = site(&[("cache-group-invalidation", "\"prices\", \"stock\"")]).await;
    let all = [
        get("/1").with("x-group", "\"prices\""),
        get("/2").with("x-group", "\"other\", \"stock\""),
        get("/3").with("x-group", "\"other\""),
        get("/4")
            .with("x-group", "\"prices\"")
            .with("host", "other.example"),
        get("/5"),
    ];
    let mut words = vec![];
    for sent in &all {
        site.send(sent.clone()).await;
    }
    site.send(request("POST", "/a")).await;
    for sent in all {
        words.push(site.send(sent).await.word());
    }
    assert_eq!(words, ["MISS", "MISS", "HIT", "HIT", "HIT"]);
}

#[tokio::test]
async fn a_read_and_a_failed_write_invalidate_no_group() {
    let respond = async |request: Request<()>| {
        let (path, method) = (request.uri().path(), request.method().clone());
        let response = match path {
            "/page" => ok("text").with("cache-groups", "\"prices\""),
            _ => ok("text").with("cache-group-invalidation", "\"prices\""),
        };
        let mut response = response.with("cache-control", "max-age=60");
        if method == http::Method::PUT {
            *response.status_mut() = http::StatusCode::CONFLICT;
        }
        Ok(response)
    };
    let site = Site::new(shared_rules(), respond).await;
    site.send("/page").await;
    for (method, word) in [("GET", "HIT"), ("PUT", "HIT"), ("POST", "MISS")] {
        site.send(request(method, "/other")).await;
        assert_eq!(site.send("/page").await.word(), word, "{method}");
    }
}

#[tokio::test]
async fn the_tags_of_a_rule_invalidate_in_the_shared_mode_too() {
    let rule = Rule::get("/products/{id}").tag("product:{id}");
    let respond = async |_: Request<()>| Ok(ok("text").with("cache-control", "max-age=60"));
    let site = Site::new(shared_rules().rule(rule), respond).await;
    for path in ["/products/7", "/products/8"] {
        site.send(path).await;
    }
    site.cache.invalidate_tags(["product:7"]).await;
    assert_eq!(site.send("/products/7").await.word(), "MISS");
    assert_eq!(site.send("/products/8").await.word(), "HIT");
}
