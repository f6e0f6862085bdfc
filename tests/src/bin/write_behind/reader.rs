//! Tasks of a writer that look at what its calls promise: a read right after a write returns it, and
//! a write that always fails is put aside while others go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cachekit::{Cache, testing};
use tokio::time::sleep;

use crate::database::Database;
use crate::functions::{Cart, POISON, QUEUES, add, read_cart, save_carts};
use crate::truth::{Saves, Truth};
use crate::writer::{Share, accepted};

/// The pause between two writes of a task.
const PAUSE: Duration = Duration::from_millis(20);

/// The longest time until the message of an invalidation has come to another node.
const MESSAGE: Duration = Duration::from_secs(5);

/// The longest time until a node without a connection has another one.
const RECONNECTED: Duration = Duration::from_secs(3);

/// The most looks at one save, of which all but the last had troubles.
const MOST_LOOKS: usize = 20;

/// The longest time for which a write that always fails may stay in its queue.
const PATIENCE: Duration = Duration::from_secs(100);

/// The caches of two nodes in this process: the one that writes, and another.
#[derive(Debug, Clone)]
pub(crate) struct Nodes {
    pub(crate) own: Cache,
    pub(crate) other: Cache,
}

/// A task that saves a cart of its own, and reads it after each save.
#[derive(Debug)]
pub(crate) struct Reader {
    nodes: Nodes,
    database: Database,
    id: u64,
    saves: Saves,
    truth: Truth,
}

impl Reader {
    pub(crate) fn new(share: &Share, nodes: &Nodes, database: &Database) -> Self {
        Self {
            nodes: nodes.clone(),
            database: database.clone(),
            id: share.carts + share.of,
            saves: Saves::default(),
            truth: Truth::default(),
        }
    }

    /// Saves and reads until `is_over`.
    pub(crate) async fn run(mut self, is_over: Arc<AtomicBool>) -> Truth {
        while !is_over.load(Ordering::Relaxed) {
            self.step().await;
            sleep(PAUSE).await;
        }
        self.truth.carts.insert(self.id, self.saves);
        self.truth
    }

    async fn step(&mut self) {
        let last = self.saves.unconfirmed.last();
        let number = last.unwrap_or(&self.saves.accepted) + 1;
        let before = self.troubles();
        let id = self.id;
        let saving = || save_carts(&self.database, vec![Cart { id, number }]);
        if !accepted(&mut self.truth.saves, saving).await {
            self.saves.unconfirmed.push(number);
            return;
        }
        self.saves.accepted = number;
        self.saves.unconfirmed.clear();
        self.check(number, before).await;
    }

    /// Reads what was saved as `number`, when the nodes had the troubles `before`. A read without Redis
    /// may have what the database has. Such a read is not stored, so a read without new troubles is
    /// right. So the reads are repeated until there were none.
    async fn check(&mut self, number: u64, mut before: Option<u64>) {
        for _ in 0..MOST_LOOKS {
            let Some(problem) = self.look(number).await else {
                return;
            };
            let now = self.troubles();
            sleep(RECONNECTED).await;
            let later = self.troubles();
            if before.is_some() && [now, later] == [before; 2] {
                return self.truth.problems.push(problem);
            }
            self.truth.repeated += 1;
            before = later;
        }
        let problem = format!("cart {} had no read without troubles", self.id);
        self.truth.problems.push(problem);
    }

    /// Reads the cart on this node, on this node without its entry, and on the other node. Returns
    /// what is wrong.
    async fn look(&mut self, number: u64) -> Option<String> {
        let id = self.id;
        for evicts in [false, true] {
            if evicts {
                read_cart::entry(id).invalidate().await;
            }
            let read = self.read(&self.nodes.own).await;
            self.truth.reads += 1;
            if read != Some(number) {
                return Some(format!(
                    "cart {id} was {read:?} after the save of {number} (evicted: {evicts})"
                ));
            }
        }
        let since = Instant::now();
        loop {
            let read = self.read(&self.nodes.other).await;
            if read == Some(number) {
                self.truth.reads += 1;
                return None;
            }
            if since.elapsed() >= MESSAGE {
                return Some(format!(
                    "cart {id} was {read:?} on another node {MESSAGE:?} after the save of {number}"
                ));
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    async fn read(&self, cache: &Cache) -> Option<u64> {
        testing::scope(cache.clone(), read_cart(&self.database, self.id))
            .await
            .ok()
    }

    /// Returns how often the two nodes lost Redis so far, and `None` if one is without it.
    fn troubles(&self) -> Option<u64> {
        let nodes = [&self.nodes.own, &self.nodes.other];
        let of_node = |node: &Cache| {
            let redis = node.stats().redis;
            redis
                .is_up
                .then_some(redis.connections + redis.breaker_openings)
        };
        nodes.into_iter().map(of_node).sum()
    }
}

/// Queues a cart and an addition that no run can write. Queues others until both are put aside.
pub(crate) async fn poison(share: Share, nodes: Nodes, database: Database) -> Truth {
    let mut truth = Truth::default();
    let (id, number) = (POISON, 1);
    let mut ignored = truth.saves;
    while !accepted(&mut ignored, || {
        save_carts(&database, vec![Cart { id, number }])
    })
    .await
    {}
    while !accepted(&mut ignored, || add(&database, vec![POISON])).await {}
    let (id, since) = (share.counters, Instant::now());
    while !are_dead(&nodes.own).await && since.elapsed() < PATIENCE {
        let additions = truth.counters.entry(id).or_default();
        if accepted(&mut truth.additions, || add(&database, vec![id])).await {
            additions.accepted += 1;
        } else {
            additions.unconfirmed += 1;
        }
        sleep(PAUSE).await;
    }
    truth
}

async fn are_dead(cache: &Cache) -> bool {
    for queue in QUEUES {
        let dead = cache.dead_writes(queue, 1).await;
        if dead.map_or(true, |dead| dead.is_empty()) {
            return false;
        }
    }
    true
}
