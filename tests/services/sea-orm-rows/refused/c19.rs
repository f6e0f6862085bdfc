//! As `c19`, without a thought of where the functions stand.

use cachekit::cached;
use sea_orm::{DbConn, DbErr, EntityTrait};
use sea_orm_rows::post;

struct Query;

impl Query {
    #[cached(key = "post:{id}", ttl = 300)]
    pub async fn find_post_by_id(db: &DbConn, id: i32) -> Result<Option<post::Model>, DbErr> {
        post::Entity::find_by_id(id).one(db).await
    }
}

fn main() {}
