//! A trait that reads any row by its id, in a method that it provides itself.

use std::future::Future;

use cachekit::{CacheKey, cached};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::c22::{DbPool, LemmyResult};

pub trait Crud: Sized + Clone + Send + Sync + Serialize + DeserializeOwned + 'static {
    type IdType: CacheKey + Copy + Send + Sync;

    fn load(
        pool: &mut DbPool<'_>,
        id: Self::IdType,
    ) -> impl Future<Output = LemmyResult<Self>> + Send;

    #[cached(key = "crud:{id}", ttl = 60)]
    fn read(
        pool: &mut DbPool<'_>,
        id: Self::IdType,
    ) -> impl Future<Output = LemmyResult<Self>> + Send {
        async { Self::load(pool, id).await }
    }
}
