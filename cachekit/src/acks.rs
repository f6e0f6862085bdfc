//! Waiting until every node has applied an invalidation.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::remote::bulletin::NodeId;

/// More nodes than this are forgotten, and count as silent until they speak.
const MOST_NODES: usize = 10_000;

/// Who has not said yet that an invalidation was applied.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, Missing>>,
    /// When each node was heard last, by this node's clock.
    heard: Mutex<HashMap<[u8; 12], Instant>>,
}

#[derive(Debug, Default)]
struct Missing {
    /// `None`: who has to is not known yet, only who has.
    nodes: Option<HashSet<[u8; 12]>>,
    applied: HashSet<[u8; 12]>,
    changed: Arc<Notify>,
}

/// One invalidation that waits. Dropped, it waits no more.
#[derive(Debug)]
pub(crate) struct Waiting {
    acks: Arc<Acks>,
    pub(crate) number: u64,
    changed: Arc<Notify>,
}

impl Acks {
    /// A new number; what is said about it is kept from here on.
    pub(crate) fn begin(self: &Arc<Self>) -> Waiting {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let missing = Missing::default();
        let changed = Arc::clone(&missing.changed);
        self.lock().insert(number, missing);
        Waiting {
            acks: Arc::clone(self),
            number,
            changed,
        }
    }

    /// `by` has applied the invalidation of this number.
    pub(crate) fn applied(&self, by: NodeId, number: u64) {
        self.hear(by);
        if let Some(missing) = self.lock().get_mut(&number) {
            missing.applied.insert(by.base());
            missing.changed.notify_one();
        }
    }

    /// A node spoke.
    pub(crate) fn hear(&self, node: NodeId) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() >= MOST_NODES {
            heard.clear();
        }
        heard.insert(node.base(), Instant::now());
    }

    /// When `node` was heard last.
    pub(crate) fn last_heard(&self, node: NodeId) -> Option<Instant> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.get(&node.base()).copied()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Missing>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// These have to say so.
    pub(crate) fn expect(&self, nodes: impl IntoIterator<Item = NodeId>) {
        if let Some(missing) = self.acks.lock().get_mut(&self.number) {
            missing.nodes = Some(nodes.into_iter().map(NodeId::base).collect());
        }
    }

    /// Whether somebody has not said so yet.
    pub(crate) fn is_missing(&self, node: NodeId) -> bool {
        let waiting = self.acks.lock();
        let missing = waiting.get(&self.number);
        missing.is_some_and(|missing| !missing.applied.contains(&node.base()))
    }

    /// Waits until all have said so.
    pub(crate) async fn all(&self) {
        while !self.are_all() {
            self.changed.notified().await;
        }
    }

    fn are_all(&self) -> bool {
        let waiting = self.acks.lock();
        let missing = waiting.get(&self.number);
        missing.is_none_or(|missing| {
            let nodes = missing.nodes.as_ref();
            nodes.is_some_and(|nodes| nodes.is_subset(&missing.applied))
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.acks.lock().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_before_the_question_counts() {
        let acks = Arc::new(Acks::default());
        let [one, two] = [1, 2].map(|n| NodeId([n; 16]));
        let waiting = acks.begin();
        acks.applied(one, waiting.number);
        waiting.expect([one, two]);
        assert!(!waiting.are_all() && !waiting.is_missing(one) && waiting.is_missing(two));
        acks.applied(two, waiting.number + 1);
        assert!(!waiting.are_all(), "of another number");
        acks.applied(two, waiting.number);
        waiting.all().await;
        drop(waiting);
        assert!(acks.lock().is_empty());
    }
}
