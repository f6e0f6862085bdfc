//! As `c06`, with the response itself.

use actix_sqlx::c06::{IdempotencyKey, SavedResponse};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cachekit::cached;
use sqlx::PgPool;
use uuid::Uuid;

#[cached(key = "response:{user_id}:{idempotency_key}", ttl = 60)]
pub async fn get_saved_response(
    pool: &PgPool,
    idempotency_key: &IdempotencyKey,
    user_id: Uuid,
) -> Result<Option<HttpResponse>, anyhow::Error> {
    let saved: Option<SavedResponse> = sqlx::query_as("select * from response_of($1, $2)")
        .bind(user_id)
        .bind(idempotency_key.as_ref())
        .fetch_optional(pool)
        .await?;
    let Some(saved) = saved else {
        return Ok(None);
    };
    let status = StatusCode::from_u16(saved.status.try_into()?)?;
    Ok(Some(HttpResponse::build(status).body(saved.body)))
}

fn main() {}
