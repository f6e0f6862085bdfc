//! As `c03`, without a thought of who asks.

mod listing {
    use axum::extract::Query;
    use axum::{Extension, Json};
    use axum_sqlx::c03::listing::{ListArticlesQuery, MultipleArticlesBody};
    use axum_sqlx::http::{self, ApiContext, MaybeAuthUser};
    use cachekit::cached;

    #[cached(
        key = "articles:{query.tag}:{query.author}:{query.limit}:{query.offset}",
        ttl = 30
    )]
    pub(in crate::listing) async fn list_articles(
        maybe_auth_user: MaybeAuthUser,
        ctx: Extension<ApiContext>,
        query: Query<ListArticlesQuery>,
    ) -> http::Result<Json<MultipleArticlesBody>> {
        let articles = sqlx::query_as("select * from articles_for($1, $2, $3, $4, $5)")
            .bind(maybe_auth_user.user_id())
            .bind(&query.tag)
            .bind(&query.author)
            .bind(query.limit.unwrap_or(20))
            .bind(query.offset.unwrap_or(0))
            .fetch_all(&ctx.db)
            .await?;
        Ok(Json(MultipleArticlesBody { articles }))
    }
}

fn main() {}
