//! A list by owner that is only added to, so that a look into it takes no lock.

use std::sync::{Arc, OnceLock};

use crate::model::owner::OwnerId;

/// Lists, by hash. Few functions have a room.
pub(crate) const LISTS: usize = 32;

/// The cores of functions that have memory of their own: only added to, so that a hit takes no lock.
#[derive(Debug)]
pub(crate) struct Rooms<C>([Link<C>; LISTS]);

pub(crate) type Link<C> = OnceLock<Box<Own<C>>>;

/// One function's.
#[derive(Debug)]
pub(crate) struct Own<C> {
    owner: OwnerId,
    core: Arc<C>,
    next: Link<C>,
}

impl<C> Default for Rooms<C> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Link::new()))
    }
}

impl<C> Rooms<C> {
    pub(crate) fn of(&self, owner: OwnerId, make: impl Fn() -> Arc<C>) -> &Arc<C> {
        // A function's number is the address of something larger than a line.
        let mut link = &self.0[(owner.0 >> 6) % LISTS];
        loop {
            let own = link.get_or_init(|| {
                Box::new(Own {
                    owner,
                    core: make(),
                    next: Link::new(),
                })
            });
            if own.owner == owner {
                return &own.core;
            }
            link = &own.next;
        }
    }
}
