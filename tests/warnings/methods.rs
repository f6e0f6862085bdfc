//! Every form of a method.

use std::sync::Arc;

use async_trait::async_trait;
use cachekit::{Shared, cached, invalidates, write_through};

/// Has methods.
#[derive(Debug, Clone)]
pub struct Users {
    tenant: String,
}

impl Users {
    /// By reference.
    #[cached(key = "get:{self.tenant}:{id}", tags = ["{ret}:{self.tenant}"])]
    pub async fn get(&self, id: u64) -> u64 {
        id
    }

    /// By a mutable reference.
    #[cached(key = "mutable:{self.tenant}:{id}")]
    pub async fn mutable(&mut self, id: u64) -> u64 {
        self.tenant.clear();
        id
    }

    /// By value.
    #[cached(key = "by_value:{self.tenant}:{id}")]
    pub async fn by_value(self, id: u64) -> String {
        format!("{} {id}", self.tenant)
    }

    /// By value, changed.
    #[cached(key = "mut_value:{self.tenant}")]
    pub async fn mut_value(mut self) -> String {
        self.tenant.push('x');
        self.tenant
    }

    /// Shared.
    #[cached(skip(self))]
    pub async fn of_arc(self: Arc<Self>, id: u64) -> u64 {
        id
    }

    /// Without `self`.
    #[cached(key = "no_self:{id}", companion = false)]
    pub async fn no_self(id: u64) -> u64 {
        id
    }

    /// At once.
    #[cached(key = "at_once:{id}", skip(self), tier = memory)]
    pub fn at_once(&self, id: u64) -> u64 {
        id
    }

    /// A future.
    #[cached(key = "future:{id}", skip(self))]
    pub fn future(&self, id: u64) -> impl Future<Output = u64> + Send {
        async move { id }
    }

    #[cached(key = "private:{id}", skip(self))]
    async fn private(&self, id: u64) -> u64 {
        id
    }

    #[cached(key = "named:{id}", skip(self), companion = other)]
    pub(crate) async fn named(&self, id: u64) -> u64 {
        id
    }

    /// Changes something.
    #[invalidates(self.get(id), Self::at_once(self, id), Self::future(..), self.named(id))]
    pub async fn change(&self, id: u64) -> u64 {
        self.private(id).await
    }

    /// Changes itself.
    #[invalidates(self.get(*ret))]
    pub async fn change_value(&self, id: u64) -> Option<u64> {
        Some(id)
    }

    /// Stores something.
    #[write_through(self.get(id))]
    pub async fn store(&self, id: u64) -> u64 {
        drop(self.other_entry(id));
        id
    }
}

/// Native methods.
pub trait Native {
    /// One.
    fn get(&self, id: u64) -> impl Future<Output = u64> + Send;
    /// Another.
    fn future(&self, id: u64) -> impl Future<Output = u64> + Send;
    /// At once.
    fn at_once(&mut self, id: u64) -> u64;
    /// Changes something.
    fn set(&mut self, id: u64) -> impl Future<Output = u64> + Send;
}

/// Boxed methods.
#[async_trait]
pub trait Boxed {
    /// One.
    async fn get(&self, id: u64, name: &str) -> Result<String, std::num::ParseIntError>;
    /// Changes something.
    async fn set(&mut self, id: u64, name: &str) -> u64;
    /// Stores something.
    async fn store(&self, id: u64) -> u64;
}

/// Has methods of traits.
#[derive(Debug)]
pub struct Repository;

impl Shared for Repository {}

impl Native for Repository {
    #[cached(key = "native:{id}")]
    async fn get(&self, id: u64) -> u64 {
        id
    }
    #[cached(key = "native:future:{id}")]
    fn future(&self, id: u64) -> impl Future<Output = u64> + Send {
        async move { id }
    }
    #[cached(key = "native:at_once:{id}", tier = memory)]
    fn at_once(&mut self, id: u64) -> u64 {
        id
    }
    #[invalidates(key = "native:{id}")]
    async fn set(&mut self, id: u64) -> u64 {
        id
    }
}

#[async_trait]
impl Boxed for Repository {
    #[cached(key = "boxed:{id}:{name}", tags = ["boxed:{ret}"])]
    async fn get(&self, id: u64, name: &str) -> Result<String, std::num::ParseIntError> {
        let number: u64 = name.parse()?;
        Ok((id + number).to_string())
    }
    #[invalidates(key = "boxed:{id}:{name}")]
    async fn set(&mut self, id: u64, name: &str) -> u64 {
        id + name.len() as u64
    }
    #[write_through(super::options::nothing(), value = ())]
    async fn store(&self, id: u64) -> u64 {
        id
    }
}
