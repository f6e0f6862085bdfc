//! An append-only map by owner, whose look-ups take no lock.

use std::sync::{Arc, OnceLock};

use crate::model::owner::OwnerId;

/// Number of buckets. Few functions have memory of their own.
pub(crate) const BUCKETS: usize = 32;

/// Cores of functions with memory of their own (`capacity`). Append-only, so that a hit takes no
/// lock.
#[derive(Debug)]
pub(crate) struct FunctionCores<C>([Node<C>; BUCKETS]);

pub(crate) type Node<C> = OnceLock<Box<FunctionCore<C>>>;

/// Core of one function, and the next one of its bucket.
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
        // An owner's number is the address of a static that is larger than a cache line.
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
