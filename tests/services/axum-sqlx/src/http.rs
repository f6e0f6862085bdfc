//! What the handlers of the blog have in common.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use sqlx::PgPool;
use uuid::Uuid;

#[derive(Clone)]
pub struct ApiContext {
    pub db: PgPool,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("not found")]
    NotFound,
    #[error("the database failed")]
    Sqlx(#[from] sqlx::Error),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Sqlx(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, self.to_string()).into_response()
    }
}

#[derive(Clone, Copy)]
pub struct AuthUser {
    pub user_id: Uuid,
}

/// Whoever is logged in, or nobody: it has no traits.
pub struct MaybeAuthUser(pub Option<AuthUser>);

impl MaybeAuthUser {
    pub fn user_id(&self) -> Option<Uuid> {
        self.0.map(|user| user.user_id)
    }
}

impl<S: Sync> FromRequestParts<S> for MaybeAuthUser {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let id = parts.headers.get("x-user").and_then(|id| id.to_str().ok());
        let user_id = id.and_then(|id| Uuid::parse_str(id).ok());
        Ok(Self(user_id.map(|user_id| AuthUser { user_id })))
    }
}
