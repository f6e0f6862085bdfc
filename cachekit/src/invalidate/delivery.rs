//! The report that tells a caller if Redis accepted the invalidations of the caller's writes.

use crate::coordination::delivery_scope;
use crate::invalidate::deferred;

/// The state of the invalidations of a write, as [`with_delivery`] returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// Every invalidation was accepted: by Redis, or, in a cache without Redis, by this process.
    Accepted,
    /// At least one invalidation took effect in this process, and is still to be sent to Redis.
    /// Until then, other processes may serve values from before the write.
    Queued,
}

impl Delivery {
    /// Returns `true` if every invalidation was accepted.
    pub fn is_accepted(self) -> bool {
        self == Self::Accepted
    }
}

/// Runs `future`, which writes, and returns its result with the state of the writes' invalidations.
/// A service can answer "202 Accepted" instead of "200 OK" while other processes may still serve
/// old values.
///
/// The invalidations are those of functions with `#[invalidates]` or `#[write_through]`, of
/// [`deferred`](crate::deferred), and of methods of [`Cache`](crate::Cache) and
/// [`Entry`](crate::Entry). Those of tasks that `future` spawns are not included.
///
/// An invalidation is [`Delivery::Queued`] if Redis did not accept it while its caller waited:
/// Redis did not answer in time, answered with an error, or a synchronous function did not wait. An
/// invalidation that waits for the end of an enclosing `deferred` is queued, too. The state does
/// not include acknowledgements of other processes (`ack`).
///
/// Scopes may be nested. An invalidation in an inner scope counts in every enclosing scope. Outside
/// of a scope, a write costs the same as without this function.
///
/// # Cancel safety
///
/// Dropping the returned future drops `future`, and has no further effect.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::{cached, invalidates, with_delivery};
///
/// #[cached(key = "price:{id}")]
/// async fn price(id: u64) -> u64 {
///     100
/// }
///
/// #[invalidates(price(id))]
/// async fn set_price(id: u64, price: u64) -> Result<(), String> {
///     Ok(()) // the write
/// }
///
/// let (result, delivery) = with_delivery(set_price(7, 120)).await;
/// result?;
/// let status = if delivery.is_accepted() { 200 } else { 202 };
/// assert_eq!(status, 200);
/// # Ok::<(), String>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn with_delivery<T>(future: impl Future<Output = T>) -> (T, Delivery) {
    // Boxed: otherwise the future of the caller would have room for `future` several times.
    let future = Box::pin(future);
    let (result, has_waiting) = delivery_scope::in_scope(future, deferred::is_active()).await;
    let delivery = if has_waiting {
        Delivery::Queued
    } else {
        Delivery::Accepted
    };
    (result, delivery)
}
