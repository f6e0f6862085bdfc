//! Runs a row from its start to its verdict.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use cachekit_tests::clock::{self, nanos};
use cachekit_tests::proxy::Proxy;
use tokio::runtime::{Builder, Runtime};

use crate::judge::{self, Case, Found};
use crate::load::{self, Load};
use crate::outcome::Outcome;
use crate::rows::Row;
use crate::settings::{AFTER, ALLOWANCE, BEFORE, BUS_TIMEOUT, RECOVERY, Removed};
use crate::starved::THREADS;
use crate::truth::ROWS;
use crate::watch::{Sight, Watch};
use crate::world::{Server, World};

/// A start waits so long for a Redis that is away.
const START: Duration = Duration::from_secs(1);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Runs `row`.
pub(crate) fn run(row: &Row, broken: Option<Removed>) -> Outcome {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name(THREADS)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let server = Server::start(row);
    if let Err(problem) = (row.prepare)(&server) {
        return Outcome::impossible(row.clone(), problem);
    }
    let start = Instant::now();
    let world = runtime.block_on(World::start(server, row, broken));
    let start = start.elapsed() / u32::try_from(world.nodes.len()).unwrap_or(1);
    let watch = Watch::begin(&world);
    let load = {
        let _entered = runtime.enter();
        Load::begin(&world)
    };
    thread::sleep(BEFORE);
    let began = clock::now();
    let evidence = (row.inflict)(&world.server);
    let ended = clock::now();
    world.server.networks(Proxy::heal);
    wait_until_back(row, &watch, ended);
    thread::sleep(AFTER);
    world.calm();
    // Until what the others' memory may still have is over.
    thread::sleep(BUS_TIMEOUT + ALLOWANCE * 2);
    runtime.block_on(load.end(&world));
    let found = runtime.block_on(look(&world, row));
    let sight = watch.end();
    let mut outcome = judge::judge(&Case {
        row,
        world: &world,
        sight: &sight,
        span: (began, ended),
        found,
    });
    match evidence {
        Ok(evidence) => outcome.evidence = evidence,
        Err(problem) => outcome
            .problems
            .push(format!("the fault did not take place: {problem}")),
    }
    if start > START + ALLOWANCE {
        outcome.problems.push(format!("a start took {start:?}"));
    }
    end(runtime, world);
    outcome
}

/// Until every node uses Redis, or should long have.
fn wait_until_back(row: &Row, watch: &Watch, ended: u64) {
    let deadline = ended + nanos(RECOVERY * 2);
    while row.comes_back && clock::now() < deadline && back(&watch.sight(), ended).is_none() {
        thread::sleep(PAUSE);
    }
}

/// When every node used Redis again, and heard messages.
pub(crate) fn back(sight: &Sight, ended: u64) -> Option<u64> {
    let times = sight
        .nodes
        .iter()
        .flat_map(|node| [node.in_use(ended), node.heard_after(ended)]);
    times.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// What every node gets when all is over, and one that knows only what is in Redis.
async fn look(world: &Arc<World>, row: &Row) -> Found {
    let mut found = Found::default();
    let mut readers = world.nodes.clone();
    if row.comes_back {
        let newcomer = Box::pin(world.newcomer(row)).await;
        readers.insert(0, newcomer.clone());
    }
    for (node, cache) in readers.iter().enumerate() {
        for number in 0..ROWS {
            let value = load::look(world, cache, number).await;
            let newest = if row.comes_back {
                world.truth.version(number)
            } else {
                // What another node wrote it could not be told.
                world.record.newest(node, number)
            };
            if value.version < newest || !value.is_of(number) {
                found.lost.push((number, value.version, newest));
            }
        }
    }
    if row.comes_back {
        found.from_redis = Some(readers[0].stats().redis_hits);
    }
    found
}

/// Ends what is left of a row.
fn end(runtime: Runtime, world: Arc<World>) {
    drop(world);
    // A resolver that does not answer is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(200));
}
