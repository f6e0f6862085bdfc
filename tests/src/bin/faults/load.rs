//! The steady load: callers and writers on every node.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachekit::{Cache, Policy, SourceTier, Tier, cached, invalidates, testing, with_source};
use cachekit_tests::clock;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::record::{Call, Kind, Probe, Write};
use crate::said::ARGUMENT;
use crate::settings::{LOADER, PATIENCE};
use crate::truth::{self, GROUPS, ROWS, SHARED, Value};
use crate::world::World;

/// Callers of shared rows on each node, of its own rows, and writers.
const SHARING: usize = 4;
const ALONE: usize = 2;
const WRITERS: usize = 2;

/// The longest pauses of each, in microseconds.
const READ_PAUSE: u64 = 6_000;
const FRESH_PAUSE: u64 = 20_000;
const PROBE_PAUSE: u64 = 20_000;
const WRITE_PAUSE: u64 = 160_000;

/// How long computations ran inside of one call.
#[derive(Debug, Default)]
struct Spent(AtomicU64);

/// The function behind the cache.
async fn compute(world: &World, n: u64, spent: &Spent) -> Value {
    let begin = clock::now();
    let value = world.truth.read(n);
    sleep(LOADER).await;
    spent.0.fetch_add(clock::now() - begin, Ordering::Relaxed);
    value
}

#[cached(
    key = "row:{argument}:{n}",
    name = "faults_row",
    ttl = 60,
    tags = ["group:{ret.group}"]
)]
async fn shared(world: &World, argument: &str, n: u64, spent: &Spent) -> Value {
    compute(world, n, spent).await
}

#[invalidates(shared(_, argument, n, _))]
async fn change(world: &World, argument: &str, n: u64) -> u64 {
    world.truth.raise(n)
}

/// A row that one caller alone asks for, or nobody a second time.
async fn alone(world: &World, cache: &Cache, key: &str, n: u64, spent: &Spent) -> Value {
    let policy = Policy::new().ttl(Duration::from_secs(60));
    let policy = policy.tag(group(n % GROUPS));
    let compute = || compute(world, n, spent);
    cache.get_or_compute(key, &policy, compute).await
}

fn group(number: u64) -> String {
    format!("group:{number}")
}

fn own_key(n: u64) -> String {
    format!("own:{ARGUMENT}:{n}")
}

/// One of the table's rows, as any node gets it; for a look after the load.
pub(crate) async fn look(world: &World, cache: &Cache, n: u64) -> Value {
    let spent = Spent::default();
    if n < SHARED {
        testing::scope(cache.clone(), shared(world, ARGUMENT, n, &spent)).await
    } else {
        alone(world, cache, &own_key(n), n, &spent).await
    }
}

/// Calls that go on until the end.
pub(crate) struct Load(JoinSet<()>);

impl Load {
    /// Begins, on this runtime.
    pub(crate) fn begin(world: &Arc<World>) -> Self {
        let mut tasks = JoinSet::new();
        for node in 0..world.nodes.len() {
            for _ in 0..SHARING {
                tasks.spawn(share(Arc::clone(world), node));
            }
            for part in 0..ALONE {
                tasks.spawn(read_own(Arc::clone(world), node, part));
            }
            tasks.spawn(read_fresh(Arc::clone(world), node));
            for place in 0..world.server.probes().len() {
                tasks.spawn(probe_on(Arc::clone(world), node, place));
            }
            for _ in 0..WRITERS {
                tasks.spawn(write_on(Arc::clone(world), node));
            }
        }
        Self(tasks)
    }

    /// Waits until all calls have returned.
    pub(crate) async fn end(mut self, world: &World) {
        world.stop();
        let all = async {
            while let Some(ended) = self.0.join_next().await {
                if let Err(error) = ended {
                    world.record.failure(format!("a caller failed: {error}"));
                }
            }
        };
        if timeout(PATIENCE, all).await.is_err() {
            let failure = format!("{} callers wait for ever", self.0.len());
            world.record.failure(failure);
        }
    }
}

