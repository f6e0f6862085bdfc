//! The function that reads a row, and the one that writes it.

use cachekit::{Cache, CacheBuilder, cached, invalidates, write_through};
use tokio_postgres::Client;

use crate::point::Point;

/// The namespace of every process.
const NAMESPACE: &str = "crash";

/// The tables: rows with a version. The database is busy for 400 ms with the commit of a change of
/// a row that is `held`.
pub(crate) const TABLES: &str = "
    CREATE TABLE rows (
        id bigint PRIMARY KEY, version bigint NOT NULL DEFAULT 1, held boolean NOT NULL);
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER held AFTER UPDATE ON rows DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (new.held) EXECUTE FUNCTION hold()";

/// The versions of a row before and after its write.
pub(crate) const OLD: i64 = 1;
pub(crate) const NEW: i64 = 2;

/// A cache and a connection to the database.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) cache: Cache,
    pub(crate) database: Client,
}

/// An error of the database, as text.
pub(crate) type Failed = String;

/// Returns the settings of every process's cache.
pub(crate) fn settings(redis: &str) -> CacheBuilder {
    Cache::builder().namespace(NAMESPACE).redis(redis)
}

/// Returns the key of a row's entry.
pub(crate) fn key(row: u64) -> String {
    format!("row:{row}")
}

/// Reads the version of a row.
#[cached(
    key = "row:{row}",
    name = "crash_row",
    ttl = 3_600,
    cache = node.cache
)]
pub(crate) async fn read_row(node: &Node, row: u64) -> Result<i64, Failed> {
    version(&node.database, row).await
}

/// Asks the database for the version of a row.
pub(crate) async fn version(database: &Client, row: u64) -> Result<i64, Failed> {
    let question = format!("SELECT version FROM rows WHERE id = {row}");
    let found = database.query_one(&question, &[]).await;
    found
        .map(|found| found.get(0))
        .map_err(|error| error.to_string())
}

/// Writes a row as [`change`] does, and invalidates its entry.
#[invalidates(read_row(_, row), cache = node.cache)]
pub(crate) async fn write_row(
    node: &Node,
    row: u64,
    is_single: bool,
    stop: impl AsyncFn(Point),
) -> Result<(), Failed> {
    change(node, row, is_single, stop).await
}

/// Writes a row as [`change`] does, and stores its new version in its entry.
#[write_through(read_row(node, row))]
pub(crate) async fn replace_row(
    node: &Node,
    row: u64,
    is_single: bool,
    stop: impl AsyncFn(Point),
) -> Result<i64, Failed> {
    change(node, row, is_single, stop).await?;
    Ok(NEW)
}

/// Writes a row, by a single statement if `is_single`, else in a transaction. Waits for `stop` at
/// each point that lies in this function.
async fn change(
    node: &Node,
    row: u64,
    is_single: bool,
    stop: impl AsyncFn(Point),
) -> Result<(), Failed> {
    // By the simple protocol: a statement is one message.
    let run = async |statement: &str| {
        let done = node.database.batch_execute(statement).await;
        done.map_err(|error| error.to_string())
    };
    stop(Point::MarkSent).await;
    let update = format!("UPDATE rows SET version = {NEW} WHERE id = {row}");
    if is_single {
        run(&update).await?;
    } else {
        run("BEGIN").await?;
        run(&update).await?;
        stop(Point::InBody).await;
        run("COMMIT").await?;
    }
    stop(Point::Answered).await;
    Ok(())
}
