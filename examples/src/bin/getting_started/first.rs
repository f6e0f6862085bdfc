//! Step 1: the first cached function.

use std::io::Error;

use cachekit::cached;
use cachekit_examples::program::Fail;

use crate::shop::{self, Product};
use crate::table::show;

#[cached]
async fn product(id: u64) -> Result<Product, Error> {
    shop::select(id).await
}

pub(crate) async fn run() -> Result<(), Fail> {
    show("without the cache", shop::select(7)).await?;
    show("without the cache, again", shop::select(7)).await?;
    println!("queries: {}", shop::queries());
    show("product(7)", product(7)).await?;
    show("product(7), again", product(7)).await?;
    println!("queries: {}", shop::queries());
    Ok(())
}
