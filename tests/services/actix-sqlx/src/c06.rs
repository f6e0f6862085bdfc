//! The response that an idempotent request got before.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cachekit::{CacheKey, cached};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

#[derive(Debug, CacheKey)]
pub struct IdempotencyKey(String);

impl TryFrom<String> for IdempotencyKey {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self, anyhow::Error> {
        anyhow::ensure!(!text.is_empty(), "an idempotency key has text");
        Ok(Self(text))
    }
}

impl AsRef<str> for IdempotencyKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// What a response is made of: a response itself is sent once.
#[derive(Clone, Serialize, Deserialize, sqlx::FromRow)]
pub struct SavedResponse {
    pub status: i16,
    pub body: Vec<u8>,
}

#[cached(key = "response:{user_id}:{idempotency_key}", ttl = 60)]
async fn saved_parts(
    pool: &PgPool,
    idempotency_key: &IdempotencyKey,
    user_id: Uuid,
) -> Result<Option<SavedResponse>, anyhow::Error> {
    let saved = sqlx::query_as(
        "select response_status_code as status, response_body as body from idempotency \
         where user_id = $1 and idempotency_key = $2",
    )
    .bind(user_id)
    .bind(idempotency_key.as_ref())
    .fetch_optional(pool)
    .await?;
    Ok(saved)
}

pub async fn get_saved_response(
    pool: &PgPool,
    idempotency_key: &IdempotencyKey,
    user_id: Uuid,
) -> Result<Option<HttpResponse>, anyhow::Error> {
    let Some(saved) = saved_parts(pool, idempotency_key, user_id).await? else {
        return Ok(None);
    };
    let status = StatusCode::from_u16(saved.status.try_into()?)?;
    Ok(Some(HttpResponse::build(status).body(saved.body)))
}
