//! The shop's `SQLite` database.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cachekit_examples::sqlite;
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use tempfile::TempDir;

use crate::Fail;

/// A product.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) price_cents: u32,
    pub(crate) category_id: u32,
    /// A number that every write of the row raises.
    pub(crate) version: u32,
}

impl Product {
    /// Makes the value from a row, whose columns are in the order of the table's columns.
    fn from_row(
        (id, name, price_cents, category_id, version): (u32, String, u32, u32, u32),
    ) -> Self {
        Self {
            id,
            name,
            price_cents,
            category_id,
            version,
        }
    }
}

/// A shop: the products of one category.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ShopRow {
    pub(crate) id: u32,
    pub(crate) name: String,
    /// A number that every write of the row raises.
    pub(crate) version: u32,
}

impl ShopRow {
    /// Makes the value from a row, whose columns are in the order of the table's columns.
    fn from_row((id, name, version): (u32, String, u32)) -> Self {
        Self { id, name, version }
    }
}

/// The number of shops, which is the number of categories of products.
pub(crate) const SHOPS: u32 = 50;

/// The number of products on a page.
const ON_A_PAGE: u32 = 3;

tokio::task_local! {
    /// The time for which the calls of a task have waited for products from the database. A call of a
    /// cached function took longer than that by the cache's own share.
    pub(crate) static WAITED: Cell<Duration>;
}

/// The database, with a count of its queries.
#[derive(Debug)]
pub(crate) struct Database {
    pool: SqlitePool,
    queries: AtomicU64,
    /// The folder of the database's file, which is removed when this value is dropped.
    _folder: TempDir,
}

impl Database {
    /// Makes a database with these products in a temporary folder.
    pub(crate) async fn create(products: &[u32]) -> Result<Self, Fail> {
        let folder = tempfile::tempdir()?;
        let pool = sqlite::open(&folder.path().join("shop.db")).await?;
        sqlx::query(
            "CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT NOT NULL,
             price_cents INTEGER NOT NULL, category_id INTEGER NOT NULL, version INTEGER NOT NULL)",
        )
        .execute(&pool)
        .await?;
        create_shops(&pool).await?;
        let list = products
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(",");
        sqlx::query(
            "INSERT INTO product
             SELECT value, 'Product ' || value, 100 + value % 9900, value % 50, 0 FROM json_each(?)",
        )
        .bind(format!("[{list}]"))
        .execute(&pool)
        .await?;
        Ok(Self {
            pool,
            queries: AtomicU64::new(0),
            _folder: folder,
        })
    }

    /// Returns the number of queries that the database has answered.
    pub(crate) fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    /// Reads a product for [`get_product()`](crate::shop::get_product()) when the cache has no
    /// answer.
    pub(crate) async fn load(&self, id: u32) -> Result<Arc<Product>, sqlx::Error> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let start = Instant::now();
        let row = sqlx::query_as("SELECT * FROM product WHERE id = ?");
        let row = row.bind(id).fetch_one(&self.pool).await;
        // The callers without the cache have no `WAITED`.
        let _ = WAITED.try_with(|waited| waited.set(waited.get() + start.elapsed()));
        row.map(Product::from_row).map(Arc::new)
    }

    /// Writes a product. The annotated functions call this method.
    pub(crate) async fn update(&self, id: u32) -> Result<Product, sqlx::Error> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let row = sqlx::query_as(
            "UPDATE product SET version = version + 1, price_cents = price_cents + 1
             WHERE id = ? RETURNING *",
        );
        row.bind(id)
            .fetch_one(&self.pool)
            .await
            .map(Product::from_row)
    }

    /// Returns the ids of the products on the page that begins with the product `id`.
    pub(crate) async fn on_page(&self, id: u32) -> Result<Vec<u32>, sqlx::Error> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let ids = sqlx::query_scalar("SELECT id FROM product WHERE id >= ? ORDER BY id LIMIT ?");
        ids.bind(id).bind(ON_A_PAGE).fetch_all(&self.pool).await
    }

    /// Reads a shop for [`get_shop()`](crate::shop::get_shop()) when the cache has no answer.
    pub(crate) async fn load_shop(&self, id: u32) -> Result<Arc<ShopRow>, sqlx::Error> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let row = sqlx::query_as("SELECT * FROM shop WHERE id = ?");
        row.bind(id)
            .fetch_one(&self.pool)
            .await
            .map(ShopRow::from_row)
            .map(Arc::new)
    }

    /// Writes the shop of a product.
    pub(crate) async fn rename_shop(&self, product: u32) -> Result<ShopRow, sqlx::Error> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let row = sqlx::query_as(
            "UPDATE shop SET version = version + 1
             WHERE id = (SELECT category_id FROM product WHERE id = ?) RETURNING *",
        );
        row.bind(product)
            .fetch_one(&self.pool)
            .await
            .map(ShopRow::from_row)
    }
}

/// Creates a shop for each category.
async fn create_shops(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    sqlx::query(
        "CREATE TABLE shop (id INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL)",
    )
    .execute(pool)
    .await?;
    sqlx::query(
        "WITH RECURSIVE ids(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids LIMIT ?)
         INSERT INTO shop SELECT id, 'Shop ' || id, 0 FROM ids",
    )
    .bind(SHOPS)
    .execute(pool)
    .await?;
    Ok(())
}
