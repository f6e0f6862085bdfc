//! A repository that is injected as a trait object, and as a type parameter.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use cachekit::cached;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    pub id: Uuid,
    pub name: String,
}

pub trait UserRepo: Send + Sync {
    fn get_user(&self, id: Uuid) -> Option<User>;
}

#[derive(Clone, Debug, Default)]
pub struct InMemoryUserRepo {
    pub users: Arc<Mutex<HashMap<Uuid, User>>>,
}

impl UserRepo for InMemoryUserRepo {
    fn get_user(&self, id: Uuid) -> Option<User> {
        self.users.lock().expect("not poisoned").get(&id).cloned()
    }
}

#[derive(Clone)]
pub struct AppStateDyn {
    pub user_repo: Arc<dyn UserRepo>,
}

#[derive(Clone)]
pub struct AppStateGeneric<T> {
    pub user_repo: T,
}

#[cached(key = "dyn_user:{user_id}", tier = memory, ttl = 60)]
pub async fn get_user_dyn(
    State(state): State<AppStateDyn>,
    Path(user_id): Path<Uuid>,
) -> Result<Json<User>, StatusCode> {
    match state.user_repo.get_user(user_id) {
        Some(user) => Ok(Json(user)),
        None => Err(StatusCode::NOT_FOUND),
    }
}

#[cached(key = "generic_user:{user_id}", tier = memory, ttl = 60)]
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

pub fn router(repo: InMemoryUserRepo) -> Router {
    let by_object = Router::new()
        .route("/dyn/users/{id}", get(get_user_dyn))
        .with_state(AppStateDyn {
            user_repo: Arc::new(repo.clone()),
        });
    let by_type = Router::new()
        .route(
            "/generic/users/{id}",
            get(get_user_generic::<InMemoryUserRepo>),
        )
        .with_state(AppStateGeneric { user_repo: repo });
    by_object.merge(by_type)
}
