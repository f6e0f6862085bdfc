//! Products, categories and offers: the cached functions, and the writes that invalidate or replace
//! their entries.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cachekit::{Cache, cached, invalidates, write_through};
use serde::{Deserialize, Serialize};
use sqlx::Error;

use crate::database::{Database, Deal, Product};

/// The shop as one instance has it: the database that all instances share, and a cache of its own.
#[derive(Debug, Clone)]
pub(crate) struct Shop {
    pub(crate) database: Arc<Database>,
    pub(crate) cache: Cache,
    /// `false` in the shop without the cache, for comparison.
    pub(crate) is_cached: bool,
}

/// The event of a write of any product.
pub(crate) const CHANGED: &str = "product.changed";

#[cached(key = "product:{id}", ttl = 300, tags = ["category:{ret.category}"], cache = shop.cache)]
pub(crate) async fn product(shop: &Shop, id: u32) -> Result<Arc<Product>, Error> {
    shop.database.product(id).await.map(Arc::new)
}

/// The products on the page of a category. The entry is computed from those of the products, and no
/// write names it.
#[cached(key = "category:{id}", ttl = 300, cache = shop.cache)]
pub(crate) async fn category(shop: &Shop, id: u32) -> Result<Arc<Vec<Arc<Product>>>, Error> {
    let mut products = Vec::new();
    for id in shop.database.in_category(id).await? {
        products.push(product(shop, id).await?);
    }
    Ok(Arc::new(products))
}

/// The cheapest products. A write of any product may change them, so an event invalidates them.
#[cached(key = "offers", ttl = 300, events = ["product.changed"], cache = shop.cache)]
pub(crate) async fn offers(shop: &Shop) -> Result<Arc<Vec<Product>>, Error> {
    shop.database.cheapest().await.map(Arc::new)
}

/// Writes a price, and stores the new product as the product's entry.
#[write_through(product(shop, id), order_by = ret.version)]
pub(crate) async fn set_price(shop: &Shop, id: u32, cents: u32) -> Result<Arc<Product>, Error> {
    shop.database.set_price(id, cents).await.map(Arc::new)
}

/// Writes a stock, and invalidates the product's entry.
#[invalidates(product(_, id), cache = shop.cache)]
pub(crate) async fn set_stock(shop: &Shop, id: u32, stock: u32) -> Result<Product, Error> {
    shop.database.set_stock(id, stock).await
}

/// An offer as it was when the database was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Offer {
    pub(crate) deal: Deal,
    /// `true` if the offer had begun.
    pub(crate) is_open: bool,
}

/// Returns the time in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}

impl Offer {
    /// Returns the time for which the offer is fresh: an announced offer until it begins.
    fn fresh_for(&self) -> Duration {
        if !self.is_open {
            let left = self.deal.begins.saturating_sub(now());
            return Duration::from_millis(u64::try_from(left).unwrap_or(0));
        }
        Duration::from_secs(600)
    }
}

/// The offer of the flash sale. Its entry ends when the sale begins, and not earlier.
#[cached(key = "deal:{id}", ttl = ret.fresh_for(), early = false, cache = shop.cache)]
pub(crate) async fn deal(shop: &Shop, id: u32) -> Result<Offer, Error> {
    let deal = shop.database.deal(id).await?;
    let is_open = deal.begins <= now();
    Ok(Offer { deal, is_open })
}
