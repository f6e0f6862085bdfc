//! A list by owner that is only added to, so that a look into it takes no lock.

use std::sync::{Arc, OnceLock};

use crate::model::owner::OwnerId;

/// Lists, by hash. Few functions have a room.
pub(crate) const BUCKETS: usize = 32;

/// The cores of functions that have memory of their own: only added to, so that a hit takes no lock.
#[derive(Debug)]
pub(crate) struct FunctionCores<C>([Node<C>; BUCKETS]);

pub(crate) type Node<C> = OnceLock<Box<FunctionCore<C>>>;

/// One function's.
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
        // A function's number is the address of something larger than a line.
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
