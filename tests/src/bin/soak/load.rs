//! The operations on each key.

use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use cachekit::{Cache, Policy, Stats, cached, testing};
use cachekit_tests::poll_once;
use cachekit_tests::redis::Redis;

/// Tasks that work at the same time.
const WORKERS: u64 = 32;

/// Each function's entry: its tags and its event, the most that any entry of the load hangs on.
pub(crate) const LABELS: u64 = 3;

/// So short that a server does not fill up.
const TTL: Duration = Duration::from_secs(5);

#[cached(
    key = "row:{n}",
    name = "soak_row",
    ttl = 5,
    tags = ["row:{n}", "late:{ret}"],
    events = ["row.changed {n}"]
)]
async fn row(n: u64) -> u64 {
    n + 1
}

/// One node in memory only, or two over a Redis.
pub(crate) struct Nodes {
    pub(crate) one: Cache,
    pub(crate) two: Option<Cache>,
}

pub(crate) struct Load {
    nodes: Nodes,
    redis: Option<Redis>,
}

impl Load {
    pub(crate) fn new(nodes: Nodes, redis: Option<Redis>) -> Self {
        Self { nodes, redis }
    }

    /// Sends `keys` through.
    pub(crate) async fn run(self: &Arc<Self>, keys: Range<u64>) {
        self.ask_in_words(&keys);
        let share = (keys.end - keys.start).div_ceil(WORKERS);
        let workers = (0..WORKERS).map(|worker| {
            let load = Arc::clone(self);
            let from = (keys.start + worker * share).min(keys.end);
            let to = (from + share).min(keys.end);
            tokio::spawn(async move {
                for n in from..to {
                    load.key(n).await;
                }
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.expect("it works");
        }
    }

    /// Waits until what nobody waits for is done.
    pub(crate) async fn rest(&self) {
        for _ in 0..1_000 {
            let at_rest = |stats: Stats| {
                stats.flights == 0 && stats.writes == 0 && stats.redis.queued_invalidations == 0
            };
            if self.stats().into_iter().all(at_rest) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Of each node.
    pub(crate) fn stats(&self) -> Vec<Stats> {
        let nodes = std::iter::once(&self.nodes.one).chain(&self.nodes.two);
        nodes.map(Cache::stats).collect()
    }

    async fn key(&self, n: u64) {
        let one = &self.nodes.one;
        match n % 10 {
            0 => {
                self.value(one, n).await;
                self.invalidate(n).await;
            }
            1 => {
                let policy = Policy::new().ttl(TTL).tag(format!("tag:{n}"));
                one.put(&format!("key:{n}"), n, &policy).await;
            }
            2..=4 => {
                assert_eq!(testing::scope(one.clone(), row(n)).await, n + 1);
            }
            5 => self.give_up(n),
            6 => {
                // Both miss: one of them computes.
                let other = self.nodes.two.as_ref().unwrap_or(one);
                tokio::join!(self.value(one, n), self.value(other, n));
            }
            _ => self.value(one, n).await,
        }
    }

    async fn value(&self, cache: &Cache, n: u64) {
        let policy = Policy::new().ttl(TTL).tag(format!("tag:{n}"));
        let key = format!("key:{n}");
        let compute = || async {
            tokio::task::yield_now().await;
            n
        };
        assert_eq!(cache.get_or_compute(&key, &policy, compute).await, n);
    }

    /// Each time another name, and with a Redis by the other node, so that this one hears it.
    async fn invalidate(&self, n: u64) {
        let by = self.nodes.two.as_ref().unwrap_or(&self.nodes.one);
        match n / 10 % 4 {
            0 => by.invalidate(&format!("key:{n}")).await,
            1 => by.invalidate_tags([format!("tag:{n}")]).await,
            2 => by.emit(&format!("event:{n}")).await,
            _ => by.emit_about("row.changed", [("n", n)]).await,
        }
    }

    /// A call whose caller goes away after its first step.
    fn give_up(&self, n: u64) {
        let policy = Policy::new().ttl(TTL).tag(format!("tag:{n}"));
        let key = format!("key:{n}");
        let cache = &self.nodes.one;
        let call = pin!(cache.get_or_compute(&key, &policy, std::future::pending::<u64>));
        assert!(poll_once(call).is_pending());
    }

    /// Messages of another program: some that are understood, and one that is not.
    fn ask_in_words(&self, keys: &Range<u64>) {
        let Some(redis) = &self.redis else { return };
        let mut client = redis.client();
        for n in keys.clone().step_by(100) {
            let text = format!("invalidate\nkey word:{n}\ntag word:{n}\nevent word n={n}");
            client.int(&["PUBLISH", "soak:bus", &text]);
        }
        client.int(&["PUBLISH", "soak:bus", "in a form to come"]);
    }
}
