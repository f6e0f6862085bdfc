//! The marks of open writes in the fake store.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::base::durations::from_now;
use crate::store::message::NodeId;
use crate::store::write_mark::{DueMark, LAST_ROUND, WriteMark, pause_after};

/// The state of one mark.
#[derive(Debug, Clone, Copy)]
struct Standing {
    /// The time at which the life of the mark ends, or at which its next round is due.
    due: Instant,
    /// The number of the round that was handed out last; 0 if no round was handed out.
    round: u8,
}

/// All marks of one store.
#[derive(Debug, Default)]
pub(crate) struct Marks(BTreeMap<WriteMark, Standing>);

impl Marks {
    pub(crate) fn mark(&mut self, mark: &WriteMark, life: Duration) {
        let standing = Standing {
            due: from_now(life),
            round: 0,
        };
        self.0.insert(mark.clone(), standing);
    }

    pub(crate) fn unmark(&mut self, ended: &[WriteMark]) {
        for mark in ended {
            self.0.remove(mark);
        }
    }

    pub(crate) fn sweep(&mut self, most: usize, listening: &HashSet<NodeId>) -> Vec<DueMark> {
        let now = Instant::now();
        let is_due = |(mark, standing): &(&WriteMark, &mut Standing)| {
            let is_alive = || {
                mark.parts(None)
                    .is_some_and(|(node, _)| listening.contains(&node))
            };
            standing.due <= now || (standing.round == 0 && !is_alive())
        };
        let due = self.0.iter_mut().filter(is_due).take(most);
        let hand_out = |(mark, standing): (&WriteMark, &mut Standing)| {
            standing.round = (standing.round + 1).min(LAST_ROUND);
            standing.due = from_now(pause_after(standing.round));
            DueMark {
                round: standing.round,
                mark: mark.clone(),
            }
        };
        due.map(hand_out).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
