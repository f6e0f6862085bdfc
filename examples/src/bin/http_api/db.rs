//! The shop's `SQLite` database.

use std::path::Path;

use cachekit_examples::sqlite;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqlitePool};

/// The numbers of products and of categories in a new database.
const PRODUCTS: u32 = 2_000;
const CATEGORIES: u32 = 50;

/// The largest number of products in a list.
const IN_A_LIST: u32 = 50;

/// A product.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: u32,
    pub(crate) category: u32,
    pub(crate) name: String,
    pub(crate) price_cents: u32,
}

/// A category, with the number of its products and their lowest price.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Category {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) products: u32,
    pub(crate) cheapest_cents: u32,
}

/// The configuration of one tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) tenant: String,
    pub(crate) currency: String,
}

/// The order in which products are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sort {
    #[default]
    Name,
    Price,
}

impl FromRow<'_, SqliteRow> for Product {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            category: row.try_get("category")?,
            name: row.try_get("name")?,
            price_cents: row.try_get("price_cents")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for Category {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            products: row.try_get("products")?,
            cheapest_cents: row.try_get("cheapest_cents")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for Config {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            tenant: row.try_get("tenant")?,
            currency: row.try_get("currency")?,
        })
    }
}

/// The database. Clones share their connections.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pool: SqlitePool,
}

impl Database {
    /// Opens the database in `file`, and creates and fills the database if it does not exist. Several
    /// processes may open one file.
    pub(crate) async fn open(file: &Path) -> Result<Self, sqlx::Error> {
        let pool = sqlite::open(file).await?;
        let database = Self { pool };
        database.fill().await?;
        Ok(database)
    }

    async fn fill(&self) -> Result<(), sqlx::Error> {
        let tables = "
            CREATE TABLE IF NOT EXISTS category (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE IF NOT EXISTS product (id INTEGER PRIMARY KEY, category INTEGER NOT NULL,
                name TEXT NOT NULL, price_cents INTEGER NOT NULL);
            CREATE INDEX IF NOT EXISTS of_category ON product (category);
            CREATE TABLE IF NOT EXISTS config (tenant TEXT PRIMARY KEY, currency TEXT NOT NULL)";
        sqlx::raw_sql(tables).execute(&self.pool).await?;
        sqlx::query(
            "WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids LIMIT ?)
             INSERT OR IGNORE INTO category SELECT id, 'Category ' || id FROM ids",
        )
        .bind(CATEGORIES)
        .execute(&self.pool)
        .await?;
        sqlx::query(
            "WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids LIMIT ?)
             INSERT OR IGNORE INTO product
             SELECT id, 1 + id % ?, 'Product ' || id, 100 + id * 37 % 9900 FROM ids",
        )
        .bind(PRODUCTS)
        .bind(CATEGORIES)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Reads one product.
    pub(crate) async fn product(&self, id: u32) -> Result<Product, sqlx::Error> {
        let row = sqlx::query_as("SELECT * FROM product WHERE id = ?");
        row.bind(id).fetch_one(&self.pool).await
    }

    /// Reads the first products of a category, or of all categories.
    pub(crate) async fn products(
        &self,
        category: Option<u32>,
        sort: Sort,
    ) -> Result<Vec<Product>, sqlx::Error> {
        let row = sqlx::query_as(
            "SELECT * FROM product WHERE category = coalesce(?, category)
             ORDER BY CASE WHEN ? THEN price_cents ELSE name END LIMIT ?",
        );
        row.bind(category)
            .bind(sort == Sort::Price)
            .bind(IN_A_LIST)
            .fetch_all(&self.pool)
            .await
    }

    /// Writes the price of a product.
    pub(crate) async fn set_price(&self, id: u32, cents: u32) -> Result<Product, sqlx::Error> {
        let row = sqlx::query_as("UPDATE product SET price_cents = ? WHERE id = ? RETURNING *");
        row.bind(cents).bind(id).fetch_one(&self.pool).await
    }

    /// Reads a category, and computes the number of its products and their lowest price.
    pub(crate) async fn category(&self, id: u32) -> Result<Category, sqlx::Error> {
        let row = sqlx::query_as(
            "SELECT category.id, category.name, count(*) AS products,
                 min(price_cents) AS cheapest_cents
             FROM category JOIN product ON product.category = category.id
             WHERE category.id = ? GROUP BY category.id",
        );
        row.bind(id).fetch_one(&self.pool).await
    }

    /// Reads the configuration of a tenant. A tenant without a stored configuration gets a default.
    pub(crate) async fn config(&self, tenant: &str) -> Result<Config, sqlx::Error> {
        let row = sqlx::query_as("SELECT * FROM config WHERE tenant = ?");
        let config = row.bind(tenant).fetch_optional(&self.pool).await?;
        Ok(config.unwrap_or_else(|| Config {
            tenant: tenant.to_owned(),
            currency: "EUR".to_owned(),
        }))
    }

    /// Writes the configuration of a tenant.
    pub(crate) async fn set_config(&self, config: &Config) -> Result<(), sqlx::Error> {
        let row = sqlx::query("INSERT OR REPLACE INTO config VALUES (?, ?)");
        let row = row.bind(&config.tenant).bind(&config.currency);
        row.execute(&self.pool).await.map(|_| ())
    }
}
