//! The annotated functions that read and write the shop's products.

use std::sync::Arc;

use cachekit::{Cache, cached, invalidates, write_through};
use serde::{Deserialize, Serialize};

use crate::accesses::Access;
use crate::database::{Database, Product, ShopRow};
use crate::item::Item;

/// The shop as one node has it: the database that all nodes share, and a cache of the node's own.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) database: Arc<Database>,
    pub(crate) cache: Cache,
}

/// Returns a product: a slow look-up, whose result is cached.
#[cached(
    key = "product:{id}",
    ttl = 300,
    tags = ["products", "category:{ret.category_id}"],
    cache = shop.cache
)]
pub(crate) async fn get_product(shop: &Shop, id: u32) -> Result<Arc<Product>, sqlx::Error> {
    shop.database.load(id).await
}

/// Returns the shop of a category.
#[cached(key = "shop:{id}", ttl = 300, cache = shop.cache)]
pub(crate) async fn get_shop(shop: &Shop, id: u32) -> Result<Arc<ShopRow>, sqlx::Error> {
    shop.database.load_shop(id).await
}

/// A page: some products, and the shop of the first product.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) products: Vec<Arc<Product>>,
    pub(crate) shop: Arc<ShopRow>,
}

/// Returns a page. Its entry is computed from other entries, and no write names it.
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

/// Writes the shop of a product, and invalidates the shop's entry. The id of the shop is known only
/// after the write.
#[invalidates(get_shop(_, ret.id), cache = shop.cache)]
async fn rename_shop(shop: &Shop, product: u32) -> Result<ShopRow, sqlx::Error> {
    shop.database.rename_shop(product).await
}

/// Writes a product, and invalidates the product's entry.
#[invalidates(get_product(_, id), cache = shop.cache)]
pub(crate) async fn change_price(shop: &Shop, id: u32) -> Result<u32, sqlx::Error> {
    Ok(shop.database.update(id).await?.version)
}

/// Writes a product, and stores the new product as the product's entry.
#[write_through(get_product(shop, id))]
pub(crate) async fn restock(shop: &Shop, id: u32) -> Result<Arc<Product>, sqlx::Error> {
    shop.database.update(id).await.map(Arc::new)
}

/// Carries out a write of any kind. Returns the written row and its new version. Treats a read as a
/// restock.
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
