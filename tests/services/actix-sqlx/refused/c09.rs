//! As `c09`, with the handler itself.

use actix_sqlx::c09::Item;
use actix_web::{Responder, get, web};
use cachekit::cached;
use sqlx::PgPool;

#[get("/items/{id}")]
#[cached(key = "handled_item:{id}", ttl = 60)]
pub async fn get_item(
    id: web::Path<i64>,
    pool: web::Data<PgPool>,
) -> actix_web::Result<impl Responder> {
    let item: Option<Item> = sqlx::query_as("select id, name from items where id = $1")
        .bind(*id)
        .fetch_optional(pool.get_ref())
        .await
        .map_err(actix_web::error::ErrorInternalServerError)?;
    let item = item.ok_or_else(|| actix_web::error::ErrorNotFound("no such item"))?;
    Ok(web::Json(item))
}

fn main() {}
