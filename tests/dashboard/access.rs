//! Access to the dashboard, and the requests that are refused.

use axum::Router;
use axum::http::{Method, StatusCode};
use cachekit::Cache;
use serde_json::json;

use crate::world::{Ask, Seen, TOKEN, World};

/// Paths of requests that need the token.
const PROTECTED: [&str; 7] = [
    "api/stats",
    "api/keys",
    "dashboard.js",
    "chart.js",
    "rates.js",
    "table.js",
    "units.js",
];

#[tokio::test]
async fn a_request_without_the_token_is_refused() {
    let world = World::new().await;
    for path in PROTECTED {
        let path = format!("/ops/cache/{path}");
        assert_eq!(
            Ask::get(&path).of(&world.service).await.status,
            StatusCode::OK,
            "{path}"
        );
        for wrong in [
            "",
            "Bearer ",
            "Bearer wrong",
            "Basic x",
            TOKEN,
            &format!("Bearer {TOKEN}x"),
        ] {
            let seen = Ask::get(&path)
                .field("authorization", wrong)
                .of(&world.service)
                .await;
            assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{path} {wrong}");
            assert!(
                seen.json()["error"]
                    .as_str()
                    .expect("an error")
                    .contains("Bearer TOKEN")
            );
        }
    }
    for path in ["api/key", "api/invalidate"] {
        let ask = Ask::post(&format!("/ops/cache/{path}"), &json!({ "key": "a" }));
        let seen = ask.without_token().of(&world.service).await;
        assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(world.cache.stats().invalidations, 0);
}

async fn log_in(world: &World, token: &str) -> Seen {
    let ask = Ask::post("/ops/cache/login", &json!({ "token": token }));
    ask.without_token()
        .field("host", "shop.example")
        .of(&world.service)
        .await
}

#[tokio::test]
async fn a_browser_gets_a_session_for_the_token() {
    let world = World::new().await;
    let wrong = log_in(&world, "wrong").await;
    assert_eq!(
        (wrong.status, wrong.cookie()),
        (StatusCode::UNAUTHORIZED, "")
    );
    let seen = log_in(&world, TOKEN).await;
    assert_eq!(seen.status, StatusCode::OK);
    let set = seen.header("set-cookie");
    assert!(
        set.ends_with("; Max-Age=43200; HttpOnly; SameSite=Strict"),
        "{set}"
    );
    assert!(!set.contains(TOKEN));

    let stats = || Ask::get("/ops/cache/api/stats");
    let with = |cookie: &str| stats().cookie(cookie);
    let cookie = seen.cookie();
    assert_eq!(with(cookie).of(&world.service).await.status, StatusCode::OK);
    let among = format!("a=b; {cookie}; c=d");
    assert_eq!(with(&among).of(&world.service).await.status, StatusCode::OK);
    let (other, cut) = (format!("x{cookie}"), &cookie[..cookie.len() - 1]);
    for wrong in [
        &*other,
        cut,
        "cachekit_dashboard=",
        &format!("cachekit_dashboard={TOKEN}"),
    ] {
        let seen = with(wrong).of(&world.service).await;
        assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    // Every process with the token accepts the session, and no other process does.
    let cache = Cache::builder().build().await.expect("a cache");
    let other = |token| {
        let router = cachekit::dashboard::router(&cache, token).expect("a token");
        Router::new().nest("/ops/cache", router)
    };
    assert_eq!(with(cookie).of(&other(TOKEN)).await.status, StatusCode::OK);
    let stranger = with(cookie).of(&other("another token of the tests")).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_session_ends_when_the_browser_logs_out() {
    let world = World::new().await;
    let seen = Ask::post("/ops/cache/logout", &json!({}))
        .of(&world.service)
        .await;
    let set = seen.header("set-cookie");
    assert!(set.starts_with("cachekit_dashboard=; Max-Age=0; "), "{set}");
}

#[tokio::test]
async fn a_cookie_of_an_encrypted_page_stays_encrypted() {
    let world = World::new().await;
    let ask = |scheme: &str| {
        let ask = Ask::post("/ops/cache/login", &json!({ "token": TOKEN }));
        ask.field("host", "shop.example")
            .field("origin", &format!("{scheme}://shop.example"))
    };
    let set = |seen: Seen| seen.header("set-cookie").to_owned();
    assert!(set(ask("https").of(&world.service).await).ends_with("; Secure"));
    assert!(!set(ask("http").of(&world.service).await).contains("Secure"));
}

#[tokio::test]
async fn the_page_is_a_form_until_the_token_is_given() {
    let world = World::new().await;
    let form = Ask::get("/ops/cache/overview")
        .without_token()
        .of(&world.service)
        .await;
    assert_eq!(form.status, StatusCode::UNAUTHORIZED);
    assert!(form.text.contains("type=\"password\"") && !form.text.contains("dashboard.js"));
    let page = Ask::get("/ops/cache/overview").of(&world.service).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("dashboard.js"));
    for (path, kind) in [
        ("login.js", "javascript"),
        ("dashboard.css", "css"),
        ("icon.svg", "svg"),
    ] {
        let seen = Ask::get(&format!("/ops/cache/{path}"))
            .without_token()
            .of(&world.service)
            .await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
        assert!(seen.header("content-type").contains(kind), "{seen:?}");
    }
}

#[tokio::test]
async fn a_request_of_another_site_changes_nothing() {
    let world = World::new().await;
    let ask = || {
        let ask = Ask::post("/ops/cache/api/invalidate", &json!({ "key": "a" }));
        ask.field("host", "shop.example:8080")
    };
    let refused = [
        ask().field("sec-fetch-site", "cross-site"),
        ask().field("sec-fetch-site", "same-site"),
        ask().field("sec-fetch-site", "none"),
        ask().field("origin", "http://evil.example"),
        ask().field("origin", "http://shop.example"),
        ask().field("origin", "null"),
        ask().field("origin", "http://shop.example:8080.evil.example"),
        ask()
            .field("origin", "http://shop.example:8080")
            .field("sec-fetch-site", "cross-site"),
    ];
    for (index, ask) in refused.into_iter().enumerate() {
        let seen = ask.of(&world.service).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{index}");
        let error = seen.json()["error"].as_str().unwrap_or_default().to_owned();
        assert!(error.contains("another site"), "{index}: {error}");
    }
    for kind in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let seen = ask().field("content-type", kind).of(&world.service).await;
        assert_eq!(seen.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let seen = ask().method(method.clone()).of(&world.service).await;
        assert_eq!(seen.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    assert_eq!(world.cache.stats().invalidations, 0);
    let own = ask().field("origin", "http://Shop.example:8080");
    let own = own.field("sec-fetch-site", "same-origin");
    let own = own.field("content-type", "application/json; charset=utf-8");
    assert_eq!(own.of(&world.service).await.status, StatusCode::OK);
    assert_eq!(world.cache.stats().invalidations, 1);
}

#[tokio::test]
async fn every_response_has_the_fields_that_protect_the_page() {
    let world = World::new().await;
    let asks = [
        Ask::get("/ops/cache"),
        Ask::get("/ops/cache/overview"),
        Ask::get("/ops/cache/overview").without_token(),
        Ask::get("/ops/cache/api/stats"),
        Ask::get("/ops/cache/api/stats").without_token(),
        Ask::get("/ops/cache/dashboard.css"),
        Ask::post("/ops/cache/login", &json!({ "token": TOKEN })),
        Ask::post("/ops/cache/login", &json!({})).field("sec-fetch-site", "cross-site"),
        Ask::get("/ops/cache/login"),
    ];
    for ask in asks {
        let seen = ask.of(&world.service).await;
        let policy = seen.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self';",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{seen:?}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{policy}"
        );
        assert_eq!(seen.header("x-content-type-options"), "nosniff");
        assert_eq!(seen.header("referrer-policy"), "no-referrer");
        assert_eq!(seen.header("cache-control"), "no-store");
    }
}

/// The address of the page is relative, so that it is right behind a proxy too.
#[tokio::test]
async fn the_page_works_below_any_path() {
    let cache = Cache::builder().build().await.expect("a cache");
    let router = || cachekit::dashboard::router::<()>(&cache, TOKEN).expect("a token");
    let service = [
        (Router::new().nest("/a", router()), "/a", "./a/overview"),
        (Router::new().nest("/a/b/", router()), "/a/b/", "overview"),
        (
            Router::new().nest_service("/a/b", router()),
            "/a/b",
            "./b/overview",
        ),
        (
            Router::new().nest_service("/a/b", router()),
            "/a/b/",
            "overview",
        ),
        (router(), "/", "overview"),
    ];
    for (service, path, address) in service {
        let seen = Ask::get(path).of(&service).await;
        assert_eq!(seen.status, StatusCode::TEMPORARY_REDIRECT, "{path}");
        assert_eq!(seen.header("location"), address);
    }
}

#[tokio::test]
async fn files_of_the_page_name_no_other_host() {
    let world = World::new().await;
    for path in
        PROTECTED
            .iter()
            .skip(2)
            .chain(&["overview", "dashboard.css", "login.js", "icon.svg"])
    {
        let seen = Ask::get(&format!("/ops/cache/{path}"))
            .of(&world.service)
            .await;
        let text = seen.text.replace("http://www.w3.org/2000/svg", "");
        assert!(
            !text.contains("http:") && !text.contains("https:") && !text.contains("url("),
            "{path}"
        );
        assert!(
            !text.contains("innerHTML") && !text.contains("eval("),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_service_of_the_page_has_a_dashboard() {
    let cache = Cache::builder().build().await.expect("a cache");
    let service = crate::page::with_dashboard(Router::new(), &cache, TOKEN.to_owned());
    let seen = Ask::get("/cachekit/api/keys")
        .of(&service.expect("a token"))
        .await;
    assert_eq!(seen.status, StatusCode::OK);
}

#[tokio::test]
async fn a_short_token_is_refused() {
    let cache = Cache::builder().build().await.expect("a cache");
    let error = cachekit::dashboard::router::<()>(&cache, "short").expect_err("short");
    assert!(
        error.to_string().contains("at least 16 random bytes"),
        "{error}"
    );
}

#[tokio::test]
async fn a_bad_body_is_refused() {
    let world = World::new().await;
    let path = "/ops/cache/api/invalidate";
    let bad = [
        json!({}),
        json!([]),
        json!({ "key": "a", "tag": "b" }),
        json!({ "tag": "" }),
        json!({ "key": 7 }),
        json!({ "key": "a", "everything": true }),
    ];
    for body in bad {
        let seen = Ask::post(path, &body).of(&world.service).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let large = json!({ "key": "k".repeat(64 << 10) });
    let seen = Ask::post(path, &large).of(&world.service).await;
    assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(world.cache.stats().invalidations, 0);
}
