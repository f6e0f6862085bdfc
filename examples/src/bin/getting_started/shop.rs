//! The database of the service: ten products in the memory of the process. A query takes 50 ms, as
//! a slow query over a network does, and ten connections carry out one query each at a time.

use std::io::Error;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::sleep;

/// A row of the database.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: u64,
    pub(crate) supplier: u64,
    pub(crate) cents: u64,
}

/// The prices in cents, by the id of the product.
static PRICES: Mutex<[u64; 10]> = Mutex::new([1_200; 10]);
static CONNECTIONS: Semaphore = Semaphore::const_new(10);
static QUERIES: AtomicU64 = AtomicU64::new(0);

fn price(id: u64, change: impl FnOnce(&mut u64)) -> Result<u64, Error> {
    let mut prices = PRICES.lock().expect("no holder of the lock panics");
    let row = usize::try_from(id).ok().and_then(|id| prices.get_mut(id));
    let row = row.ok_or_else(|| Error::other(format!("there is no product {id}")))?;
    change(row);
    Ok(*row)
}

/// Reads a product. The answer takes 50 ms to arrive.
pub(crate) async fn select(id: u64) -> Result<Product, Error> {
    let _connection = CONNECTIONS.acquire().await.map_err(Error::other)?;
    QUERIES.fetch_add(1, Ordering::Relaxed);
    let cents = price(id, |_| ())?;
    sleep(Duration::from_millis(50)).await;
    Ok(Product {
        id,
        supplier: id % 2,
        cents,
    })
}

/// Changes the price of a product.
pub(crate) async fn update(id: u64, cents: u64) -> Result<(), Error> {
    sleep(Duration::from_millis(5)).await;
    price(id, |row| *row = cents).map(drop)
}

/// Takes all connections, so that no query begins until they are dropped.
pub(crate) async fn close() -> Result<SemaphorePermit<'static>, Error> {
    CONNECTIONS.acquire_many(10).await.map_err(Error::other)
}

/// Returns the number of queries since the last call of this function.
pub(crate) fn queries() -> u64 {
    QUERIES.swap(0, Ordering::Relaxed)
}
