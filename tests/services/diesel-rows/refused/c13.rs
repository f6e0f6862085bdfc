//! As `c13`, in both tiers, and without a word of the state.

use axum::Json;
use axum::extract::Path;
use cachekit::cached;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use diesel_rows::c12::{Category, categories};
use diesel_rows::c13::{AppResult, AppState, GetResponse, NotFound};

#[cached(key = "category:{slug}", ttl = 300)]
pub async fn find_category(
    state: AppState,
    Path(slug): Path<String>,
) -> AppResult<Json<GetResponse>> {
    if slug.contains('\0') {
        return Err(NotFound.into());
    }
    let mut conn = state.0.conn.lock().await;
    let category = categories::table
        .filter(categories::slug.eq(&slug))
        .select(Category::as_select())
        .first(&mut *conn)
        .await
        .optional()?
        .ok_or(NotFound)?;
    Ok(Json(GetResponse { category }))
}

fn main() {}
