//! Polls the nodes: when Redis was in use, when messages arrived, and when Redis had accepted every
//! invalidation.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cachekit::{Cache, Stats};
use cachekit_tests::clock::{self, nanos};

use crate::starved::Starved;
use crate::world::World;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(3);

/// The machine stood still if a pause took so much longer.
const STALL: Duration = Duration::from_millis(10);

/// What was seen of one node: times, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// A value came from Redis, or was stored there.
    pub(crate) used: Vec<u64>,
    /// The node heard itself.
    pub(crate) heard: Vec<u64>,
    /// Memory answered.
    pub(crate) remembered: Vec<u64>,
    /// Commands went to another server than before.
    pub(crate) moved: Vec<u64>,
}

/// What was seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sight {
    pub(crate) nodes: Vec<Seen>,
    /// When this thread, which does nothing else, or one of those that call did not get to run:
    /// from, to.
    pub(crate) stalls: Vec<(u64, u64)>,
}

/// The thread that looks.
pub(crate) struct Watch {
    is_stopped: Arc<AtomicBool>,
    sight: Arc<Mutex<Sight>>,
    thread: JoinHandle<()>,
}

impl Watch {
    pub(crate) fn begin(world: &Arc<World>) -> Self {
        let is_stopped = Arc::new(AtomicBool::new(false));
        let sight = Arc::new(Mutex::new(Sight {
            nodes: vec![Seen::default(); world.nodes.len()],
            stalls: Vec::new(),
        }));
        let looking = Looking {
            world: Arc::clone(world),
            sight: Arc::clone(&sight),
            before: world.nodes.iter().map(Cache::stats).collect(),
            accepted: vec![0; world.nodes.len()],
            servers: vec![None; world.nodes.len()],
        };
        let until = Arc::clone(&is_stopped);
        let thread = thread::spawn(move || looking.look_on(&until));
        Self {
            is_stopped,
            sight,
            thread,
        }
    }

    /// What was seen so far.
    pub(crate) fn sight(&self) -> Sight {
        let sight = self.sight.lock().unwrap_or_else(PoisonError::into_inner);
        sight.clone()
    }

    /// Stops looking.
    pub(crate) fn end(self) -> Sight {
        self.is_stopped.store(true, Ordering::SeqCst);
        // A look that failed shows as what was not seen.
        let _ = self.thread.join();
        let sight = self.sight.lock().unwrap_or_else(PoisonError::into_inner);
        sight.clone()
    }
}

struct Looking {
    world: Arc<World>,
    sight: Arc<Mutex<Sight>>,
    before: Vec<Stats>,
    /// How many writes each node is known to have told.
    accepted: Vec<usize>,
    /// The server that each node's commands went to when it was last connected.
    servers: Vec<Option<String>>,
}

impl Looking {
    fn look_on(mut self, until: &AtomicBool) {
        let mut last = clock::now();
        let mut starved = Starved::new();
        // What they waited before does not count.
        starved.look();
        while !until.load(Ordering::SeqCst) {
            thread::sleep(PAUSE);
            let now = clock::now();
            let slept = (now - last).saturating_sub(nanos(PAUSE));
            let slept = Some(slept).filter(|late| *late > nanos(STALL));
            // The same moment shows in both, so only the longer one counts.
            if let Some(stall) = slept.max(starved.look()) {
                let mut sight = self.sight.lock().unwrap_or_else(PoisonError::into_inner);
                sight.stalls.push((now.saturating_sub(stall), now));
            }
            last = now;
            for node in 0..self.before.len() {
                self.look(node);
            }
        }
    }

    fn look(&mut self, node: usize) {
        let written = self.world.record.written();
        let stats = self.world.nodes[node].stats();
        let now = clock::now();
        if stats.redis.queued_invalidations == 0 {
            let from = self.accepted[node];
            self.world.record.accepted(node, written, from, now);
            self.accepted[node] = written;
        }
        let has_moved = self.follow(node, stats.redis.server.clone());
        let before = std::mem::replace(&mut self.before[node], stats);
        let stats = &self.before[node];
        let mut sight = self.sight.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = &mut sight.nodes[node];
        let uses = |stats: &Stats| stats.redis_hits + stats.redis.stores;
        for (times, is_more) in [
            (&mut seen.used, uses(stats) > uses(&before)),
            (
                &mut seen.heard,
                stats.redis.heartbeats > before.redis.heartbeats,
            ),
            (&mut seen.remembered, stats.memory_hits > before.memory_hits),
            (&mut seen.moved, has_moved),
        ] {
            if is_more {
                times.push(now);
            }
        }
    }
}

impl Looking {
    /// Whether commands of `node` go to another server now than when it was last connected.
    fn follow(&mut self, node: usize, server: Option<String>) -> bool {
        if server.is_none() {
            return false;
        }
        let before = std::mem::replace(&mut self.servers[node], server);
        before.is_some() && before != self.servers[node]
    }
}

impl Seen {
    /// When Redis was in use again on another server, after `time`.
    pub(crate) fn in_use_elsewhere(&self, time: u64) -> Option<u64> {
        self.in_use(nth_after(&self.moved, time, 0)?)
    }

    /// When Redis was in use again after `time`: the third time that it was seen to be, for the
    /// first may be a leftover.
    pub(crate) fn in_use(&self, time: u64) -> Option<u64> {
        nth_after(&self.used, time, 2)
    }

    /// When messages that were sent after `time` had come through: the first may be older.
    pub(crate) fn heard_after(&self, time: u64) -> Option<u64> {
        nth_after(&self.heard, time, 1)
    }

    /// How often memory was seen to answer in that time.
    pub(crate) fn remembered(&self, from: u64, to: u64) -> usize {
        let within = |time: &&u64| (from..to).contains(*time);
        self.remembered.iter().filter(within).count()
    }
}

fn nth_after(times: &[u64], time: u64, n: usize) -> Option<u64> {
    let first = times.partition_point(|it| *it <= time);
    times.get(first + n).copied()
}
