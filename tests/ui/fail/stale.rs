//! What cannot be computed in the background.

use cachekit::cached;

trait Repo: Send + Sync {
    fn load(&self, id: u64) -> u64;
}

struct Pool;

struct Shop {
    name: String,
}

impl Shop {
    #[cached(key = "{id}", stale = 60, skip(self))]
    pub async fn by_shop(&self, id: u64) -> u64 { //~ a computation in the background needs its own clone of this argument
        id + self.name.len() as u64
    }
}

#[cached(key = "{id}", stale = 60)]
async fn by_trait(repo: &dyn Repo, id: u64) -> u64 { //~ a computation in the background needs its own clone of this argument
    repo.load(id)
}

#[cached(key = "{id}", stale = 60)]
async fn by_pool(_pool: &Pool, id: u64) -> u64 { //~ a computation in the background needs its own clone of this argument
    id
}

#[cached(key = "{id}", stale = 60)]
async fn by_generic<R: Repo>(repo: &R, id: u64) -> u64 { //~ a computation in the background needs its own clone of this argument
    repo.load(id)
}

fn main() {}
