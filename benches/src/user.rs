//! The value that the measured functions return.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

/// Number of values that were not found in a cache.
static LOADS: AtomicU64 = AtomicU64::new(0);

/// Returns how often a function ran or a cache had nothing. A measured round of hits must
/// leave it alone.
pub fn loads() -> u64 {
    LOADS.load(Ordering::Relaxed)
}

/// A row of a database: a clone of it makes five allocations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "rivals", derive(hitbox_fn::CacheableResponse))]
pub struct User {
    /// Its number.
    pub id: u64,
    /// Organisation of the user: one of 100.
    pub org: u64,
    /// Some text.
    pub name: String,
    /// More text.
    pub email: String,
    /// Still more.
    pub city: String,
    /// Some numbers.
    pub groups: Vec<u32>,
    /// A longer text.
    pub settings: String,
}

impl User {
    /// Does the work of the function behind every cache: counted, as a call of it in the middle of a
    /// measurement of hits spoils that.
    #[cold]
    pub fn load(id: u64) -> Self {
        LOADS.fetch_add(1, Ordering::Relaxed);
        Self::new(id)
    }

    /// The user of this number.
    pub fn new(id: u64) -> Self {
        Self {
            id,
            org: id % 100,
            name: format!("User {id}"),
            email: format!("user.{id}@example.com"),
            city: "Rotterdam".to_owned(),
            groups: vec![1, 2, 3, 5, 8],
            settings: r#"{"theme":"dark","language":"en","page":50}"#.to_owned(),
        }
    }
}

/// Counts what a cache without a function of its own does not have.
#[inline]
pub fn found<V>(value: Option<V>) -> Option<V> {
    if value.is_none() {
        LOADS.fetch_add(1, Ordering::Relaxed);
    }
    value
}
