//! Step 2: a lifetime, at whose end a call sees the change of a price.

use std::io::Error;
use std::time::Duration;

use cachekit::cached;
use cachekit_examples::program::Fail;
use tokio::time::sleep;

use crate::shop::{self, Product};
use crate::table::show;

#[cached(ttl = 2)]
async fn product(id: u64) -> Result<Product, Error> {
    shop::select(id).await
}

pub(crate) async fn run() -> Result<(), Fail> {
    show("product(7)", product(7)).await?;
    shop::update(7, 1_300).await?;
    println!("-> another program sets the price to 13.00");
    show("product(7), at once", product(7)).await?;
    sleep(Duration::from_millis(2_100)).await;
    show("product(7), after 2 seconds", product(7)).await?;
    println!("queries: {}", shop::queries());
    Ok(())
}
