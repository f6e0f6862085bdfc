//! A handler that takes the pool out of the state.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use cachekit::cached;
use sqlx::PgPool;

#[cached(key = "hello", ttl = 60)]
pub async fn using_connection_pool_extractor(
    State(pool): State<PgPool>,
) -> Result<String, (StatusCode, String)> {
    sqlx::query_scalar("select 'hello world from pg'")
        .fetch_one(&pool)
        .await
        .map_err(internal_error)
}

fn internal_error(error: impl std::error::Error) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

pub fn router(pool: PgPool) -> Router {
    Router::new()
        .route("/", get(using_connection_pool_extractor))
        .with_state(pool)
}
