//! The annotated functions that read and write the shop's products.

use std::sync::Arc;

use cachekit::{Cache, cached, invalidates, write_through};
use serde::{Deserialize, Serialize};

use crate::accesses::Access;
use crate::database::{Database, Product, ShopRow};
use crate::truth::Item;

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

/// The shop of a category.
#[cached(key = "shop:{id}", ttl = 300, cache = shop.cache)]
pub(crate) async fn get_shop(shop: &Shop, id: u32) -> Result<Arc<ShopRow>, sqlx::Error> {
    shop.database.load_shop(id).await
}

/// Some products, and the shop of the first.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) products: Vec<Arc<Product>>,
    pub(crate) shop: Arc<ShopRow>,
}

/// An entry that is made of others, which no write names.
#[cached(key = "page:{id}", ttl = 300, cache = shop.cache)]
pub(crate) async fn get_page(shop: &Shop, id: u32) -> Result<Arc<Page>, sqlx::Error> {
    let mut products = Vec::new();
    for id in shop.database.on_page(id).await? {
        products.push(get_product(shop, id).await?);
    }
    let category = products.first().map_or(0, |first| first.category_id);
    let shop = get_shop(shop, category).await?;
    Ok(Arc::new(Page { products, shop }))
}

/// A write after which the cached shop is gone. The shop of a product is known when it is written.
#[invalidates(get_shop(_, ret.id), cache = shop.cache)]
async fn rename_shop(shop: &Shop, product: u32) -> Result<ShopRow, sqlx::Error> {
    shop.database.rename_shop(product).await
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

/// A write of any kind: of what, and its version then. A read is none, and taken for a restock.
pub(crate) async fn write(shop: &Shop, access: Access) -> Result<(Item, u32), sqlx::Error> {
    match access {
        Access::ChangePrice(id) => Ok((Item::Product(id), change_price(shop, id).await?)),
        Access::RenameShop(id) => {
            let renamed = rename_shop(shop, id).await?;
            Ok((Item::Shop(renamed.id), renamed.version))
        }
        Access::Restock(id) | Access::Read(id) | Access::ReadPage(id) => {
            Ok((Item::Product(id), restock(shop, id).await?.version))
        }
    }
}
