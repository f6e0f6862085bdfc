//! With `key`, each name that a pattern binds must be in the key or in `skip`.

use cachekit::cached;

pub struct Path<T>(pub T);
pub struct State<T>(pub T);
pub struct Extension<T>(pub T);

pub struct Pool;

pub struct AppState {
    pub pool: Pool,
    pub tenant: String,
}

/// No data by its traits.
pub struct CurrentUser {
    pub id: u64,
}

pub struct Page {
    pub number: u32,
    pub user: CurrentUser,
}

#[cached(key = "doc")]
async fn wrapped(Path(id): Path<u64>) -> u64 { //~ `id` could change the result, but the key forgets it
    id
}

#[cached(key = "b:{org}")]
async fn nested(Path((org, repo)): Path<(u64, String)>) -> usize { //~ `repo` could change the result, but the key forgets it
    repo.len() + usize::try_from(org).unwrap_or(0)
}

#[cached(key = "page:{number}")]
async fn fields(Page { number, user: by }: Page) -> u64 { //~ `by` could change the result, but the key forgets it
    by.id + u64::from(number)
}

#[cached(key = "page")]
async fn behind_a_reference(Page { number, user }: &Page) -> u64 { //~ `number` could change the result, but the key forgets it
    user.id + u64::from(*number)
}

#[cached(key = "pair:{a}")]
async fn copies(&(a, b): &(u64, u64)) -> u64 { //~ `b` could change the result, but the key forgets it
    a + b
}

#[cached(key = "list:{first}")]
async fn slices([first, rest @ ..]: [u64; 3]) -> u64 { //~ `rest` could change the result, but the key forgets it
    first + rest[0]
}

#[cached(key = "whole:{part}")]
async fn whole(all @ (part, _): (u64, u64)) -> u64 { //~ `all` could change the result, but the key forgets it
    part + all.1
}

#[cached(key = "either")]
async fn either((Ok(code) | Err(code)): Result<u64, u64>) -> u64 { //~ `code` could change the result, but the key forgets it
    code
}

#[cached(key = "state")]
async fn state(State(AppState { pool, tenant }): State<AppState>) -> usize { //~ `tenant` could change the result, but the key forgets it
    let _ = pool;
    tenant.len()
}

#[cached(key = "inbox")]
async fn extension(Extension(user): Extension<CurrentUser>) -> u64 { //~ `user` could change the result, but the key forgets it
    user.id
}

/// A name of an expansion is nobody's.
#[cached(key = "mine:{arg0}")]
async fn unlucky((a, b): (u64, u64), arg0: u64) -> u64 { //~ `a` could change the result, but the key forgets it //~ `b` could change the result, but the key forgets it
    a + b + arg0
}

/// What another macro made of a pattern has no name for a key.
#[async_trait::async_trait]
pub trait Sum {
    async fn sum(&self, pair: (u64, u64)) -> u64;
}

#[async_trait::async_trait]
impl Sum for Pool {
    #[cached(key = "sum", skip(self))]
    async fn sum(&self, (a, b): (u64, u64)) -> u64 { //~ this argument could change the result, but the key forgets it
        a + b
    }
}

/// What is not bound cannot be seen.
#[cached(key = "right:{id}", skip(second))]
async fn right(
    Path((id, _)): Path<(u64, String)>,
    State(AppState { pool, .. }): State<AppState>,
    [_, second, ..]: [u64; 4],
    _: CurrentUser,
) -> u64 {
    let _ = pool;
    id + second
}

fn main() {}
