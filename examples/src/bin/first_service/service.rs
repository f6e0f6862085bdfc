//! Products: the queries, the handlers and the routes.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use cachekit::{cached, invalidates, with_source};
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Product {
    id: i64,
    name: String,
    cents: i64,
}

#[cached(key = "product:{id}", ttl = 300)]
pub(crate) async fn product(db: &SqlitePool, id: i64) -> Result<Option<Product>, sqlx::Error> {
    let row = sqlx::query_as("SELECT name, cents FROM product WHERE id = ?");
    let row: Option<(String, i64)> = row.bind(id).fetch_optional(db).await?;
    Ok(row.map(|(name, cents)| Product { id, name, cents }))
}

#[invalidates(product(_, id))]
pub(crate) async fn set_price(db: &SqlitePool, id: i64, cents: i64) -> Result<(), sqlx::Error> {
    let update = sqlx::query("UPDATE product SET cents = ? WHERE id = ?");
    update.bind(cents).bind(id).execute(db).await?;
    Ok(())
}

/// The answer to a request whose query failed.
#[derive(Debug)]
struct Failed(sqlx::Error);

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

async fn show(State(db): State<SqlitePool>, Path(id): Path<i64>) -> Result<Response, Failed> {
    let (product, source) = with_source(product(&db, id)).await;
    let Some(product) = product? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let origin = [("x-source", format!("{:?}", source.tier))];
    Ok((origin, Json(product)).into_response())
}

async fn change(
    State(db): State<SqlitePool>,
    Path(id): Path<i64>,
    Json(cents): Json<i64>,
) -> Result<StatusCode, Failed> {
    set_price(&db, id, cents).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn router(db: SqlitePool) -> Router {
    Router::new()
        .route("/products/{id}", get(show).put(change))
        .with_state(db)
}

/// Opens the database, and fills a new one.
pub(crate) async fn open(file: &str) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(file);
    let db = SqlitePool::connect_with(options.create_if_missing(true)).await?;
    for statement in [
        "CREATE TABLE IF NOT EXISTS product (id INTEGER PRIMARY KEY, name TEXT, cents INTEGER)",
        "INSERT OR IGNORE INTO product VALUES (7, 'Teapot', 1200), (8, 'Cup', 450)",
    ] {
        sqlx::query(statement).execute(&db).await?;
    }
    Ok(db)
}
