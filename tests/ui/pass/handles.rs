//! What may be in neither `key` nor `skip`.

use std::sync::Arc;

use cachekit::{Shared, cached};

pub struct State<T>(pub T);
pub struct Extension<T>(pub T);
pub struct Data<T>(pub Arc<T>);
pub struct Pool<Db>(Db);
pub struct PgPool;
pub struct Postgres;

pub trait Executor {}
pub trait Repo: Send + Sync {}

/// Says of itself that it makes no difference.
#[derive(Clone, PartialEq)]
pub struct AppState {
    pub name: String,
}
impl Shared for AppState {}

/// Says nothing.
pub struct Context {
    pub pool: PgPool,
}

#[cached(key = "borrowed:{id}")]
async fn borrowed(pool: &PgPool, context: &mut Context, repo: &dyn Repo, id: u64) -> u64 {
    let _ = (pool, &context.pool, repo);
    id
}

#[cached(key = "by_form:{id}")]
async fn by_form(
    state: State<Context>,
    State(inner): State<Context>,
    data: Data<Context>,
    repo: Arc<dyn Repo>,
    State(other): State<Arc<dyn Repo>>,
    Extension(third): Extension<Arc<dyn Repo>>,
    pool: Pool<Postgres>,
    Extension(named): Extension<PgPool>,
    id: u64,
) -> u64 {
    let _ = (state.0, inner, data.0, repo, other, third, pool.0, named);
    id
}

#[cached(key = "by_bound:{id}")]
async fn by_bound<E: Executor>(executor: impl Executor, other: E, id: u64) -> u64 {
    let _ = (executor, other);
    id
}

#[cached(key = "shared:{id}")]
async fn shared(
    state: AppState,
    counted: Arc<AppState>,
    lent: &AppState,
    Extension(extension): Extension<AppState>,
    id: u64,
) -> u64 {
    let _ = (state, counted, lent, extension);
    id
}

#[cached(key = "generic:{id}")]
async fn generic<R: Repo + Shared>(repo: R, id: u64) -> u64 {
    let _ = repo;
    id
}

fn main() {}
