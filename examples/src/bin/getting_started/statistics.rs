//! Step 8: the statistics of a small load.

use std::io::Error;

use cachekit::{cached, invalidates};
use cachekit_examples::program::Fail;

use crate::shop::{self, Product};
use crate::table::time;

#[cached(ttl = 300, tags = ["supplier:{ret.supplier}"])]
async fn product(id: u64) -> Result<Product, Error> {
    shop::select(id).await
}

#[invalidates(product(id))]
async fn set_price(id: u64, cents: u64) -> Result<(), Error> {
    shop::update(id, cents).await
}

/// Makes 1,000 calls. Every hundredth call changes a price before, and after half of the calls a
/// supplier sends new prices.
async fn load() -> Result<(), Error> {
    for call in 0..1_000 {
        if call % 100 == 99 {
            set_price(call / 100, 1_300).await?;
        }
        if call == 500 {
            cachekit::global().invalidate_tags(["supplier:1"]).await;
        }
        product(call % 10).await?;
    }
    Ok(())
}

fn print_statistics() {
    let stats = product::stats();
    let causes = &stats.by_cause;
    println!("calls                {:>6}", stats.calls());
    println!("hits                 {:>6.1} %", stats.hit_rate() * 100.0);
    println!("runs of the function {:>6}", stats.computations);
    println!("  because there was no entry    {:>3}", causes.absent);
    println!("  because of #[invalidates]     {:>3}", causes.key);
    for (family, misses) in &causes.tags {
        println!("  because of a tag {family}..  {misses:>3}");
    }
    if let Some(median) = stats.compute_time.quantile(0.5) {
        println!("median run           {:>9}", time(median));
    }
}

pub(crate) async fn run() -> Result<(), Fail> {
    load().await?;
    print_statistics();
    Ok(())
}
