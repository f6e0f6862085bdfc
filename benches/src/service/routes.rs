//! The routes of the service.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};

use super::shop::Shop;

pub(super) fn router(shop: Shop) -> Router {
    Router::new()
        .route("/products/{id}", get(product))
        .route("/products/{id}/price", put(set_price))
        .route("/categories/{id}", get(category))
        .with_state(shop)
}

/// The answer to a request whose query failed.
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

/// A product, or `null` if there is none.
async fn product(State(shop): State<Shop>, Path(id): Path<u32>) -> Result<Response, Failed> {
    Ok(Json(shop.product(id).await?.as_deref()).into_response())
}

async fn category(State(shop): State<Shop>, Path(id): Path<u32>) -> Result<Response, Failed> {
    Ok(Json(shop.category(id).await?.as_slice()).into_response())
}

async fn set_price(
    State(shop): State<Shop>,
    Path(id): Path<u32>,
    Json(cents): Json<u32>,
) -> Result<Json<u32>, Failed> {
    shop.set_price(id, cents).await?;
    Ok(Json(cents))
}
