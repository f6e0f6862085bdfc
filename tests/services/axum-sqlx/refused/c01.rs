//! As `c01`, with the article as it was before it was cached.

use axum_sqlx::http::{Error, Result};
use cachekit::cached;
use serde::Serialize;
use sqlx::{Executor, Postgres};
use uuid::Uuid;

#[derive(Serialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Article {
    pub slug: String,
    pub title: String,
    pub tag_list: Vec<String>,
    pub favorited: bool,
    pub author: String,
}

#[cached(
    key = "article:{user_id}:{article_id}",
    ttl = 60,
    skip(e),
    tags = ["author:{ret.author}"]
)]
pub async fn article_by_id(
    e: impl Executor<'_, Database = Postgres>,
    user_id: Uuid,
    article_id: Uuid,
) -> Result<Article> {
    sqlx::query_as("select * from article_of($1, $2)")
        .bind(user_id)
        .bind(article_id)
        .fetch_optional(e)
        .await?
        .ok_or(Error::NotFound)
}

fn main() {}
