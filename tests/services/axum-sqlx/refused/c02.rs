//! As `c02`, in both tiers.

use axum::{Extension, Json};
use axum_sqlx::c02::TagsBody;
use axum_sqlx::http::{ApiContext, Result};
use cachekit::cached;

#[cached(ttl = 60, skip(ctx))]
pub async fn get_tags(ctx: Extension<ApiContext>) -> Result<Json<TagsBody>> {
    let tags = sqlx::query_scalar("select distinct unnest(tag_list) tag from article order by tag")
        .fetch_all(&ctx.db)
        .await?;
    Ok(Json(TagsBody { tags }))
}

fn main() {}
