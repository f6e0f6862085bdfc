//! Answers of the dashboard: JSON, and refusals that say why.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Largest body of a request in bytes. The longest field is a key.
const LARGEST_BODY: usize = 64 << 10;

/// An answer in JSON.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(text) => typed("application/json", text),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

/// Returns a response with `content` of the media type `kind`.
pub(crate) fn typed(kind: &'static str, content: impl Into<Body>) -> Response {
    let mut response = Response::new(content.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The answer to a request that is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) StatusCode, pub(crate) &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Told {
            error: &'static str,
        }

        let mut response = Json(Told { error: self.1 }).into_response();
        *response.status_mut() = self.0;
        response
    }
}

/// Reads the body of `request`, which must be JSON.
pub(crate) async fn body<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let too_large = Refusal(
        StatusCode::PAYLOAD_TOO_LARGE,
        "the body has more than 64 KiB",
    );
    let bytes = to_bytes(request.into_body(), LARGEST_BODY).await;
    let bytes = bytes.map_err(|_| too_large)?;
    serde_json::from_slice(&bytes).map_err(|_| {
        Refusal(
            StatusCode::BAD_REQUEST,
            "the body is not the JSON that docs/dashboard.md describes",
        )
    })
}
