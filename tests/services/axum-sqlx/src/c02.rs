//! All tags of the blog.

use axum::{Extension, Json};
use cachekit::cached;
use serde::{Deserialize, Serialize};

use crate::http::{ApiContext, Result};

#[derive(Clone, Serialize, Deserialize)]
pub struct TagsBody {
    pub tags: Vec<String>,
}

#[cached(ttl = 60, skip(ctx), tier = memory)]
pub async fn get_tags(ctx: Extension<ApiContext>) -> Result<Json<TagsBody>> {
    let tags = sqlx::query_scalar("select distinct unnest(tag_list) tag from article order by tag")
        .fetch_all(&ctx.db)
        .await?;
    Ok(Json(TagsBody { tags }))
}
