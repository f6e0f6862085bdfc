//! Step 7: a Redis, from which a second process gets the values that a first process computed.

use std::env;
use std::io::Error;

use cachekit::cached;
use cachekit_examples::program::Fail;

use crate::shop::{self, Product};
use crate::table::show;

const NO_REDIS: &str = "\
REDIS_URL is not set, so step 7 is skipped. To run it with a Redis of yours:
  REDIS_URL=redis://localhost target/debug/getting_started 7
With redis-server installed, ./scripts/with-redis COMMAND starts a server for one command.";

#[cached(ttl = 60)]
async fn product(id: u64) -> Result<Product, Error> {
    shop::select(id).await
}

pub(crate) async fn run() -> Result<(), Fail> {
    if env::var_os("REDIS_URL").is_none() {
        println!("{NO_REDIS}");
        return Ok(());
    }
    cachekit::init_from_env().await?;
    if !cachekit::global().stats().redis.is_up {
        return Err("no Redis answers at the address in REDIS_URL".into());
    }
    show("product(7)", product(7)).await?;
    show("product(7), again", product(7)).await?;
    println!("queries: {}", shop::queries());
    cachekit::global().shutdown().await; // waits until Redis has stored the value
    Ok(())
}
