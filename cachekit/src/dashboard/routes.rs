//! The routes of the dashboard.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, Request, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use crate::core::state::Cache;
use crate::dashboard::answer::{Json, Refusal, body};
use crate::dashboard::error::DashboardError;
use crate::dashboard::guard::{
    COOKIE_NAME, is_allowed, is_https, protect, require_token, since_1970,
};
use crate::dashboard::session::LIFE;
use crate::dashboard::state::Dashboard;
use crate::dashboard::{assets, figures, invalidations, key_report, keys};

/// Makes the dashboard of `cache`, as a router that a service nests at any path but `/`.
///
/// The page is at the path of the nest. A browser gives `token` once, in a form, and gets a cookie
/// for 12 hours. A script sends `Authorization: Bearer TOKEN`. Whoever has the token sees keys, which
/// contain arguments of functions, and can invalidate entries: use a token of its own, at least 16
/// random bytes, and serve the page by HTTPS. Values are not shown.
///
/// While the router or a clone of it exists, the cache records its last events of keys (9,216 events
/// and 2,048 more of the keys that were looked at) and counts misses by key. This adds one to three
/// locks to each miss, store and invalidation, and nothing to a hit of a fresh value.
///
/// # Errors
///
/// Returns an error if `token` has fewer than 16 bytes.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use axum::Router;
/// use cachekit::Cache;
///
/// let cache = Cache::builder().build().await?;
/// let token = std::env::var("DASHBOARD_TOKEN").unwrap_or_else(|_| "only-for-this-example".into());
/// let service: Router = Router::new()
///     // The routes of the service come here.
///     .nest("/cachekit", cachekit::dashboard::router(&cache, token)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn router<S>(cache: &Cache, token: impl Into<String>) -> Result<Router<S>, DashboardError>
where
    S: Clone + Send + Sync + 'static,
{
    let dashboard = Dashboard::new(cache, &token.into())?;
    let scripts = assets::SCRIPTS.into_iter();
    let scripts = scripts.fold(Router::new(), |router, (path, text)| {
        router.route(path, get(assets::script(text)))
    });
    let with_token = scripts
        .route("/api/stats", get(figures::stats))
        .route("/api/keys", get(keys::keys))
        .route("/api/key", post(key_report::key))
        .route("/api/invalidate", post(invalidations::invalidate))
        .route_layer(from_fn_with_state(Arc::clone(&dashboard), require_token));
    Ok(Router::new()
        .route("/", get(to_page))
        .route("/overview", get(page))
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/login.js", get(assets::login_script))
        .route("/dashboard.css", get(assets::style))
        .route("/icon.svg", get(assets::icon))
        .merge(with_token)
        .layer(from_fn(protect))
        .with_state(dashboard))
}

/// Leads to the page, which needs a path with a name after its last `/`, so that the links of the
/// page are relative to the nest. The address is relative, because a proxy may have another path.
async fn to_page(OriginalUri(uri): OriginalUri) -> Response {
    let last = uri.path().rsplit('/').next().unwrap_or_default();
    let address = match last {
        "" => "overview".to_owned(),
        last => format!("./{last}/overview"),
    };
    let mut response = StatusCode::TEMPORARY_REDIRECT.into_response();
    if let Ok(address) = HeaderValue::from_str(&address) {
        response.headers_mut().insert(LOCATION, address);
    }
    response
}

async fn page(State(dashboard): State<Arc<Dashboard>>, headers: HeaderMap) -> Response {
    if is_allowed(&dashboard.keys, &headers) {
        return assets::page();
    }
    let mut response = assets::login_page();
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    token: String,
}

async fn log_in(
    State(dashboard): State<Arc<Dashboard>>,
    request: Request,
) -> Result<Response, Refusal> {
    let is_https = is_https(request.headers());
    let login: Login = body(request).await?;
    if !dashboard.keys.is_token(login.token.trim()) {
        return Err(Refusal(StatusCode::UNAUTHORIZED, "the token is wrong"));
    }
    let session = dashboard.keys.session(since_1970());
    Ok(with_cookie(&session, LIFE.as_secs(), is_https))
}

async fn log_out(request: Request) -> Response {
    with_cookie("", 0, is_https(request.headers()))
}

/// Returns an answer that sets the cookie. The cookie has no `Path`, so a browser sends it to the
/// path of the nest only, as the browser sees that path.
fn with_cookie(session: &str, seconds: u64, is_https: bool) -> Response {
    let mut cookie =
        format!("{COOKIE_NAME}={session}; Max-Age={seconds}; HttpOnly; SameSite=Strict");
    if is_https {
        let _ = write!(cookie, "; Secure");
    }
    let mut response = Json(()).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}
