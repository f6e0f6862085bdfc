//! Step 3: a tag, by which an import invalidates the products of one supplier.

use std::io::Error;

use cachekit::{SourceTier, cached, observed};
use cachekit_examples::program::Fail;

use crate::shop::{self, Product};

#[cached(ttl = 300, tags = ["supplier:{ret.supplier}"])]
async fn product(id: u64) -> Result<Product, Error> {
    shop::select(id).await
}

async fn import(supplier: u64) -> Result<(), Error> {
    for id in (0..10).filter(|id| id % 2 == supplier) {
        shop::update(id, 1_300).await?;
    }
    let tag = format!("supplier:{supplier}");
    cachekit::global().invalidate_tags([tag]).await;
    Ok(())
}

/// Reads all products, and prints how many of them were in memory.
async fn read_all(what: &str) -> Result<(), Error> {
    let all = async {
        let mut sum = 0;
        for id in 0..10 {
            sum += product(id).await?.cents;
        }
        Ok::<_, Error>(sum)
    };
    let (sum, seen) = observed(all).await;
    let ran = |tier: SourceTier| seen.calls.iter().filter(|it| it.tier == tier).count();
    println!(
        "{what:<22} the prices sum up to {:>3}; {:>2} calls ran the function, {:>2} came from memory",
        sum? / 100,
        ran(SourceTier::Computed),
        ran(SourceTier::Memory)
    );
    Ok(())
}

pub(crate) async fn run() -> Result<(), Fail> {
    read_all("10 products").await?;
    read_all("10 products, again").await?;
    import(1).await?;
    println!("-> supplier 1 sends new prices");
    read_all("10 products").await?;
    println!("queries: {}", shop::queries());
    Ok(())
}
