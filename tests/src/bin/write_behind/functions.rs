//! The functions whose calls are queued, and the cache of each process.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use cachekit::{Cache, QueueError, QueuedWrite, cached, write_behind};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::broken::{self, RemovedGuard};
use crate::database::{Database, Row, Table};

/// The namespace of all processes.
pub(crate) const NAMESPACE: &str = "wb";

/// The names of the two queues.
pub(crate) const QUEUES: [&str; 2] = ["carts", "counters"];

/// The id of the cart and of the counter that no run can write.
pub(crate) const POISON: u64 = 1 << 40;

/// The time that a run takes beside that of `SQLite`, as if the database were elsewhere.
const ROUND_TRIP: Duration = Duration::from_millis(5);

/// The failure of a call or of a run.
#[derive(Debug, Clone)]
pub(crate) enum Failed {
    Queue(QueueError),
    Database(String),
    Poison,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(error) => error.fmt(f),
            Self::Database(error) => f.write_str(error),
            Self::Poison => f.write_str("the row is not valid"),
        }
    }
}

impl From<QueueError> for Failed {
    fn from(error: QueueError) -> Self {
        Self::Queue(error)
    }
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.to_string())
    }
}

/// A cart. Its number rises with each save.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cart {
    pub(crate) id: u64,
    pub(crate) number: u64,
}

#[cached(key = "cart:{cart}", skip(database))]
pub(crate) async fn read_cart(database: &Database, cart: u64) -> Result<u64, Failed> {
    Ok(database.cart(cart).await?)
}

#[write_behind(read_cart(_, cart.id), value = cart.number, newest(cart in carts), skip(database),
    name = "carts", batch = 200, every = "100ms", retries = 1)]
pub(crate) async fn save_carts(
    database: &Database,
    carts: Vec<Cart>,
    writes: Vec<QueuedWrite>,
) -> Result<(), Failed> {
    if carts.iter().any(|cart| cart.id == POISON) {
        return Err(Failed::Poison);
    }
    let rows = carts.iter().zip(writes);
    let rows: Vec<Row> = rows
        .map(|(cart, write)| (cart.id, cart.number, write.version()))
        .collect();
    sleep(ROUND_TRIP).await;
    Ok(database.write(Table::Carts, &rows).await?)
}

#[write_behind(key = "counter:{counter}", each(counter in counters), skip(database),
    name = "counters", batch = 200, every = "100ms", retries = 1)]
pub(crate) async fn add(
    database: &Database,
    counters: Vec<u64>,
    writes: Vec<QueuedWrite>,
) -> Result<(), Failed> {
    if counters.contains(&POISON) {
        return Err(Failed::Poison);
    }
    let rows = counters.into_iter().zip(writes);
    let rows: Vec<Row> = rows
        .map(|(counter, write)| (counter, 1, write.version()))
        .collect();
    sleep(ROUND_TRIP).await;
    Ok(database.write(Table::Counters, &rows).await?)
}

/// Makes the cache over the Redis at `url` the global one of this process, and opens the database.
pub(crate) async fn connect(
    url: &str,
    database: &Path,
    broken: Option<RemovedGuard>,
) -> Result<(Cache, Database), String> {
    let cache = node(url, broken).await?;
    cachekit::init(cache.clone()).map_err(|error| error.to_string())?;
    let database = Database::open(database).await;
    Ok((cache, database.map_err(|error| error.to_string())?))
}

/// Makes a cache over the Redis at `url`.
pub(crate) async fn node(url: &str, broken: Option<RemovedGuard>) -> Result<Cache, String> {
    let settings = Cache::builder().namespace(NAMESPACE).redis(url);
    // A slow machine is no fault: a call is unconfirmed only if its connection ends.
    let settings = settings.redis_timeout(Duration::from_secs(10));
    let cache = broken::disturb(settings, broken).build().await;
    cache.map_err(|error| error.to_string())
}
