//! Responses that vary by header fields of the request: each variant is kept, and each client gets
//! its own.

use cachekit_tests::{Gate, settle};
use http::Request;

use crate::world::{Answer, Site, With as _, get, ok, pages, request, rules, seen};

fn value<'a>(request: &'a Request<()>, name: &str) -> &'a str {
    let value = request.headers().get(name);
    value.map_or("-", |value| value.to_str().expect("a text"))
}

async fn by_language(request: Request<()>) -> Answer {
    Ok(ok(value(&request, "accept-language").to_owned()).with("vary", "Accept-Language"))
}

async fn ask(site: &Site, language: &str) -> (String, String) {
    site.send(get("/a").with("accept-language", language))
        .await
        .seen()
}

#[tokio::test]
async fn two_variants_are_kept_and_each_client_gets_its_own() {
    let site = Site::new(rules(pages()), by_language).await;
    assert_eq!(ask(&site, "de").await, seen("MISS", "de"));
    assert_eq!(ask(&site, "en").await, seen("MISS", "en"));
    for _ in 0..2 {
        assert_eq!(ask(&site, "de").await, seen("HIT", "de"));
        assert_eq!(ask(&site, "en").await, seen("HIT", "en"));
    }
    assert_eq!(site.handler.calls(), 2);
}

#[tokio::test]
async fn many_variants_are_kept() {
    let site = Site::new(rules(pages()), by_language).await;
    let languages = ["de", "en", "fr", "it", "ja", "pl", "pt", "sv", "tr", "zh"];
    for word in ["MISS", "HIT", "HIT"] {
        for language in languages {
            assert_eq!(ask(&site, language).await, seen(word, language));
        }
    }
}

#[tokio::test]
async fn a_request_without_the_field_is_a_variant_of_its_own() {
    let site = Site::new(rules(pages()), by_language).await;
    for word in ["MISS", "HIT"] {
        assert_eq!(site.send("/a").await.seen(), seen(word, "-"));
        assert_eq!(ask(&site, "de").await, seen(word, "de"));
        assert_eq!(ask(&site, "").await, seen(word, ""));
    }
}

#[tokio::test]
async fn every_line_of_vary_counts() {
    let respond = async |request: Request<()>| {
        let (shape, size) = (value(&request, "x-shape"), value(&request, "x-size"));
        let response = ok(format!("{shape} {size}"));
        Ok(response.with("vary", "x-shape").with("vary", "x-size"))
    };
    let site = Site::new(rules(pages()), respond).await;
    let all = [("round", "1"), ("round", "2"), ("flat", "1"), ("flat", "2")];
    for word in ["MISS", "HIT"] {
        for (shape, size) in all {
            let asked = get("/a").with("x-shape", shape).with("x-size", size);
            let got = site.send(asked).await;
            assert_eq!(got.seen(), seen(word, &format!("{shape} {size}")));
            assert_eq!(got.all("vary"), ["x-shape", "x-size"]);
        }
    }
}

#[tokio::test]
async fn equal_lists_of_encodings_share_a_variant() {
    let respond = async |request: Request<()>| {
        let encodings = value(&request, "accept-encoding").to_owned();
        Ok(ok(encodings).with("vary", "accept-encoding"))
    };
    let site = Site::new(rules(pages()), respond).await;
    let asked = |encodings: &str| get("/a").with("accept-encoding", encodings);
    assert_eq!(
        site.send(asked("gzip, br")).await.seen(),
        seen("MISS", "gzip, br")
    );
    assert_eq!(
        site.send(asked("BR,gzip")).await.seen(),
        seen("HIT", "gzip, br")
    );
    assert_eq!(
        site.send(asked("identity")).await.seen(),
        seen("MISS", "identity")
    );
}

#[tokio::test]
async fn a_write_to_the_path_removes_all_variants() {
    let site = Site::new(rules(pages()), by_language).await;
    for language in ["de", "en", "fr"] {
        ask(&site, language).await;
    }
    assert_eq!(site.send(request("PUT", "/a")).await.status, 200);
    for language in ["fr", "en", "de"] {
        assert_eq!(ask(&site, language).await, seen("MISS", language));
    }
}

#[tokio::test]
async fn a_tag_of_the_rule_removes_all_variants() {
    let site = Site::new(rules(pages().tag("page:{path}")), by_language).await;
    for language in ["de", "en", "fr"] {
        ask(&site, language).await;
    }
    site.cache.invalidate_tags(["page:a"]).await;
    for language in ["fr", "en", "de"] {
        assert_eq!(ask(&site, language).await, seen("MISS", language));
    }
}

#[tokio::test]
async fn concurrent_misses_of_two_variants_each_get_their_own() {
    let gate = Gate::new();
    let respond = {
        let gate = gate.clone();
        move |request| {
            let gate = gate.clone();
            async move {
                gate.pass().await;
                by_language(request).await
            }
        }
    };
    let site = Site::new(rules(pages()), respond).await;
    let ask = |language: &str| site.spawn(get("/a").with("accept-language", language));
    let leader = ask("de");
    gate.arrived().await;
    let all: Vec<_> = ["en", "de", "fr", "en", "de"]
        .map(|it| (it, ask(it)))
        .into();
    settle().await;
    gate.open_for_all();
    assert_eq!(leader.await.expect("no panic").text(), "de");
    for (language, got) in all {
        assert_eq!(got.await.expect("no panic").text(), language);
    }
    assert_eq!(site.handler.calls(), 3, "one for each variant");
}

#[tokio::test]
async fn variants_that_expire_are_fetched_each_on_its_own() {
    let site = Site::new(rules(pages()), by_language).await;
    ask(&site, "de").await;
    site.clock.advance(40 * crate::world::SECOND);
    ask(&site, "en").await;
    site.clock.advance(30 * crate::world::SECOND);
    assert_eq!(
        ask(&site, "de").await,
        seen("MISS", "de"),
        "it was fresh for a minute"
    );
    assert_eq!(ask(&site, "en").await.1, "en");
    for language in ["de", "en"] {
        assert_eq!(ask(&site, language).await, seen("HIT", language));
    }
}
