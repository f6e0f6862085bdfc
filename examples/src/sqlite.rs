//! The opening of an `SQLite` database, for the programs that have one.

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

/// The connections of a program to its database.
const CONNECTIONS: u32 = 4;

/// Opens the database in `file`, and creates the database if it does not exist. Several processes may
/// open one file.
///
/// # Errors
///
/// Returns an error if the file cannot be opened.
pub async fn open(file: &Path) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        // Readers do not wait for a writer, and a crash of the program loses nothing.
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(30));
    SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .connect_with(options)
        .await
}
