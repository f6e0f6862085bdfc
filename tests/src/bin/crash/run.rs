//! The runs: a row, its readers, its writer and the writer's death.

mod scene;

use std::sync::Arc;
use std::time::Duration;

use cachekit_tests::clock;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::scene::Scene;
use crate::args::Order;
use crate::judge::{Judged, LIMIT_OF_HOST, LIMIT_OF_PROCESS, Run};
use crate::plan::{self, Death, Plan};
use crate::postgres::Postgres;
use crate::reader::Readers;
use crate::row::{NEW, OLD, read_row};
use crate::world::World;

/// The time for which a row is read after the promised time is over.
const WATCH: Duration = Duration::from_millis(500);

/// The longest time that a writer takes to its point, and the database to its commit.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes all runs of `order`, and then looks at every row once more.
pub(crate) async fn all(order: &Order, postgres: Postgres) -> Judged {
    let plans = plan::draw(order.processes, order.hosts, order.only, order.seed);
    let world = Arc::new(World::start(order, postgres, &plans).await);
    let at_once = Arc::new(Semaphore::new(order.at_once));
    let mut running = JoinSet::new();
    for plan in plans {
        let permit = Arc::clone(&at_once).acquire_owned().await;
        let world = Arc::clone(&world);
        running.spawn(async move {
            let _permit = permit;
            let made = one(&world, &plan).await;
            (plan, made)
        });
    }
    let mut judged = Judged::new(order.broken.map(|guard| guard.name));
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok((_, Ok(run))) => judged.runs.push(run),
            Ok((plan, Err(failed))) => judged.failed(&plan, &failed),
            Err(error) => judged.failures.push(error.to_string()),
        }
    }
    if let Err(failed) = look_again(&world, &mut judged).await {
        judged.failures.push(failed);
    }
    judged.stats = world.nodes.iter().map(|node| node.cache.stats()).collect();
    judged
}

/// Makes one run.
async fn one(world: &World, plan: &Plan) -> Result<Run, String> {
    let readers = Readers::begin(&world.nodes, plan.row).await?;
    let mut scene = Scene::set(world, plan);
    let reached = timeout(PATIENCE, scene.reach(world)).await;
    reached.map_err(|_| "the point is not reached")??;
    sleep(plan.die_after).await;
    scene.kill();
    let death = clock::now();
    scene.let_arrive().await;
    let visible = timeout(PATIENCE, visible(world, plan)).await;
    let since = death.max(visible.map_err(|_| "the database does not commit")??);
    let watched = clock::nanos(limit(plan.death) + WATCH);
    sleep(Duration::from_nanos(
        (since + watched).saturating_sub(clock::now()),
    ))
    .await;
    let latest_old = readers.end().await?;
    scene.end().await;
    // An old value that is the right one is none.
    let late = latest_old
        .checked_sub(since)
        .filter(|_| plan.point.commits());
    Ok(Run {
        plan: plan.clone(),
        late: late.map(Duration::from_nanos),
        is_old_at_end: false,
    })
}

/// Returns the time from which an old value is a violation.
fn limit(death: Death) -> Duration {
    match death {
        Death::Process => LIMIT_OF_PROCESS,
        Death::Host => LIMIT_OF_HOST,
    }
}

/// Waits until the database has the write, and returns when that was; without a commit, at once.
async fn visible(world: &World, plan: &Plan) -> Result<u64, String> {
    while plan.point.commits() && world.version(plan.row).await? != NEW {
        sleep(Duration::from_millis(2)).await;
    }
    Ok(clock::now())
}

/// Compares all rows of the database with what the runs promise, and with what the nodes and a new
/// node serve.
async fn look_again(world: &World, judged: &mut Judged) -> Result<(), String> {
    let mut nodes = world.nodes.clone();
    nodes.push(Arc::new(world.node().await));
    for run in &mut judged.runs {
        let expected = if run.plan.point.commits() { NEW } else { OLD };
        let version = world.version(run.plan.row).await?;
        if version != expected {
            let name = run.plan.point.name();
            return Err(format!(
                "{name}: the row has version {version}: it proves nothing"
            ));
        }
        for node in &nodes {
            let served = read_row(node, run.plan.row).await?;
            run.is_old_at_end |= served != expected;
        }
    }
    Ok(())
}
