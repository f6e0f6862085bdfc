//! A page that is made for whoever is logged in.

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::get;
use cachekit::cached;

#[derive(Clone, Debug)]
pub struct CurrentUser {
    pub id: u64,
}

impl<S: Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let header = parts.headers.get("x-user");
        let id = header
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok())
            .ok_or(StatusCode::UNAUTHORIZED)?;
        Ok(Self { id })
    }
}

#[cached(key = "doc:{id}:{user.id}", skip(headers, method, uri), ttl = 60)]
pub async fn show_doc(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    user: CurrentUser,
    Path(id): Path<u64>,
) -> String {
    drop((method, uri, headers));
    format!("document {id} for user {}", user.id)
}

pub fn router() -> Router {
    Router::new().route("/docs/{id}", get(show_doc))
}
