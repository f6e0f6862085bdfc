//! The database of the service: products in categories, in a file of `SQLite`.

use std::sync::Arc;

use cachekit_examples::sqlite;
use serde::{Deserialize, Serialize};
use sqlx::{Error, SqlitePool};
use tempfile::TempDir;

use crate::Fail;

/// The number of products.
pub(super) const PRODUCTS: u32 = 2_000;
/// The number of categories. Each has 50 products.
pub(super) const CATEGORIES: u32 = PRODUCTS / 50;

/// A product.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Product {
    pub(super) id: u32,
    pub(super) category: u32,
    pub(super) name: String,
    pub(super) cents: u32,
}

/// The columns of a product's row, in the order of the queries.
type Columns = (u32, u32, String, u32);

impl From<Columns> for Product {
    fn from((id, category, name, cents): Columns) -> Self {
        Self {
            id,
            category,
            name,
            cents,
        }
    }
}

/// Returns the category of a product.
pub(super) fn category_of(id: u32) -> u32 {
    id % CATEGORIES
}

/// A database in a temporary folder.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pool: SqlitePool,
    /// The folder of the database's file, which is removed with the last of these.
    _folder: Arc<TempDir>,
}

const ROWS: &str = "
    CREATE TABLE product (id INTEGER PRIMARY KEY, category INTEGER NOT NULL, name TEXT NOT NULL,
        cents INTEGER NOT NULL);
    CREATE INDEX of_category ON product (category);
    WITH RECURSIVE ids(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids LIMIT 2000)
        INSERT INTO product SELECT id, id % 40, 'Product ' || id, 100 + id * 37 % 9900 FROM ids";

impl Database {
    pub(super) async fn create() -> Result<Self, Fail> {
        let folder = tempfile::Builder::new().prefix("cachekit-").tempdir()?;
        let pool = sqlite::open(&folder.path().join("products.db")).await?;
        sqlx::raw_sql(ROWS).execute(&pool).await?;
        let found: (u32, u32) =
            sqlx::query_as("SELECT count(*), count(DISTINCT category) FROM product")
                .fetch_one(&pool)
                .await?;
        if found != (PRODUCTS, CATEGORIES) {
            return Err(format!("the database has {found:?}").into());
        }
        Ok(Self {
            pool,
            _folder: Arc::new(folder),
        })
    }

    pub(super) async fn product(&self, id: u32) -> Result<Option<Product>, Error> {
        let row = sqlx::query_as("SELECT id, category, name, cents FROM product WHERE id = ?");
        let row: Option<Columns> = row.bind(id).fetch_optional(&self.pool).await?;
        Ok(row.map(Into::into))
    }

    pub(super) async fn category(&self, category: u32) -> Result<Vec<Product>, Error> {
        let rows =
            sqlx::query_as("SELECT id, category, name, cents FROM product WHERE category = ?");
        let rows: Vec<Columns> = rows.bind(category).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    pub(super) async fn set_price(&self, id: u32, cents: u32) -> Result<(), Error> {
        let write = sqlx::query("UPDATE product SET cents = ? WHERE id = ?");
        write.bind(cents).bind(id).execute(&self.pool).await?;
        Ok(())
    }
}
