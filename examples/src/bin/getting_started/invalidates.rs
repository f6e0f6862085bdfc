//! Step 4: a write that invalidates the entry it changes, also while a call computes it.

use std::io::Error;

use cachekit::{cached, invalidates};
use cachekit_examples::program::Fail;

use crate::shop::{self, Product};
use crate::table::show;

#[cached(ttl = 300)]
async fn product(id: u64) -> Result<Product, Error> {
    shop::select(id).await
}

#[invalidates(product(id))]
async fn set_price(id: u64, cents: u64) -> Result<(), Error> {
    shop::update(id, cents).await
}

pub(crate) async fn run() -> Result<(), Fail> {
    show("product(7)", product(7)).await?;
    shop::update(7, 1_300).await?;
    println!("-> shop::update(7, 1_300)");
    show("product(7)", product(7)).await?;
    set_price(7, 1_400).await?;
    println!("-> set_price(7, 1_400)");
    show("product(7)", product(7)).await?;

    println!("-> product(8) and set_price(8, 1_500), at the same time");
    let read = show("product(8), read before the write", product(8));
    let (read, written) = tokio::join!(read, set_price(8, 1_500));
    read.and(written)?;
    show("product(8)", product(8)).await?;
    Ok(())
}
