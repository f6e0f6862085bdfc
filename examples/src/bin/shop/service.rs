//! The routes of the shop and their handlers.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use cachekit::Stats;
use cachekit::http::{HttpCacheLayer, RuleSet};
use cachekit_examples::program::Fail;

use crate::carts;
use crate::database::Product;
use crate::products::{self, CHANGED, Offer, Shop};

/// The answer to a request whose query or queued write failed.
#[derive(Debug)]
pub(crate) struct Failure(carts::Failed);

impl<E: Into<carts::Failed>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if matches!(self.0, carts::Failed::Database(sqlx::Error::RowNotFound)) {
            return (StatusCode::NOT_FOUND, "there is no such row\n").into_response();
        }
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

type Answer<T> = Result<Json<T>, Failure>;

/// Makes the service of an instance. With the token `dashboard`, the service has a dashboard.
pub(crate) fn router(shop: Shop, dashboard: Option<&str>) -> Result<Router, Fail> {
    let cached = Router::new()
        .route("/products/{id}", get(product))
        .route("/products/{id}/price", put(set_price))
        .route("/products/{id}/stock", put(set_stock))
        .route("/categories/{id}", get(category))
        .route("/offers", get(offers))
        .route("/deals/{id}", get(deal))
        .route("/carts/{user}", get(cart).post(add_to_cart));
    let cached = if shop.is_cached {
        let rules = RuleSet::from_toml_str(include_str!("cache.toml"))?;
        cached.layer(HttpCacheLayer::new(&shop.cache, rules))
    } else {
        cached
    };
    let mut service = cached.route("/stats", get(stats));
    if let Some(token) = dashboard {
        service = service.nest(
            "/cachekit",
            cachekit::dashboard::router(&shop.cache, token)?,
        );
    }
    Ok(service.with_state(shop))
}

async fn product(State(shop): State<Shop>, Path(id): Path<u32>) -> Answer<Product> {
    Ok(Json(Product::clone(&*products::product(&shop, id).await?)))
}

async fn category(State(shop): State<Shop>, Path(id): Path<u32>) -> Result<Response, Failure> {
    Ok(Json(products::category(&shop, id).await?).into_response())
}

async fn offers(State(shop): State<Shop>) -> Result<Response, Failure> {
    Ok(Json(products::offers(&shop).await?).into_response())
}

async fn deal(State(shop): State<Shop>, Path(id): Path<u32>) -> Answer<Offer> {
    Ok(Json(products::deal(&shop, id).await?))
}

async fn set_price(
    State(shop): State<Shop>,
    Path(id): Path<u32>,
    Json(cents): Json<u32>,
) -> Answer<Product> {
    let written = products::set_price(&shop, id, cents).await?;
    shop.cache.emit(CHANGED).await;
    Ok(Json(Product::clone(&written)))
}

async fn set_stock(
    State(shop): State<Shop>,
    Path(id): Path<u32>,
    Json(stock): Json<u32>,
) -> Answer<Product> {
    let written = products::set_stock(&shop, id, stock).await?;
    shop.cache.emit(CHANGED).await;
    Ok(Json(written))
}

async fn cart(State(shop): State<Shop>, Path(user): Path<u32>) -> Answer<Vec<u32>> {
    Ok(Json(carts::read(&shop, user).await?))
}

async fn add_to_cart(
    State(shop): State<Shop>,
    Path(user): Path<u32>,
    Json(product): Json<u32>,
) -> Answer<Vec<u32>> {
    Ok(Json(carts::add(&shop, user, product).await?))
}

/// Shows the statistics of the cache.
async fn stats(State(shop): State<Shop>) -> Json<Stats> {
    Json(shop.cache.stats())
}
