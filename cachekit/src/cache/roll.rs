//! Whether the list of nodes in the store names all that have to be waited for.
//!
//! The list can be lost: by eviction, by a restart, by whoever removes everything. Nodes put
//! their names there again before `bus_timeout` is over, and one that did not trusts its
//! memory for that long at most after it last could. So a node that sees a list begin anew
//! does not rely on it for twice that time: it waits as if somebody did not answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::length::from_now;
use crate::remote::bulletin::NodeId;

/// What this node knows of the list.
#[derive(Debug)]
pub(super) struct Roll {
    /// For so long a list that begins anew is not relied on.
    doubt: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The name under which this node is on it.
    name: Option<NodeId>,
    whole_from: Instant,
}

impl Roll {
    pub(super) fn new(bus_timeout: Duration) -> Self {
        let doubt = bus_timeout.mul_f64(2.02);
        let state = State {
            name: None,
            whole_from: from_now(doubt),
        };
        Self {
            doubt,
            state: Mutex::new(state),
        }
    }

    /// The store may be another one from here on, or the same with older data.
    pub(super) fn reconnected(&self) {
        self.lock().whole_from = from_now(self.doubt);
    }

    /// This node is on the list under `name`, and was not before if it `is_new`.
    pub(super) fn joined(&self, name: NodeId, is_new: bool) {
        let mut state = self.lock();
        if is_new || state.name != Some(name) {
            state.whole_from = from_now(self.doubt);
        }
        state.name = Some(name);
    }

    /// The store takes no names, and neither those of others.
    pub(super) fn refused(&self) {
        self.lock().name = None;
    }

    /// Whether `nodes` are all that may serve from memory.
    pub(super) fn is_whole(&self, nodes: &[NodeId]) -> bool {
        let state = self.lock();
        let is_named = state.name.is_some_and(|name| nodes.contains(&name));
        is_named && Instant::now() >= state.whole_from
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_list_that_begins_anew_is_not_relied_on_for_twice_the_time() {
        let name = NodeId([1; 16]);
        let pass = |length: Duration| tokio::time::advance(length);
        let roll = Roll::new(TIMEOUT);
        roll.joined(name, true);
        pass(TIMEOUT * 2).await;
        assert!(!roll.is_whole(&[name]));
        pass(TIMEOUT / 10).await;
        assert!(roll.is_whole(&[name]));
        assert!(!roll.is_whole(&[]), "it was lost");
        roll.joined(name, false);
        assert!(roll.is_whole(&[name]), "it stood there all the time");
        for begin_anew in [
            |roll: &Roll, name| roll.joined(name, true),
            |roll: &Roll, _| roll.reconnected(),
            |roll: &Roll, name| {
                roll.refused();
                roll.joined(name, false);
            },
        ] {
            begin_anew(&roll, name);
            assert!(!roll.is_whole(&[name]));
            pass(TIMEOUT * 3).await;
            assert!(roll.is_whole(&[name]));
        }
        roll.refused();
        pass(TIMEOUT * 3).await;
        assert!(!roll.is_whole(&[name]));
    }
}
