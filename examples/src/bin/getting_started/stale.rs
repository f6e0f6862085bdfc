//! Step 6: old values for calls, while one computation refreshes the entry.

use std::io::Error;
use std::time::Duration;

use cachekit::cached;
use cachekit_examples::program::Fail;
use tokio::time::{sleep, timeout};

use crate::shop::{self, Product};
use crate::table::show;

#[cached(ttl = 2, stale = 60)]
async fn product(id: u64) -> Result<Product, Error> {
    shop::select(id).await
}

/// Waits for the refresh in the background.
async fn refreshed() {
    while product::stats().stores < 2 {
        sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn run() -> Result<(), Fail> {
    show("product(7)", product(7)).await?;
    shop::update(7, 1_300).await?;
    println!("-> another program sets the price to 13.00");
    sleep(Duration::from_millis(2_100)).await;
    show("product(7), after 2 seconds", product(7)).await?;
    timeout(Duration::from_secs(10), refreshed()).await?;
    show("product(7), after the refresh", product(7)).await?;
    println!("queries: {}", shop::queries());
    Ok(())
}
