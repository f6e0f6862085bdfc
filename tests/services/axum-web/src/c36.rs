//! A search whose question is the request's body.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::post};
use cachekit::{CacheKey, cached};
use serde::{Deserialize, Serialize};

#[derive(Clone)]
pub struct AppState {
    pub index: Arc<Vec<String>>,
}

#[derive(Clone, Debug, CacheKey, Deserialize)]
pub struct SearchRequest {
    pub words: String,
    pub limit: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hit {
    pub text: String,
}

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("nothing was asked for")]
    Empty,
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.to_string()).into_response()
    }
}

#[cached(key = "hits:{request}", ttl = 30)]
async fn hits(state: &AppState, request: &SearchRequest) -> Result<Vec<Hit>, AppError> {
    if request.words.is_empty() {
        return Err(AppError::Empty);
    }
    Ok(state
        .index
        .iter()
        .filter(|text| text.contains(&request.words))
        .take(request.limit)
        .map(|text| Hit { text: text.clone() })
        .collect())
}

pub async fn search(
    State(state): State<AppState>,
    Json(body): Json<SearchRequest>,
) -> Result<impl IntoResponse, AppError> {
    let hits = hits(&state, &body).await?;
    Ok((StatusCode::OK, Json(hits)))
}

pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/search", post(search))
        .with_state(state)
}
