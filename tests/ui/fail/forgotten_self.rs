//! A cached method says what `self` means to its key.

use std::sync::Arc;

use cachekit::cached;

pub struct Repo {
    tenant: u64,
}

impl Repo {
    #[cached(key = "user:{id}")]
    pub async fn by_reference(&self, id: u64) -> u64 { //~ `self` is in neither `key` nor `skip`
        self.tenant + id
    }

    #[cached]
    pub async fn without_key(&self, id: u64) -> u64 { //~ `self` is in neither `key` nor `skip`
        self.tenant + id
    }

    #[cached(key = "user:{id}")]
    pub async fn shared(self: Arc<Self>, id: u64) -> u64 { //~ `self` is in neither `key` nor `skip`
        self.tenant + id
    }

    #[cached(key = "user:{self.tenant}:{id}")]
    pub async fn right(&self, id: u64) -> u64 {
        self.tenant + id
    }

    #[cached(key = "user:{id}", skip(self))]
    pub async fn also_right(&self, id: u64) -> u64 {
        id
    }
}

pub struct Wrapped<T>(T);

impl<T: Sync> Wrapped<T> {
    #[cached(key = "wrapped:{id}", companion = false)]
    pub async fn get(&self, id: u64) -> u64 { //~ `self` is in neither `key` nor `skip`
        id
    }
}

fn main() {}
