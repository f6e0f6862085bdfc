//! The shop's `SQLite` database. A query takes 20 ms more than in `SQLite` alone, as over a network,
//! and a limited number of queries run at once, as with a pool of connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachekit_examples::program::Fail;
use cachekit_examples::sqlite;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, FromRow, Row, SqlitePool};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::args::Size;

/// The time for which a query is under way to the database, and its answer on the way back.
const ONE_WAY: Duration = Duration::from_millis(10);

/// The connections to the database.
const CONNECTIONS: usize = 20;

/// The number of categories.
pub(crate) const CATEGORIES: u32 = 20;

/// A product.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: u32,
    pub(crate) category: u32,
    pub(crate) name: String,
    pub(crate) cents: u32,
    pub(crate) stock: u32,
    /// A number that every write of the row raises.
    pub(crate) version: u32,
}

/// An offer that is announced until it begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Deal {
    pub(crate) id: u32,
    pub(crate) cents: u32,
    /// The beginning, in milliseconds since 1970.
    pub(crate) begins: i64,
}

impl FromRow<'_, SqliteRow> for Product {
    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            category: row.try_get("category")?,
            name: row.try_get("name")?,
            cents: row.try_get("cents")?,
            stock: row.try_get("stock")?,
            version: row.try_get("version")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for Deal {
    fn from_row(row: &SqliteRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            cents: row.try_get("cents")?,
            begins: row.try_get("begins")?,
        })
    }
}

/// The database, with a count of its queries.
#[derive(Debug)]
pub(crate) struct Database {
    pool: SqlitePool,
    connections: Semaphore,
    queries: AtomicU64,
    /// The folder of the database's file, which is removed when this value is dropped.
    _folder: TempDir,
}

const TABLES: &str = "
    CREATE TABLE product (id INTEGER PRIMARY KEY, category INTEGER NOT NULL, name TEXT NOT NULL,
        cents INTEGER NOT NULL, stock INTEGER NOT NULL, version INTEGER NOT NULL);
    CREATE INDEX of_category ON product (category);
    CREATE INDEX by_price ON product (cents);
    CREATE TABLE cart (user INTEGER PRIMARY KEY, products TEXT NOT NULL, version INTEGER NOT NULL);
    CREATE TRIGGER products_of_cart BEFORE INSERT ON cart
        WHEN EXISTS (SELECT 1 FROM json_each(new.products)
            WHERE json_each.value NOT IN (SELECT id FROM product))
        BEGIN SELECT RAISE(ABORT, 'the cart has an unknown product'); END;
    CREATE TABLE deal (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL, begins INTEGER NOT NULL)";

impl Database {
    /// Makes a database in a temporary folder.
    pub(crate) async fn create(size: &Size) -> Result<Self, Fail> {
        let folder = tempfile::tempdir()?;
        let pool = sqlite::open(&folder.path().join("shop.db")).await?;
        sqlx::raw_sql(TABLES).execute(&pool).await?;
        sqlx::query(
            "WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids LIMIT ?)
             INSERT INTO product
             SELECT id, id % ?, 'Product ' || id, 100 + id * 37 % 9900, 50, 0 FROM ids",
        )
        .bind(size.products)
        .bind(CATEGORIES)
        .execute(&pool)
        .await?;
        Ok(Self {
            pool,
            connections: Semaphore::new(CONNECTIONS),
            queries: AtomicU64::new(0),
            _folder: folder,
        })
    }

    /// Returns the number of queries that were sent.
    pub(crate) fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    /// Sends a query over a connection, and waits for its answer.
    async fn ask<T>(&self, query: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let connection = self.connections.acquire().await;
        let _connection = connection.map_err(|_| Error::PoolClosed)?;
        self.queries.fetch_add(1, Ordering::Relaxed);
        sleep(ONE_WAY).await;
        let answer = query.await;
        sleep(ONE_WAY).await;
        answer
    }

    pub(crate) async fn product(&self, id: u32) -> Result<Product, Error> {
        let row = sqlx::query_as("SELECT * FROM product WHERE id = ?");
        self.ask(row.bind(id).fetch_one(&self.pool)).await
    }

