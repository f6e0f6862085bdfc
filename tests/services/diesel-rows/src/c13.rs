//! A handler whose state takes itself out of the request.

use std::fmt;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRef, FromRequestParts, Path};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cachekit::cached;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};

use crate::c12::{Category, categories};

/// Stands for what a service shares: pools and settings.
pub struct App {
    pub conn: tokio::sync::Mutex<AsyncPgConnection>,
}

#[derive(Clone, FromRequestParts, FromRef)]
#[from_request(via(axum::extract::State))]
pub struct AppState(pub Arc<App>);

pub trait AppError: fmt::Debug + Send + Sync {
    fn response(&self) -> Response;
}

pub type AppResult<T> = Result<T, Box<dyn AppError>>;

#[derive(Debug)]
pub struct NotFound;

impl AppError for NotFound {
    fn response(&self) -> Response {
        StatusCode::NOT_FOUND.into_response()
    }
}

impl AppError for diesel::result::Error {
    fn response(&self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

impl<E: AppError + 'static> From<E> for Box<dyn AppError> {
    fn from(error: E) -> Self {
        Box::new(error)
    }
}

impl IntoResponse for Box<dyn AppError> {
    fn into_response(self) -> Response {
        self.response()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GetResponse {
    pub category: Category,
}

#[cached(key = "category:{slug}", skip(state), tier = memory, ttl = 300)]
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

pub fn router(state: AppState) -> axum::Router {
    axum::Router::new()
        .route(
            "/api/v1/categories/{category}",
            axum::routing::get(find_category),
        )
        .with_state(state)
}
