//! Reads, as associated functions of an empty type.

use cachekit::cached;
use sea_orm::{DbConn, DbErr, EntityTrait, PaginatorTrait, QueryOrder};

use crate::post;

pub struct Query;

impl Query {
    #[cached(key = "post:{id}", ttl = 300, companion = false)]
    pub async fn find_post_by_id(db: &DbConn, id: i32) -> Result<Option<post::Model>, DbErr> {
        post::Entity::find_by_id(id).one(db).await
    }

    #[cached(
        key = "posts:{page}:{posts_per_page}",
        ttl = 60,
        tags = ["posts"],
        companion = false
    )]
    pub async fn find_posts_in_page(
        db: &DbConn,
        page: u64,
        posts_per_page: u64,
    ) -> Result<(Vec<post::Model>, u64), DbErr> {
        let pages = post::Entity::find()
            .order_by_asc(post::Column::Id)
            .paginate(db, posts_per_page);
        let number = pages.num_pages().await?;
        Ok((pages.fetch_page(page - 1).await?, number))
    }
}