    /// Returns the ids of the products that the page of a category shows.
    pub(crate) async fn in_category(&self, category: u32) -> Result<Vec<u32>, Error> {
        let ids =
            sqlx::query_scalar("SELECT id FROM product WHERE category = ? ORDER BY id LIMIT 5");
        self.ask(ids.bind(category).fetch_all(&self.pool)).await
    }

    /// Returns the cheapest products.
    pub(crate) async fn cheapest(&self) -> Result<Vec<Product>, Error> {
        let rows = sqlx::query_as("SELECT * FROM product ORDER BY cents, id LIMIT 10");
        self.ask(rows.fetch_all(&self.pool)).await
    }

    pub(crate) async fn set_price(&self, id: u32, cents: u32) -> Result<Product, Error> {
        let row = sqlx::query_as(
            "UPDATE product SET cents = ?, version = version + 1 WHERE id = ? RETURNING *",
        );
        self.ask(row.bind(cents).bind(id).fetch_one(&self.pool))
            .await
    }

    pub(crate) async fn set_stock(&self, id: u32, stock: u32) -> Result<Product, Error> {
        let row = sqlx::query_as(
            "UPDATE product SET stock = ?, version = version + 1 WHERE id = ? RETURNING *",
        );
        self.ask(row.bind(stock).bind(id).fetch_one(&self.pool))
            .await
    }

    /// Returns the products in a cart.
    pub(crate) async fn cart(&self, user: u32) -> Result<Vec<u32>, Error> {
        let row = sqlx::query_scalar("SELECT products FROM cart WHERE user = ?");
        let row: Option<String> = self.ask(row.bind(user).fetch_optional(&self.pool)).await?;
        let ids = row.map(|ids| serde_json::from_str(&ids)).transpose();
        Ok(ids
            .map_err(|error| Error::Decode(error.into()))?
            .unwrap_or_default())
    }

    /// Writes a cart, unless the row has this version or a newer one. A cart with a product that does
    /// not exist is refused.
    pub(crate) async fn save_cart(
        &self,
        user: u32,
        products: &[u32],
        version: i64,
    ) -> Result<(), Error> {
        let products =
            serde_json::to_string(products).map_err(|error| Error::Encode(error.into()))?;
        let query = sqlx::query(
            "INSERT INTO cart VALUES (?, ?, ?) ON CONFLICT DO UPDATE
             SET products = excluded.products, version = excluded.version
             WHERE excluded.version > version",
        );
        let query = query.bind(user).bind(products).bind(version);
        self.ask(query.execute(&self.pool)).await.map(drop)
    }

    pub(crate) async fn deal(&self, id: u32) -> Result<Deal, Error> {
        let row = sqlx::query_as("SELECT * FROM deal WHERE id = ?");
        self.ask(row.bind(id).fetch_one(&self.pool)).await
    }

    /// Announces a deal that begins at the time `begins`, in milliseconds since 1970.
    pub(crate) async fn announce(&self, id: u32, begins: i64) -> Result<(), Error> {
        let query = sqlx::query("INSERT OR REPLACE INTO deal VALUES (?, 990, ?)");
        let query = query.bind(id).bind(begins);
        self.ask(query.execute(&self.pool)).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::Database;
    use crate::args::parse;

    #[tokio::test]
    async fn a_cart_with_an_unknown_product_is_refused() {
        let args = parse(["shop", "--quick"].map(Into::into)).expect("good arguments");
        let size = args.expect("no help").size;
        let database = Database::create(&size).await.expect("a database");
        let saved = database.save_cart(7, &[3, 1, 3], 1).await;
        saved.expect("known products");
        for unknown in [size.products + 1, 0] {
            let refused = database.save_cart(7, &[3, unknown], 2).await;
            let why = refused.expect_err("an unknown product").to_string();
            assert!(why.ends_with("the cart has an unknown product"), "{why}");
        }
        assert_eq!(database.cart(7).await.expect("a cart"), [3, 1, 3]);
        assert_eq!(database.cart(8).await.expect("no cart"), [0; 0]);
    }
}