/// Makes one call, and records it.
async fn call(world: &World, node: usize, (kind, row): (Kind, u64), key: &str) {
    let spent = Spent::default();
    let cache = &world.nodes[node];
    let begin = clock::now();
    let value = if kind == Kind::Shared {
        testing::scope(cache.clone(), shared(world, ARGUMENT, row, &spent)).await
    } else {
        alone(world, cache, key, row, &spent).await
    };
    world.record.call(Call {
        node,
        kind,
        row,
        begin,
        end: clock::now(),
        spent: spent.0.into_inner(),
        version: value.is_of(row).then_some(value.version),
    });
}

async fn share(world: Arc<World>, node: usize) {
    while !world.is_stopped() {
        let row = fastrand::u64(..SHARED);
        call(&world, node, (Kind::Shared, row), "").await;
        pause(READ_PAUSE).await;
    }
}

/// Each caller has rows that no other asks for.
async fn read_own(world: Arc<World>, node: usize, part: usize) {
    let rows: Vec<u64> = truth::own(node).skip(part).step_by(ALONE).collect();
    while !world.is_stopped() {
        let row = rows[fastrand::usize(..rows.len())];
        call(&world, node, (Kind::Own, row), &own_key(row)).await;
        pause(READ_PAUSE).await;
    }
}

async fn read_fresh(world: Arc<World>, node: usize) {
    for number in 0_u64.. {
        if world.is_stopped() {
            return;
        }
        let key = format!("fresh:{ARGUMENT}:{node}:{number}");
        call(&world, node, (Kind::Fresh, ROWS), &key).await;
        pause(FRESH_PAUSE).await;
    }
}

/// Calls for the key at `place`, which only Redis keeps, and records if Redis gave its value.
async fn probe_on(world: Arc<World>, node: usize, place: usize) {
    let key = world.server.probes()[place].clone();
    let policy = Policy::new().ttl(Duration::from_secs(60)).tier(Tier::Redis);
    while !world.is_stopped() {
        let spent = Spent::default();
        let begin = clock::now();
        let called =
            world.nodes[node].get_or_compute(&key, &policy, || compute(&world, ROWS, &spent));
        let (value, source) = with_source(called).await;
        let time = clock::now();
        world.record.call(Call {
            node,
            kind: Kind::Shared,
            row: ROWS,
            begin,
            end: time,
            spent: spent.0.into_inner(),
            version: value.is_of(ROWS).then_some(value.version),
        });
        world.record.probe(Probe {
            node,
            place,
            time,
            is_from_redis: source.tier == SourceTier::Redis,
        });
        pause(PROBE_PAUSE).await;
    }
}

async fn write_on(world: Arc<World>, node: usize) {
    while !world.is_calm() {
        write(&world, node).await;
        pause(WRITE_PAUSE).await;
    }
}

/// Raises a row's version, or those of a group, and invalidates.
async fn write(world: &World, node: usize) {
    let cache = &world.nodes[node];
    let row = fastrand::u64(..ROWS + GROUPS);
    let began = clock::now();
    let versions: Vec<(u64, u64)> = match row {
        _ if row < SHARED => {
            let version = testing::scope(cache.clone(), change(world, ARGUMENT, row)).await;
            vec![(row, version)]
        }
        _ if row < ROWS => {
            let version = world.truth.raise(row);
            cache.invalidate(&own_key(row)).await;
            vec![(row, version)]
        }
        _ => {
            let number = row - ROWS;
            let raise = |row| (row, world.truth.raise(row));
            let versions = truth::of_group(number).map(raise).collect();
            cache.invalidate_tags([group(number)]).await;
            versions
        }
    };
    let returned = clock::now();
    world
        .record
        .writes(versions.iter().map(|&(row, version)| Write {
            node,
            row,
            version,
            began,
            returned,
            accepted: None,
        }));
}

async fn pause(longest: u64) {
    sleep(Duration::from_micros(fastrand::u64(..longest))).await;
}
