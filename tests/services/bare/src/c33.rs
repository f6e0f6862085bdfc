//! A service that is generic over its repository.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cachekit::{CacheKey, cached, invalidates};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, CacheKey, Serialize, Deserialize)]
pub struct ProductId(pub u64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    pub id: ProductId,
    pub name: String,
}

#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    #[error("no such product")]
    NotFound,
}

#[async_trait]
pub trait ProductRepo: Send + Sync {
    async fn find(&self, id: ProductId) -> Result<Product, RepoError>;
    async fn rename(&self, id: ProductId, name: &str) -> Result<(), RepoError>;
}

pub trait Mailer: Send + Sync {
    fn send(&self, text: &str);
}

#[derive(Default)]
pub struct InMemory {
    pub names: Mutex<HashMap<u64, String>>,
    pub reads: Mutex<u32>,
}

#[async_trait]
impl ProductRepo for InMemory {
    async fn find(&self, id: ProductId) -> Result<Product, RepoError> {
        *self.reads.lock().expect("not poisoned") += 1;
        let names = self.names.lock().expect("not poisoned");
        let name = names.get(&id.0).ok_or(RepoError::NotFound)?.clone();
        Ok(Product { id, name })
    }

    async fn rename(&self, id: ProductId, name: &str) -> Result<(), RepoError> {
        let mut names = self.names.lock().expect("not poisoned");
        names.insert(id.0, name.to_owned());
        Ok(())
    }
}

#[async_trait]
impl<R: ProductRepo + ?Sized> ProductRepo for Arc<R> {
    async fn find(&self, id: ProductId) -> Result<Product, RepoError> {
        (**self).find(id).await
    }

    async fn rename(&self, id: ProductId, name: &str) -> Result<(), RepoError> {
        (**self).rename(id, name).await
    }
}

pub struct ProductService<R> {
    pub repo: R,
    pub mailer: Arc<dyn Mailer>,
}

impl<R> ProductService<R>
where
    R: ProductRepo,
{
    #[must_use = "a product that nobody looks at was read for nothing"]
    #[cached(key = "product:{id}", skip(self), ttl = 300, tags = ["products"])]
    pub async fn product(&self, id: ProductId) -> Result<Arc<Product>, RepoError> {
        Ok(Arc::new(self.repo.find(id).await?))
    }

    #[invalidates(self.product(id))]
    pub async fn rename(&self, id: ProductId, name: &str) -> Result<(), RepoError> {
        self.repo.rename(id, name).await?;
        self.mailer.send(&format!("product {} is now {name}", id.0));
        Ok(())
    }
}
