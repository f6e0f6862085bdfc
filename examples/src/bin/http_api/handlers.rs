//! The handlers. They read and write the database. They do not handle stored responses, except for
//! the tags of responses, and the tags and events that writes invalidate.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Extension, Json, Router};
use cachekit::http::{CacheHint, HttpCacheLayer};
use cachekit::{cached, invalidates};
use futures_util::Stream;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::db::{Category, Config, Database, Product, Sort};

/// The tenant of requests that name no tenant.
const NO_TENANT: &str = "public";

/// The state of the service.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) database: Database,
    /// `None` if the service runs without the layer that caches responses.
    pub(crate) layer: Option<HttpCacheLayer>,
    /// The number of calls of handlers that read.
    pub(crate) calls: AtomicU64,
}

impl App {
    /// Returns the database for a handler that reads, and counts the call.
    fn reading(&self) -> &Database {
        self.calls.fetch_add(1, Ordering::Relaxed);
        &self.database
    }
}

/// The failure of a handler.
#[derive(Debug)]
pub(crate) struct Failure(sqlx::Error);

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if matches!(self.0, sqlx::Error::RowNotFound) {
            return (StatusCode::NOT_FOUND, "there is no such row\n").into_response();
        }
        let text = format!("the database failed: {}\n", self.0);
        (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
    }
}

type Answer<T> = Result<T, Failure>;

/// Returns the routes whose responses the layer caches.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/products", get(list))
        .route("/api/products/{id}", get(show).put(reprice))
        .route("/api/categories/{id}", get(show_category))
        .route("/api/config", get(show_config))
        .route("/api/tenants/{tenant}/config", put(configure))
        .route("/api/events", get(ticks))
}

/// Returns the tag of a product's responses. The rule's own tag contains the text of the path, but
/// the paths with `007` and `7` are one product.
fn product_tag(id: u32) -> String {
    format!("product:{id}")
}

async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<u32>,
) -> Answer<(Extension<CacheHint>, Json<Product>)> {
    let hint = CacheHint::new().tag(product_tag(id));
    Ok((Extension(hint), Json(app.reading().product(id).await?)))
}

#[derive(Debug, Deserialize)]
struct Wanted {
    category: Option<u32>,
    #[serde(default)]
    sort: Sort,
}

async fn list(
    State(app): State<Arc<App>>,
    Query(wanted): Query<Wanted>,
) -> Answer<Json<Vec<Product>>> {
    let products = app.reading().products(wanted.category, wanted.sort);
    Ok(Json(products.await?))
}

#[derive(Debug, Deserialize)]
struct Price {
    cents: u32,
}

/// Writes a price. The rules name the event that this handler emits. Neither the rules nor this
/// handler name the page of the category.
async fn reprice(
    State(app): State<Arc<App>>,
    Path(id): Path<u32>,
    Json(price): Json<Price>,
) -> Answer<Json<Product>> {
    let product = set_price(&app.database, id, price.cents).await?;
    let cache = cachekit::global();
    let invalidation = cache.invalidation().tags([product_tag(id)]);
    invalidation
        .event_about("product.changed", [("id", id)])
        .await;
    Ok(Json(product))
}

#[invalidates(category(_, ret.category))]
async fn set_price(database: &Database, id: u32, cents: u32) -> Result<Product, sqlx::Error> {
    database.set_price(id, cents).await
}

#[cached(key = "category:{id}", ttl = "5m", skip(database))]
async fn category(database: &Database, id: u32) -> Result<Category, sqlx::Error> {
    database.category(id).await
}

async fn show_category(State(app): State<Arc<App>>, Path(id): Path<u32>) -> Answer<Json<Category>> {
    Ok(Json(category(app.reading(), id).await?))
}

/// Returns the tag of a tenant's responses.
fn tenant_tag(tenant: &str) -> String {
    format!("config:{tenant}")
}

/// Shows the configuration of the tenant in the header `x-tenant`. The template of a rule cannot
/// name a header, so the handler adds the tag.
async fn show_config(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Answer<(Extension<CacheHint>, Json<Config>)> {
    let tenant = headers.get("x-tenant").and_then(|it| it.to_str().ok());
    let config = app.reading().config(tenant.unwrap_or(NO_TENANT)).await?;
    let hint = CacheHint::new().tag(tenant_tag(&config.tenant));
    Ok((Extension(hint), Json(config)))
}

#[derive(Debug, Deserialize)]
struct Change {
    currency: String,
}

async fn configure(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    Json(change): Json<Change>,
) -> Answer<Json<Config>> {
    let currency = change.currency;
    let config = Config { tenant, currency };
    app.database.set_config(&config).await?;
    let tags = [tenant_tag(&config.tenant)];
    cachekit::global().invalidate_tags(tags).await;
    Ok(Json(config))
}

/// Sends a number each second, for ever.
async fn ticks() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(futures_util::stream::unfold(0_u64, |count| async move {
        if count > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Some((Ok(Event::default().data(count.to_string())), count + 1))
    }))
}

/// Shows the statistics of the cache.
pub(crate) async fn stats(State(app): State<Arc<App>>) -> Json<Value> {
    let rules = app.layer.iter().flat_map(HttpCacheLayer::stats);
    let rules = rules.map(|rule| {
        json!({
            "rule": rule.rule,
            "hits": rule.hits,
            "stale": rule.stale,
            "misses": rule.misses,
            "collapsed": rule.collapsed,
            "not_modified": rule.not_modified,
            "invalidations": rule.invalidations,
            "bytes_served": rule.bytes_served,
            "bypassed": rule.bypassed,
            "not_stored": rule.not_stored,
        })
    });
    Json(json!({
        "handler_calls": app.calls.load(Ordering::Relaxed),
        "rules": rules.collect::<Vec<_>>(),
    }))
}
