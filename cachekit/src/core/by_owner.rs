//! A map from each function with its own memory (`capacity`) to its core, the state of the cache
//! with that memory. Functions are only added to the map, so that look-ups take no lock.

use std::sync::{Arc, OnceLock};

use crate::model::owner::OwnerId;

/// Number of buckets of the map from each function with its own memory (`capacity`) to its core,
/// the state of the cache with that memory. Few functions have their own memory, so most buckets
/// have at most one core.
pub(crate) const BUCKETS: usize = 32;

/// Cores (cache states) of the functions with their own memory (`capacity`), as a hash map. Cores
/// are added, and never removed, so that a hit takes no lock.
#[derive(Debug)]
pub(crate) struct FunctionCores<C>([Node<C>; BUCKETS]);

pub(crate) type Node<C> = OnceLock<Box<FunctionCore<C>>>;

/// Core (cache state) of one function, and the link to the next core in the same bucket.
#[derive(Debug)]
pub(crate) struct FunctionCore<C> {
    owner: OwnerId,
    core: Arc<C>,
    next: Node<C>,
}

impl<C> Default for FunctionCores<C> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Node::new()))
    }
}

impl<C> FunctionCores<C> {
    pub(crate) fn of(&self, owner: OwnerId, make: impl Fn() -> Arc<C>) -> &Arc<C> {
        // The number of a function is the address of its `FnSpec`. Two `FnSpec`s are more
        // than 64 bytes apart, so no information is lost without the low six bits of the address.
        let mut node = &self.0[(owner.0 >> 6) % BUCKETS];
        loop {
            let own = node.get_or_init(|| {
                Box::new(FunctionCore {
                    owner,
                    core: make(),
                    next: Node::new(),
                })
            });
            if own.owner == owner {
                return &own.core;
            }
            node = &own.next;
        }
    }
}
