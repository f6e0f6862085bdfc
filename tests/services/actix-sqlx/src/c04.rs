//! A user's name, and the change of a password.

use anyhow::Context as _;
use cachekit::{cached, invalidates};
use sqlx::PgPool;
use uuid::Uuid;

#[tracing::instrument(name = "Get username", skip(pool))]
#[cached(key = "username:{user_id}", ttl = 300)]
pub async fn get_username(user_id: Uuid, pool: &PgPool) -> Result<String, anyhow::Error> {
    let name = sqlx::query_scalar("select username from users where user_id = $1")
        .bind(user_id)
        .fetch_one(pool)
        .await
        .context("the name of a user could not be read")?;
    Ok(name)
}

#[tracing::instrument(name = "Change password", skip(password, pool))]
#[invalidates(get_username(user_id, _))]
pub async fn change_password(
    user_id: Uuid,
    password: String,
    pool: &PgPool,
) -> Result<(), anyhow::Error> {
    sqlx::query("update users set password_hash = $1 where user_id = $2")
        .bind(password)
        .bind(user_id)
        .execute(pool)
        .await
        .context("the new password could not be stored")?;
    Ok(())
}
