//! The functions of the service: two ways to invalidate, and no cache.

use std::sync::Arc;

use cachekit::{Cache, cached, invalidates};
use sqlx::Error;

use super::database::{Database, Product, category_of};

/// The names that a write of a product's price invalidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tags {
    /// A tag of the category, which each of its products has, and the list of its products.
    Category,
    /// The entry of the product, and the entry of the category's list.
    Product,
}

/// The state of the service.
#[derive(Debug, Clone)]
pub(super) struct Shop {
    pub(super) database: Database,
    pub(super) cache: Cache,
    /// `None` in the service without a cache.
    pub(super) tags: Option<Tags>,
}

type Found = Result<Option<Arc<Product>>, Error>;
type List = Result<Arc<Vec<Product>>, Error>;

async fn read_product(shop: &Shop, id: u32) -> Found {
    Ok(shop.database.product(id).await?.map(Arc::new))
}

async fn read_category(shop: &Shop, id: u32) -> List {
    shop.database.category(id).await.map(Arc::new)
}

#[cached(
    key = "tagged product:{id}",
    ttl = 300,
    tags = ["category:{category}"],
    cache = shop.cache,
    skip(shop, category)
)]
async fn tagged_product(shop: &Shop, id: u32, category: u32) -> Found {
    read_product(shop, id).await
}

#[cached(
    key = "tagged category:{id}",
    ttl = 300,
    tags = ["category:{id}"],
    cache = shop.cache,
    skip(shop)
)]
async fn tagged_category(shop: &Shop, id: u32) -> List {
    read_category(shop, id).await
}

#[invalidates(tags = ["category:{category}"], cache = shop.cache)]
async fn set_price_of_category(
    shop: &Shop,
    (id, category): (u32, u32),
    cents: u32,
) -> Result<(), Error> {
    shop.database.set_price(id, cents).await
}

#[cached(key = "product:{id}", ttl = 300, cache = shop.cache, skip(shop))]
async fn named_product(shop: &Shop, id: u32) -> Found {
    read_product(shop, id).await
}

#[cached(key = "category:{id}", ttl = 300, cache = shop.cache, skip(shop))]
async fn named_category(shop: &Shop, id: u32) -> List {
    read_category(shop, id).await
}

#[invalidates(named_product(_, id), named_category(_, category), cache = shop.cache)]
async fn set_price_of_product(
    shop: &Shop,
    (id, category): (u32, u32),
    cents: u32,
) -> Result<(), Error> {
    shop.database.set_price(id, cents).await
}

impl Shop {
    pub(super) async fn product(&self, id: u32) -> Found {
        match self.tags {
            None => read_product(self, id).await,
            Some(Tags::Category) => tagged_product(self, id, category_of(id)).await,
            Some(Tags::Product) => named_product(self, id).await,
        }
    }

    pub(super) async fn category(&self, id: u32) -> List {
        match self.tags {
            None => read_category(self, id).await,
            Some(Tags::Category) => tagged_category(self, id).await,
            Some(Tags::Product) => named_category(self, id).await,
        }
    }

    pub(super) async fn set_price(&self, id: u32, cents: u32) -> Result<(), Error> {
        let product = (id, category_of(id));
        match self.tags {
            None => self.database.set_price(id, cents).await,
            Some(Tags::Category) => set_price_of_category(self, product, cents).await,
            Some(Tags::Product) => set_price_of_product(self, product, cents).await,
        }
    }
}
