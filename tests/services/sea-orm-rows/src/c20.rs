//! The same as free functions, and the writes.

use cachekit::{cached, invalidates, write_through};
use sea_orm::{
    ActiveModelTrait, DbConn, DbErr, DeleteResult, EntityTrait, IntoActiveModel, ModelTrait,
    PaginatorTrait, QueryOrder, Set,
};

use crate::post;

#[cached(key = "free_post:{id}", ttl = 300)]
pub async fn find_post_by_id(db: &DbConn, id: i32) -> Result<Option<post::Model>, DbErr> {
    post::Entity::find_by_id(id).one(db).await
}

#[cached(key = "free_posts:{page}:{per_page}", ttl = 60, tags = ["free_posts"])]
pub async fn find_posts_in_page(
    db: &DbConn,
    page: u64,
    per_page: u64,
) -> Result<(Vec<post::Model>, u64), DbErr> {
    let pages = post::Entity::find()
        .order_by_asc(post::Column::Id)
        .paginate(db, per_page);
    let number = pages.num_pages().await?;
    Ok((pages.fetch_page(page - 1).await?, number))
}

#[invalidates(tags = ["free_posts"])]
pub async fn create_post(db: &DbConn, form: post::Model) -> Result<post::ActiveModel, DbErr> {
    post::ActiveModel {
        title: Set(form.title),
        text: Set(form.text),
        ..Default::default()
    }
    .save(db)
    .await
}

#[write_through(find_post_by_id(_, id))]
#[invalidates(tags = ["free_posts"])]
pub async fn update_post_by_id(
    db: &DbConn,
    id: i32,
    form: post::Model,
) -> Result<post::Model, DbErr> {
    let post = post::Entity::find_by_id(id).one(db).await?;
    let mut post = post
        .ok_or_else(|| DbErr::RecordNotFound(format!("post {id}")))?
        .into_active_model();
    post.title = Set(form.title);
    post.text = Set(form.text);
    post.update(db).await
}

#[invalidates(find_post_by_id(_, id), tags = ["free_posts"])]
pub async fn delete_post(db: &DbConn, id: i32) -> Result<DeleteResult, DbErr> {
    let post = post::Entity::find_by_id(id).one(db).await?;
    post.ok_or_else(|| DbErr::RecordNotFound(format!("post {id}")))?
        .delete(db)
        .await
}
