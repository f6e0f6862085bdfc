//! Carts, which are written to the database later (write-behind). A queue has a worker in each process
//! and not in each instance, so carts are in the global cache, which is that of the first instance.

use std::fmt;
use std::sync::Arc;

use cachekit::{QueueError, QueuedWrite, cached, write_behind};

use crate::database::Database;
use crate::products::{Shop, now};

/// The failure of a queued write.
#[derive(Debug)]
pub(crate) enum Failed {
    Database(sqlx::Error),
    Queue(QueueError),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "the database failed: {error}"),
            Self::Queue(error) => write!(f, "{error}"),
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
        Self::Database(error)
    }
}

/// The ids of the products in a cart.
#[cached(key = "cart:{user}", ttl = 600, skip(database))]
async fn cart(database: &Database, user: u32) -> Result<Vec<u32>, sqlx::Error> {
    database.cart(user).await
}

/// Writes the newest cart of a user. The database ignores a repeated or late write by its version. It
/// refuses a cart with an unknown product, whose write becomes a dead write after two repetitions.
/// The queue keeps writes as JSON, so the command `cachekit` can show them.
#[write_behind(
    cart(_, user),
    value = products,
    skip(database),
    every = "500ms",
    retries = 2,
    codec = json
)]
async fn save_cart(
    database: &Arc<Database>,
    user: u32,
    products: Vec<u32>,
    write: QueuedWrite,
) -> Result<(), Failed> {
    let version = i64::try_from(write.version()).unwrap_or(i64::MAX);
    Ok(database.save_cart(user, &products, version).await?)
}

/// Returns a cart.
pub(crate) async fn read(shop: &Shop, user: u32) -> Result<Vec<u32>, sqlx::Error> {
    if shop.is_cached {
        cart(&shop.database, user).await
    } else {
        shop.database.cart(user).await
    }
}

/// The largest number of products in a cart.
const FULL: usize = 20;

/// Puts a product into a cart, in place of the oldest product if the cart is full.
pub(crate) async fn add(shop: &Shop, user: u32, product: u32) -> Result<Vec<u32>, Failed> {
    let mut products = read(shop, user).await?;
    if products.len() >= FULL {
        products.remove(0);
    }
    products.push(product);
    if shop.is_cached {
        save_cart(&shop.database, user, products.clone()).await?;
    } else {
        // A queue would spare the shop without the cache these writes too.
        shop.database.save_cart(user, &products, now()).await?;
    }
    Ok(products)
}
