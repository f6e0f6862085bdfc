//! Articles by a filter from the request's query.

pub mod listing {
    use axum::extract::Query;
    use axum::{Extension, Json};
    use cachekit::{CacheKey, cached};
    use serde::{Deserialize, Serialize};

    use crate::c01::Article;
    use crate::http::{self, ApiContext, MaybeAuthUser};

    #[derive(CacheKey, Default, Deserialize)]
    #[serde(default)]
    pub struct ListArticlesQuery {
        pub tag: Option<String>,
        pub author: Option<String>,
        pub limit: Option<i64>,
        pub offset: Option<i64>,
    }

    #[derive(Clone, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct MultipleArticlesBody {
        pub articles: Vec<Article>,
    }

    #[cached(
        key = "articles:{maybe_auth_user.user_id()}:{query.0}",
        skip(ctx),
        ttl = 30,
        tier = memory
    )]
    pub(in crate::c03) async fn list_articles(
        maybe_auth_user: MaybeAuthUser,
        ctx: Extension<ApiContext>,
        query: Query<ListArticlesQuery>,
    ) -> http::Result<Json<MultipleArticlesBody>> {
        let articles = sqlx::query_as(
            "select slug, title, tag_list, author, exists(select 1 from favorite f \
             where f.article_id = a.article_id and f.user_id = $1) as favorited \
             from article a where ($2 is null or tag_list @> array[$2]) \
             and ($3 is null or author = $3) limit $4 offset $5",
        )
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

pub fn router() -> axum::Router {
    axum::Router::new().route("/api/articles", axum::routing::get(listing::list_articles))
}
