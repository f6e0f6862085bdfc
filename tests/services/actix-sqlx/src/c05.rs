//! Who a confirmation's token belongs to; confirming drops all that is known of tokens.

use cachekit::{cached, invalidates};
use sqlx::PgPool;
use uuid::Uuid;

#[tracing::instrument(name = "Get subscriber_id from token", skip(pool, token))]
#[cached(skip(pool), ttl = 60)]
pub async fn get_subscriber_id_from_token(
    pool: &PgPool,
    token: &str,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar("select subscriber_id from subscription_tokens where token = $1")
        .bind(token)
        .fetch_optional(pool)
        .await
}

#[tracing::instrument(name = "Mark subscriber as confirmed", skip(pool))]
#[invalidates(get_subscriber_id_from_token(..))]
pub async fn confirm_subscriber(pool: &PgPool, subscriber_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("update subscriptions set status = 'confirmed' where id = $1")
        .bind(subscriber_id)
        .execute(pool)
        .await?;
    Ok(())
}
