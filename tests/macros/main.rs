//! The attributes leave each form of function as it was: which code runs, how often and in what
//! order.

mod aliases;
mod arguments;
mod associated;
mod boxed_traits;
mod deferred;
mod drop_order;
mod free_functions;
mod futures;
mod generics;
mod hygiene;
mod identifiers;
mod invalidation_timing;
mod item_attributes;
mod methods;
mod moved_arguments;
mod nested;
mod order_by;
mod pattern_clones;
mod patterns;
mod private_methods;
mod raw_methods;
mod references;
mod refresh;
mod renamed;
mod shadowed_macros;
mod soft_invalidation;
mod sync_functions;
mod tracing_spans;
mod traits;
mod underscores;
mod user_macros;
mod writing_functions;

use std::sync::{Arc, Mutex};

use cachekit::{Cache, testing};

/// What happened, in order.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Something happened.
    ///
    /// # Panics
    ///
    /// Never: nobody panics while writing.
    pub fn add(&self, event: impl Into<String>) {
        self.0.lock().expect("not poisoned").push(event.into());
    }

    /// What happened since this was asked last.
    ///
    /// # Panics
    ///
    /// Never: nobody panics while writing.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("not poisoned"))
    }
}

/// An argument or a local that tells when it is dropped.
#[derive(Debug)]
pub struct Noisy(&'static str, Log);

impl Noisy {
    /// With its name.
    pub fn new(name: &'static str, log: &Log) -> Self {
        Self(name, log.clone())
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.0
    }
}

impl Drop for Noisy {
    fn drop(&mut self) {
        self.1.add(format!("drop {}", self.0));
    }
}

/// Runs `future` with a new cache for its global one.
///
/// # Panics
///
/// Never: the defaults are right.
pub async fn fresh<F: Future>(future: F) -> F::Output {
    let cache = Cache::builder().build().await.expect("right");
    testing::scope(cache, future).await
}

/// Two functions with one signature and one body: the first one with the attributes.
macro_rules! twins {
    ($(#[$attr:meta])+ fn $name:ident and $twin:ident $($rest:tt)+) => {
        $(#[$attr])+
        async fn $name $($rest)+
        async fn $twin $($rest)+
    };
}
pub(crate) use twins;
