//! As `c36`, with the handler itself.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum_web::c36::{AppError, AppState, Hit, SearchRequest};
use cachekit::cached;

#[cached(key = "handled_search:{body}", ttl = 30)]
pub async fn search(
    State(state): State<AppState>,
    Json(body): Json<SearchRequest>,
) -> Result<impl IntoResponse, AppError> {
    let hits: Vec<Hit> = state
        .index
        .iter()
        .filter(|text| text.contains(&body.words))
        .take(body.limit)
        .map(|text| Hit { text: text.clone() })
        .collect();
    if hits.is_empty() {
        return Err(AppError::Empty);
    }
    Ok((StatusCode::OK, Json(hits)))
}

fn main() {}
