//! The background task that carries out the marks of writes whose process died.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::base::durations::from_now;
use crate::base::fault::removed;
use crate::base::trace;
use crate::l2::bus::client::BusClient;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::l2::recovery::BACKGROUND_TIMEOUT;
use crate::l2::send_invalidation::send_invalidation;
use crate::model::invalidation_mode::InvalidationMode;
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::Store;
use crate::store::write_mark::{DueMark, LAST_ROUND, WriteMark};

/// The largest number of marks that a node requests from the store at once.
const MOST_MARKS: usize = 1_000;

/// The largest number of times that a node requests marks at one beat. A store without free memory
/// cannot record that it handed marks out, and hands out the same marks again and again.
const MOST_TURNS: usize = 10;

/// The number of nodes up to which each node sweeps at every beat. If there are more nodes, each of
/// them decides at random at every beat, so that this number of nodes sweep on average. Nodes that
/// died a moment ago are still counted, so with a small number nobody might sweep after many nodes
/// died together.
const NODES: usize = 64;

/// The pause after the store refused a sweep, because the account lacks a right.
const REFUSED_PAUSE: Duration = Duration::from_secs(10);

/// The task that sweeps at every beat, with the parts of the cache that it needs.
pub(crate) struct Sweeper {
    pub(crate) bus: Arc<BusClient>,
    /// The store without its circuit breaker. No call waits for a sweep, so a sweep may wait for a
    /// failing store.
    pub(crate) store: Arc<dyn Store>,
    /// The time between two sweeps of this node.
    pub(crate) beat: Duration,
}

impl Sweeper {
    /// Sweeps until this node says goodbye.
    pub(crate) async fn run(self) {
        while !self.bus.liveness.is_over() {
            let mut pause = self.beat;
            if self.store.is_up() && (!self.bus.sweeps.has_begun() || takes_turn(self.nodes())) {
                match self.sweep().await {
                    Ok(()) => self.bus.sweeps.begin(),
                    Err(failure) if failure.is_of_rights() => {
                        // This node has no right to carry out marks, so calls need not wait for the
                        // first sweep.
                        self.bus.sweeps.begin();
                        pause = REFUSED_PAUSE;
                    }
                    Err(failure) => trace::redis_failed(&failure),
                }
            }
            let _ = timeout(pause, self.bus.sweeps.now.notified()).await;
        }
    }

    /// Returns the number of nodes that this node knows of, itself included.
    fn nodes(&self) -> usize {
        self.bus.acks.live_nodes() + 1
    }

    /// Carries out the marks whose round is due: invalidates the names in each mark.
    async fn sweep(&self) -> Result<(), Failure> {
        for _ in 0..MOST_TURNS {
            let until = from_now(BACKGROUND_TIMEOUT);
            let due = self.store.sweep(MOST_MARKS, until).await?;
            self.carry_out(&due).await?;
            if due.len() < MOST_MARKS {
                break;
            }
        }
        Ok(())
    }

    /// Invalidates the names of the marks `due`, on this node, in the store and on all other nodes.
    /// In the same step, the store then removes the marks whose last round this is. If the step
    /// fails, all marks stay, and are due again in their next round. The names do not wait in the
    /// outbox: there, they would keep this process from the store for the write of another process.
    async fn carry_out(&self, due: &[DueMark]) -> Result<(), Failure> {
        if due.is_empty() {
            return Ok(());
        }
        let is_last = |it: &&DueMark| it.round >= LAST_ROUND || removed!(self.bus.terms, SweepOnce);
        let ended = due.iter().filter(is_last).map(|it| it.mark.clone());
        let ended: Vec<WriteMark> = ended.collect();
        // A mark in another form names nothing. Like every mark, it is removed after its last
        // round.
        let sealer = self.bus.sealer.as_deref();
        let parts = due.iter().filter_map(|it| it.mark.parts(sealer));
        let mut names: Vec<StoreKey> = parts.flat_map(|(_, names)| names).collect();
        names.sort();
        names.dedup();
        let until = from_now(BACKGROUND_TIMEOUT);
        if !names.is_empty() {
            let targets = InvalidationTargets::from_names(&names);
            self.bus.apply(&targets);
            let removal = (&names[..], InvalidationMode::Hard, &ended[..]);
            let sent = send_invalidation(&self.bus, &*self.store, removal, until).await;
            // Again, as after every invalidation: a call may have read from the store meanwhile.
            self.bus.apply(&targets);
            sent?;
        } else if !ended.is_empty() {
            self.store.unmark(&ended, until).await?;
        }
        self.bus.sweeps.count(due);
        Ok(())
    }
}

/// Returns `true` if this node sweeps at this beat. With more than [`NODES`] nodes, the choice is
/// random, with the same probability for each of the `nodes` nodes.
fn takes_turn(nodes: usize) -> bool {
    nodes <= NODES || fastrand::usize(..nodes) < NODES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_of_nodes_sweeps_at_a_beat() {
        fastrand::seed(1);
        let beats = 10_000;
        for nodes in [1, 2, 8, 9, 32, 1_000] {
            let turns = (0..beats).filter(|_| takes_turn(nodes)).count();
            let expected = beats * nodes.min(NODES) / nodes;
            assert!(
                turns.abs_diff(expected) < 100 + beats / 100,
                "{nodes}: {turns}"
            );
            assert_eq!(turns == beats, nodes <= NODES, "{nodes}");
        }
    }
}
