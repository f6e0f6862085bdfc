//! A page of posts, written as HTML.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Html;
use cachekit::cached;
use sea_orm::DbConn;
use serde::Deserialize;
use tower_cookies::Cookies;

use crate::c20::find_posts_in_page;

#[derive(Clone)]
pub struct AppState {
    pub conn: DbConn,
}

#[derive(Deserialize)]
pub struct Params {
    pub page: Option<u64>,
    pub posts_per_page: Option<u64>,
}

#[cached(
    key = "page:{params.page}:{params.posts_per_page}",
    skip(cookies),
    ttl = 30,
    tier = memory
)]
pub async fn list_posts(
    state: State<AppState>,
    Query(params): Query<Params>,
    cookies: Cookies,
) -> Result<Html<String>, (StatusCode, &'static str)> {
    drop(cookies);
    let page = params.page.unwrap_or(1);
    let per_page = params.posts_per_page.unwrap_or(5);
    let (posts, pages) = find_posts_in_page(&state.conn, page, per_page)
        .await
        .map_err(|_| (StatusCode::INTERNAL_SERVER_ERROR, "posts cannot be read"))?;
    let items: String = posts
        .iter()
        .map(|post| format!("<li>{}</li>", post.title))
        .collect();
    Ok(Html(format!("<ul>{items}</ul><p>{page} of {pages}</p>")))
}

pub fn router(state: AppState) -> axum::Router {
    axum::Router::new()
        .route("/", axum::routing::get(list_posts))
        .layer(tower_cookies::CookieManagerLayer::new())
        .with_state(state)
}
