//! A cart service whose database is written later: changes of carts and views of articles are
//! queued, and a worker writes them to a `SQLite` database. With `carts serve FILE`, a process
//! serves. With `carts work FILE`, a process writes to the database in FILE. With `carts`, one
//! process does both.
//!
//! In one process without Redis, queued writes are lost if the process dies. `carts` prints:
//!
//! ```text
//! 40 changes and views took 3.0ms
//! user 3 has 8 articles; the database has 0 carts and 0 views
//! worker: 30 views
//! worker: cart of user 2 with 8 articles
//! worker: cart of user 4 with 8 articles
//! worker: 10 views
//! worker: cart of user 3 with 8 articles
//! worker: cart of user 0 with 8 articles
//! worker: cart of user 1 with 8 articles
//! the workers had written all after 260.8ms
//! user 3 has 8 articles; the database has 5 carts and 40 views
//! ```
//!
//! In two processes over a Redis with an append-only file, a crash of either process loses no write
//! whose call returned `Ok`. `carts work FILE & carts serve FILE` prints:
//!
//! ```text
//! 40 changes and views took 57.3ms
//! user 3 has 8 articles; the database has 0 carts and 0 views
//! worker: cart of user 0 with 8 articles
//! worker: cart of user 4 with 8 articles
//! worker: cart of user 3 with 8 articles
//! worker: cart of user 1 with 8 articles
//! worker: cart of user 2 with 8 articles
//! worker: 40 views
//! the workers had written all after 174.8ms
//! user 3 has 8 articles; the database has 5 carts and 40 views
//! ```
//!
//! A Redis that may lose the queue is refused:
//!
//! ```text
//! Error: workers: the write was not queued, because the Redis server may lose it: it writes no
//! append-only file, so a restart loses queued writes; run `CONFIG SET appendonly yes` and set it in
//! the server's configuration, or accept the loss with `volatile_queues(true)`; the workers were not
//! started
//! ```

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cachekit::{QueuedWrite, cached, write_behind};
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};

/// The error of the write-behind functions. A write-behind function can have any error type that
/// implements `Display` and `From<QueueError>`.
type Failed = Box<dyn Error + Send + Sync>;

const USERS: u64 = 5;
const CHANGES: u64 = 40;

/// The names of the articles in a cart.
type Cart = Vec<String>;

/// A view of an article by somebody.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct View {
    article: u64,
}

#[cached(key = "cart:{user}", ttl = "10m", skip(pool))]
async fn get_cart(pool: &SqlitePool, user: u64) -> Result<Cart, Failed> {
    let query = sqlx::query_scalar("SELECT articles FROM cart WHERE user = ?");
    let articles: Option<String> = query
        .bind(i64::try_from(user)?)
        .fetch_optional(pool)
        .await?;
    let articles = articles.unwrap_or_default();
    Ok(articles.split_terminator(' ').map(str::to_owned).collect())
}

/// Writes the newest cart of a user. Another worker repeats a write that a dead worker left
/// unfinished, so a write must change nothing if its version is not greater than the row's version.
#[write_behind(get_cart(_, user), value = cart, skip(pool), every = "200ms")]
async fn save_cart(
    pool: &SqlitePool,
    user: u64,
    cart: Cart,
    write: QueuedWrite,
) -> Result<(), Failed> {
    let query = sqlx::query(
        "INSERT INTO cart VALUES (?, ?, ?) ON CONFLICT DO UPDATE
         SET articles = excluded.articles, version = excluded.version
         WHERE excluded.version > version",
    );
    let query = query.bind(i64::try_from(user)?).bind(cart.join(" "));
    query
        .bind(i64::try_from(write.version())?)
        .execute(pool)
        .await?;
    println!("worker: cart of user {user} with {} articles", cart.len());
    Ok(())
}

/// Counts views, many in one transaction. The views of an article come in the order of their
/// versions, so a view whose version is not greater than the row's version was counted before.
#[write_behind(key = "views:{view.article}", each(view in views), skip(pool), batch = 500, every = "200ms")]
async fn add_views(
    pool: &SqlitePool,
    views: Vec<View>,
    writes: Vec<QueuedWrite>,
) -> Result<(), Failed> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    for (view, write) in views.iter().zip(writes) {
        let query = sqlx::query(
            "INSERT INTO view VALUES (?, 1, ?) ON CONFLICT DO UPDATE
             SET count = count + 1, version = excluded.version
             WHERE excluded.version > version",
        );
        let query = query.bind(i64::try_from(view.article)?);
        query
            .bind(i64::try_from(write.version())?)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    println!("worker: {} views", views.len());
    Ok(())
}

/// Puts articles into carts, as requests of customers would.
async fn serve(pool: &SqlitePool) -> Result<(), Failed> {
    let start = Instant::now();
    for change in 0..CHANGES {
        let (user, article) = (change % USERS, change % 7);
        add_views(pool, vec![View { article }]).await?;
        let mut cart = get_cart(pool, user).await?;
        cart.push(format!("article-{article}"));
        save_cart(pool, user, cart).await?;
    }
    println!("{CHANGES} changes and views took {:.1?}", start.elapsed());
    show(pool).await?;
    let start = Instant::now();
    cachekit::global().flush().await?;
    println!("the workers had written all after {:.1?}", start.elapsed());
    show(pool).await
}

/// Prints a cart as its customer sees it, and the numbers of carts and views in the database.
async fn show(pool: &SqlitePool) -> Result<(), Failed> {
    let cart = get_cart(pool, 3).await?;
    let query = "SELECT (SELECT count(*) FROM cart), (SELECT total(count) FROM view)";
    let (carts, views): (i64, f64) = sqlx::query_as(query).fetch_one(pool).await?;
    println!(
        "user 3 has {} articles; the database has {carts} carts and {views} views",
        cart.len()
    );
    Ok(())
}

async fn open(file: PathBuf) -> Result<SqlitePool, Failed> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(30));
    let pool = SqlitePool::connect_with(options).await?;
    let tables = "
        CREATE TABLE IF NOT EXISTS cart (user INTEGER PRIMARY KEY, articles TEXT, version INTEGER);
        CREATE TABLE IF NOT EXISTS view (article INTEGER PRIMARY KEY, count INTEGER, version INTEGER);";
    sqlx::raw_sql(tables).execute(&pool).await?;
    Ok(pool)
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut words = std::env::args().skip(1);
    let task = words.next().unwrap_or_else(|| "both".to_owned());
    let folder = tempfile::tempdir()?;
    let own = folder.path().join("carts.db");
    let pool = open(words.next().map_or(own, PathBuf::from)).await?;
    // REDIS_URL, if it is set, names the Redis with the queue.
    cachekit::init_from_env().await?;
    let cache = cachekit::global();
    if task != "serve" {
        // Arguments that a function names in `skip(..)` are not queued: the worker supplies them.
        cache.workers().provide(pool.clone()).start().await?;
    }
    if task == "work" {
        // This process may be killed at any moment. Another worker, or the next start of this one,
        // then carries out its writes.
        return std::future::pending().await;
    }
    serve(&pool).await?;
    // Carries out the queued writes if the queue is in the memory of this process.
    cache.shutdown().await;
    Ok(())
}
