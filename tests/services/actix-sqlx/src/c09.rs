//! A handler that its path's attribute makes a type of.

use actix_web::{Responder, get, web};
use cachekit::cached;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

#[derive(Clone, Serialize, Deserialize, sqlx::FromRow)]
pub struct Item {
    pub id: i64,
    pub name: String,
}

#[cached(key = "item:{id}", ttl = 60)]
async fn item(pool: &PgPool, id: i64) -> Result<Option<Item>, sqlx::Error> {
    sqlx::query_as("select id, name from items where id = $1")
        .bind(id)
        .fetch_optional(pool)
        .await
}

#[get("/items/{id}")]
pub async fn get_item(
    id: web::Path<i64>,
    pool: web::Data<PgPool>,
) -> actix_web::Result<impl Responder> {
    let item = item(&pool, *id)
        .await
        .map_err(actix_web::error::ErrorInternalServerError)?
        .ok_or_else(|| actix_web::error::ErrorNotFound("no such item"))?;
    Ok(web::Json(item))
}

/// The path's attribute stands below.
#[cached(key = "item_name:{id}", ttl = 60)]
#[get("/items/{id}/name")]
pub async fn get_item_name(
    id: web::Path<i64>,
    pool: web::Data<PgPool>,
) -> actix_web::Result<String> {
    sqlx::query_scalar("select name from items where id = $1")
        .bind(*id)
        .fetch_one(pool.get_ref())
        .await
        .map_err(actix_web::error::ErrorInternalServerError)
}

/// The path's attribute stands above.
#[get("/items/{id}/price")]
#[cached(key = "item_price:{id}", ttl = 60)]
pub async fn get_item_price(
    id: web::Path<i64>,
    pool: web::Data<PgPool>,
) -> actix_web::Result<String> {
    sqlx::query_scalar("select price::text from items where id = $1")
        .bind(*id)
        .fetch_one(pool.get_ref())
        .await
        .map_err(actix_web::error::ErrorInternalServerError)
}

pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(get_item)
        .service(get_item_name)
        .service(get_item_price);
}
