//! The `SQLite` database that the queued writes go to.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{Error, SqlitePool};
use tokio::time::sleep;

/// The tables. The logs have each write that was carried out, and how often. The triggers report a
/// write that comes after a later write of its key.
const TABLES: &str = "
CREATE TABLE cart (id INTEGER PRIMARY KEY, number INTEGER NOT NULL, version INTEGER NOT NULL);
CREATE TABLE counter (id INTEGER PRIMARY KEY, exact INTEGER NOT NULL, rough INTEGER NOT NULL,
    version INTEGER NOT NULL);
CREATE TABLE cart_log (id INTEGER, version INTEGER, times INTEGER NOT NULL,
    PRIMARY KEY (id, version)) WITHOUT ROWID;
CREATE TABLE counter_log (id INTEGER, version INTEGER, times INTEGER NOT NULL,
    PRIMARY KEY (id, version)) WITHOUT ROWID;
CREATE TABLE violation (text TEXT NOT NULL);
CREATE TRIGGER cart_back AFTER UPDATE ON cart
    WHEN NEW.version <= OLD.version OR NEW.number <= OLD.number
    BEGIN INSERT INTO violation VALUES
        ('cart ' || NEW.id || ' went from ' || OLD.number || ' to ' || NEW.number); END;
CREATE TRIGGER cart_order AFTER INSERT ON cart_log
    WHEN NEW.version < (SELECT version FROM cart WHERE id = NEW.id)
    BEGIN INSERT INTO violation VALUES
        ('cart ' || NEW.id || ' got version ' || NEW.version || ' after a later one'); END;
CREATE TRIGGER counter_order AFTER INSERT ON counter_log
    WHEN NEW.version < (SELECT version FROM counter WHERE id = NEW.id)
    BEGIN INSERT INTO violation VALUES
        ('counter ' || NEW.id || ' got version ' || NEW.version || ' after a later one'); END;
";

/// Arguments of the statements below: a JSON list with the id, the number and the version of each
/// write.
const CARTS: [&str; 2] = [
    "INSERT INTO cart_log SELECT value->>0, value->>2, 1 FROM json_each(?) WHERE true
     ON CONFLICT DO UPDATE SET times = times + 1",
    "INSERT INTO cart SELECT value->>0, value->>1, value->>2 FROM json_each(?) WHERE true
     ON CONFLICT DO UPDATE SET number = excluded.number, version = excluded.version
     WHERE excluded.version > version",
];

/// `exact` counts a write if its version is later than that of the row, and `rough` always.
const COUNTERS: [&str; 2] = [
    "INSERT INTO counter_log SELECT value->>0, value->>2, 1 FROM json_each(?) WHERE true
     ON CONFLICT DO UPDATE SET times = times + 1",
    "INSERT INTO counter SELECT value->>0, 1, 1, value->>2 FROM json_each(?) WHERE true
     ON CONFLICT DO UPDATE SET exact = exact + (excluded.version > version), rough = rough + 1,
     version = max(version, excluded.version)",
];

/// The longest time that a process waits for the lock of the database: shorter than the database is
/// down, so that runs fail.
const BUSY: Duration = Duration::from_secs(3);

/// A table that writes go to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Table {
    Carts,
    Counters,
}

/// A write: the id of the row, the number that it writes, and its version.
pub(crate) type Row = (u64, u64, u64);

/// The database, as one process sees it.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    /// A single connection, because a database has one writer at a time.
    pool: SqlitePool,
}

/// The numbers of the log of one table.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Logged {
    /// Writes that were carried out, each counted once.
    pub(crate) written: u64,
    /// Writes that were carried out once more.
    pub(crate) repeats: u64,
}

/// A row of `counter`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    pub(crate) exact: u64,
    pub(crate) rough: u64,
}

impl Database {
    /// Opens the database in `file`. Creates the file if it is missing, but no table.
    pub(crate) async fn open(file: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options).await?;
        Ok(Self { pool })
    }

    pub(crate) async fn create_tables(&self) -> Result<(), Error> {
        sqlx::raw_sql(TABLES).execute(&self.pool).await.map(drop)
    }

    /// Writes `rows` in one transaction.
    pub(crate) async fn write(&self, table: Table, rows: &[Row]) -> Result<(), Error> {
        let rows = serde_json::to_string(rows).expect("numbers");
        let statements = match table {
            Table::Carts => CARTS,
            Table::Counters => COUNTERS,
        };
        // A transaction that begins with a read may not wait for the lock later.
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for statement in statements {
            let query = sqlx::query(statement).bind(&rows);
            query.execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    /// Begins a transaction that writes, and ends it without a write.
    pub(crate) async fn begin(&self) -> Result<(), Error> {
        self.pool.begin_with("BEGIN IMMEDIATE").await.map(drop)
    }

    /// Keeps every process from writing for `time`, as if the database were down.
    pub(crate) async fn take_down(&self, time: Duration) {
        // Workers have the lock most of the time.
        let lock = loop {
            if let Ok(lock) = self.pool.begin_with("BEGIN IMMEDIATE").await {
                break lock;
            }
        };
        sleep(time).await;
        drop(lock);
    }

    /// Writes one cart as an application without a queue does.
    pub(crate) async fn write_cart(&self, id: u64, number: u64) -> Result<(), Error> {
        let query = sqlx::query("INSERT OR REPLACE INTO cart VALUES (?, ?, 0)");
        let query = query.bind(signed(id)).bind(signed(number));
        query.execute(&self.pool).await.map(drop)
    }

    /// Returns the number that a cart has.
    pub(crate) async fn cart(&self, id: u64) -> Result<u64, Error> {
        let query = sqlx::query_scalar("SELECT number FROM cart WHERE id = ?").bind(signed(id));
        let number: Option<i64> = query.fetch_optional(&self.pool).await?;
        Ok(number.map_or(0, unsigned))
    }

    /// Returns the ids and the numbers of all carts.
    pub(crate) async fn carts(&self) -> Result<Vec<(u64, u64)>, Error> {
        let query = sqlx::query_as("SELECT id, number FROM cart");
        let rows: Vec<(i64, i64)> = query.fetch_all(&self.pool).await?;
        let row = |(id, number)| (unsigned(id), unsigned(number));
        Ok(rows.into_iter().map(row).collect())
    }

    /// Returns the ids and the sums of all counters.
    pub(crate) async fn counters(&self) -> Result<Vec<(u64, Counted)>, Error> {
        let query = sqlx::query_as("SELECT id, exact, rough FROM counter");
        let rows: Vec<(i64, i64, i64)> = query.fetch_all(&self.pool).await?;
        let row = |(id, exact, rough)| {
            let [exact, rough] = [exact, rough].map(unsigned);
            (unsigned(id), Counted { exact, rough })
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Returns the violations that the triggers reported.
    pub(crate) async fn violations(&self) -> Result<Vec<String>, Error> {
        let query = sqlx::query_scalar("SELECT text FROM violation");
        query.fetch_all(&self.pool).await
    }

    pub(crate) async fn logged(&self, table: Table) -> Result<Logged, Error> {
        let query = match table {
            Table::Carts => "SELECT count(*), total(times - 1) FROM cart_log",
            Table::Counters => "SELECT count(*), total(times - 1) FROM counter_log",
        };
        let (written, repeats): (i64, f64) = sqlx::query_as(query).fetch_one(&self.pool).await?;
        #[expect(clippy::cast_possible_truncation, reason = "a whole number")]
        let repeats = repeats as i64;
        Ok(Logged {
            written: unsigned(written),
            repeats: unsigned(repeats),
        })
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
