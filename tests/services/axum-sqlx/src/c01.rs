//! An article, by any connection or transaction.

use cachekit::cached;
use serde::{Deserialize, Serialize};
use sqlx::{Executor, Postgres};
use uuid::Uuid;

use crate::http::{Error, Result};

#[derive(Clone, Serialize, Deserialize, sqlx::FromRow)]
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
    sqlx::query_as(
        "select slug, title, tag_list, author, exists(select 1 from favorite f \
         where f.article_id = a.article_id and f.user_id = $1) as favorited \
         from article a where article_id = $2",
    )
    .bind(user_id)
    .bind(article_id)
    .fetch_optional(e)
    .await?
    .ok_or(Error::NotFound)
}
