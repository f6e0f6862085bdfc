//! What tells two requests apart, and what the handler gets to see of a request.

use cachekit::http::{Auth, Cookies, Rule, UnlistedQuery};
use http::Request;

use crate::world::{Answer, Site, get, ok, pages, rules, seen};

/// Answers with everything of the request that a test varies.
async fn echo(request: Request<()>) -> Answer {
    let mut text = request.uri().to_string();
    for name in ["host", "cookie", "accept-language", "authorization"] {
        for value in request.headers().get_all(name) {
            text.push(' ');
            text.push_str(value.to_str().expect("a text"));
        }
    }
    Ok(ok(text))
}

async fn site(rule: Rule) -> Site {
    Site::new(rules(rule), echo).await
}

#[tokio::test]
async fn the_values_of_a_query_count_and_the_order_of_its_names_does_not() {
    let site = site(pages()).await;
    let first = site.send("/list?a=1&b=2").await;
    assert_eq!(first.seen(), seen("MISS", "/list?a=1&b=2 example.com"));
    let swapped = site.send("/list?b=2&a=1").await;
    assert_eq!(swapped.seen(), seen("HIT", "/list?a=1&b=2 example.com"));
    for other in [
        "/list?a=2&b=1",
        "/list?a=1",
        "/list",
        "/list?a=1&b=2&b=3",
        "/list?a=1&b=3&b=2",
    ] {
        let got = site.send(other).await;
        assert_eq!(got.seen(), seen("MISS", &format!("{other} example.com")));
    }
}

#[tokio::test]
async fn an_unlisted_parameter_is_not_in_the_key_and_does_not_reach_the_handler() {
    let site = site(pages().query_params(["q", "page"])).await;
    let first = site.send("/find?utm=evil&q=tea&x").await;
    assert_eq!(first.seen(), seen("MISS", "/find?q=tea example.com"));
    let other = site.send("/find?q=tea&utm=2").await;
    assert_eq!(other.seen(), seen("HIT", "/find?q=tea example.com"));
    let page = site.send("/find?q=tea&page=2").await;
    assert_eq!(page.seen(), seen("MISS", "/find?q=tea&page=2 example.com"));
}

#[tokio::test]
async fn a_request_with_an_unlisted_parameter_can_be_let_through() {
    let rule = pages().query_params(["q"]);
    let site = site(rule.unlisted_query(UnlistedQuery::Bypass)).await;
    for _ in 0..2 {
        let got = site.send("/find?q=1&utm=2").await;
        assert_eq!(got.seen(), seen("BYPASS", "/find?q=1&utm=2 example.com"));
    }
    assert_eq!(site.send("/find?q=1").await.word(), "MISS");
    assert_eq!(site.send("/find?q=1").await.word(), "HIT");
}

#[tokio::test]
async fn each_host_has_its_own_responses() {
    let site = site(pages()).await;
    for host in ["one.example", "two.example", "one.example:8080"] {
        let got = site.send(get("/a").with("host", host)).await;
        assert_eq!(got.seen(), seen("MISS", &format!("/a {host}")));
    }
    let upper = site.send(get("/a").with("host", "ONE.example")).await;
    assert_eq!(upper.seen(), seen("HIT", "/a one.example"));
}

#[tokio::test]
async fn the_rule_s_header_fields_are_in_the_key_and_in_vary() {
    let site = site(pages().headers(["accept-language"])).await;
    for language in ["de", "en"] {
        let asked = get("/a").with("accept-language", language);
        let text = format!("/a example.com {language}");
        for word in ["MISS", "HIT"] {
            let got = site.send(asked.clone()).await;
            assert_eq!(got.seen(), seen(word, &text));
            assert_eq!(got.all("vary"), ["accept-language"]);
        }
    }
    assert_eq!(site.send("/a").await.seen(), seen("MISS", "/a example.com"));
}

#[tokio::test]
async fn a_listed_cookie_is_in_the_key_and_the_others_are_hidden_from_the_handler() {
    let cookies = Cookies::Key(vec!["lang".to_owned()]);
    let site = site(pages().cookies(cookies)).await;
    let asked = |cookies: &str| get("/a").with("cookie", cookies);
    let german = site.send(asked("session=ann; lang=de")).await;
    assert_eq!(german.seen(), seen("MISS", "/a example.com lang=de"));
    assert_eq!(german.all("vary"), ["cookie"]);
    let other = site.send(asked("lang=de; session=bob")).await;
    assert_eq!(other.seen(), seen("HIT", "/a example.com lang=de"));
    let english = site.send(asked("lang=en; session=ann")).await;
    assert_eq!(english.seen(), seen("MISS", "/a example.com lang=en"));
    let none = site.send(asked("session=ann")).await;
    assert_eq!(none.seen(), seen("MISS", "/a example.com"));
}

#[tokio::test]
async fn ignored_cookies_are_hidden_from_the_handler() {
    let site = site(pages().cookies(Cookies::Ignore)).await;
    let ann = site.send(get("/a").with("cookie", "session=ann")).await;
    assert_eq!(ann.seen(), seen("MISS", "/a example.com"));
    let bob = site.send(get("/a").with("cookie", "session=bob")).await;
    assert_eq!(bob.seen(), seen("HIT", "/a example.com"));
}

#[tokio::test]
async fn a_request_with_a_cookie_reaches_the_handler_unless_the_rule_says_otherwise() {
    let site = site(pages()).await;
    site.send("/a").await;
    for _ in 0..2 {
        let got = site.send(get("/a").with("cookie", "session=ann")).await;
        assert_eq!(got.seen(), seen("BYPASS", "/a example.com session=ann"));
    }
    assert_eq!(site.send("/a").await.seen(), seen("HIT", "/a example.com"));
}

#[tokio::test]
async fn each_authorization_can_have_its_own_responses() {
    let site = site(pages().auth(Auth::Key)).await;
    for token in ["ann", "bob"] {
        let asked = get("/a").with("authorization", token);
        let text = format!("/a example.com {token}");
        let got = site.send(asked.clone()).await;
        assert_eq!(got.seen(), seen("MISS", &text));
        assert_eq!(got.all("vary"), ["authorization"]);
        assert_eq!(site.send(asked).await.seen(), seen("HIT", &text));
    }
}

#[tokio::test]
async fn an_ignored_authorization_is_hidden_from_the_handler() {
    let site = site(pages().auth(Auth::Ignore)).await;
    let ann = site.send(get("/a").with("authorization", "ann")).await;
    assert_eq!(ann.seen(), seen("MISS", "/a example.com"));
    let bob = site.send(get("/a").with("authorization", "bob")).await;
    assert_eq!(bob.seen(), seen("HIT", "/a example.com"));
}

#[tokio::test]
async fn a_path_without_a_rule_always_reaches_the_handler() {
    let only = Rule::get("/products/{id}").ttl(crate::world::SECOND);
    let site = site(only).await;
    for _ in 0..2 {
        assert_eq!(site.send("/carts/1").await.word(), "BYPASS");
        assert_eq!(site.send("/products/1/price").await.word(), "BYPASS");
    }
    site.send("/products/1").await;
    assert_eq!(site.send("/products/1").await.word(), "HIT");
    assert_eq!(site.handler.calls(), 5);
}
