//! As `c15`, in both tiers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum_web::c15::{AppStateDyn, AppStateGeneric, User, UserRepo};
use cachekit::cached;
use uuid::Uuid;

#[cached(key = "dyn_user:{user_id}", ttl = 60)]
pub async fn get_user_dyn(
    State(state): State<AppStateDyn>,
    Path(user_id): Path<Uuid>,
) -> Result<Json<User>, StatusCode> {
    match state.user_repo.get_user(user_id) {
        Some(user) => Ok(Json(user)),
        None => Err(StatusCode::NOT_FOUND),
    }
}

#[cached(key = "generic_user:{user_id}", ttl = 60)]
pub async fn get_user_generic<T>(
    State(state): State<AppStateGeneric<T>>,
    Path(user_id): Path<Uuid>,
) -> Result<Json<User>, StatusCode>
where
    T: UserRepo,
{
    match state.user_repo.get_user(user_id) {
        Some(user) => Ok(Json(user)),
        None => Err(StatusCode::NOT_FOUND),
    }
}

fn main() {}
