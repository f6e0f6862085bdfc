//! Step 5: many callers of an entry that is not there.

use std::io::Error;
use std::time::{Duration, Instant};

use cachekit::cached;
use cachekit_examples::program::Fail;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::shop::{self, Product};
use crate::table::time;

#[cached(ttl = 300, single_flight = off)]
async fn product_each(id: u64) -> Result<Product, Error> {
    shop::select(id).await
}

#[cached(ttl = 300)]
async fn product(id: u64) -> Result<Product, Error> {
    shop::select(id).await
}

/// Makes 100 calls while the database answers nobody, and opens it when all of them have missed.
/// Prints the number of queries, and the time until the last call was answered.
async fn rush<F>(what: &str, call: fn(u64) -> F, misses: fn() -> u64) -> Result<(), Fail>
where
    F: Future<Output = Result<Product, Error>> + Send + 'static,
{
    let closed = shop::close().await?;
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        callers.spawn(call(7));
    }
    while misses() < 100 {
        sleep(Duration::from_millis(1)).await;
    }
    drop(closed);
    let opened = Instant::now();
    while let Some(answer) = callers.join_next().await {
        answer??;
    }
    println!(
        "{what:<34} {:>3} queries, all answered after {:>9}",
        shop::queries(),
        time(opened.elapsed())
    );
    Ok(())
}

pub(crate) async fn run() -> Result<(), Fail> {
    let each = || product_each::stats().misses;
    rush("100 callers, single_flight = off", product_each, each).await?;
    let shared = || product::stats().misses;
    rush("100 callers, as by default", product, shared).await
}
