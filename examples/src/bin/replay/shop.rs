//! The annotated functions that read and write the shop's products.

use std::sync::Arc;

use cachekit::{Cache, cached, invalidates, write_through};

use crate::accesses::Access;
use crate::database::{Database, Product};

/// The shop as one node has it: a database that all share, and a cache of its own.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) database: Arc<Database>,
    pub(crate) cache: Cache,
}

/// The main job: a slow lookup, cached.
#[cached(
    key = "product:{id}",
    ttl = 300,
    tags = ["products", "category:{ret.category_id}"],
    cache = shop.cache
)]
pub(crate) async fn get_product(shop: &Shop, id: u32) -> Result<Arc<Product>, sqlx::Error> {
    shop.database.load(id).await
}

/// A write after which the cached product is gone.
#[invalidates(get_product(_, id), cache = shop.cache)]
pub(crate) async fn change_price(shop: &Shop, id: u32) -> Result<u32, sqlx::Error> {
    Ok(shop.database.update(id).await?.version)
}

/// A write after which the new product is cached.
#[write_through(get_product(shop, id))]
pub(crate) async fn restock(shop: &Shop, id: u32) -> Result<Arc<Product>, sqlx::Error> {
    shop.database.update(id).await.map(Arc::new)
}

/// The version after a write of either kind; a read is none, and taken for a restock.
pub(crate) async fn write(shop: &Shop, access: Access) -> Result<u32, sqlx::Error> {
    match access {
        Access::ChangePrice(id) => change_price(shop, id).await,
        Access::Restock(id) | Access::Read(id) => Ok(restock(shop, id).await?.version),
    }
}
