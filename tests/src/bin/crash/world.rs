//! The servers and the nodes.

use std::sync::Arc;

use cachekit_tests::redis::Redis;
use tokio_postgres::Client;

use crate::args::Order;
use crate::broken;
use crate::plan::Plan;
use crate::point::Point;
use crate::postgres::{self, Postgres};
use crate::row::{self, Failed, Node};

/// The nodes that read.
const NODES: usize = 2;

/// Everything that the runs share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) nodes: Vec<Arc<Node>>,
    /// A connection to look at the database.
    pub(crate) observer: Client,
    pub(crate) redis: Redis,
    pub(crate) postgres: Postgres,
    pub(crate) order: Order,
}

impl World {
    /// Starts the nodes, and makes the rows of `plans`.
    pub(crate) async fn start(order: &Order, postgres: Postgres, plans: &[Plan]) -> Self {
        let observer = postgres::connect(postgres.folder(), "observer").await;
        let observer = observer.expect("the database takes connections");
        let made = observer.batch_execute(row::TABLES).await;
        made.expect("the tables are new");
        let rows = observer.batch_execute(&rows(plans)).await;
        rows.expect("the rows are new");
        let mut world = Self {
            nodes: Vec::new(),
            observer,
            redis: Redis::start(),
            postgres,
            order: order.clone(),
        };
        for _ in 0..NODES {
            world.nodes.push(Arc::new(world.node().await));
        }
        world
    }

    /// Starts a node that has nothing in memory.
    pub(crate) async fn node(&self) -> Node {
        let cache = broken::remove(row::settings(&self.redis.url()), self.order.broken);
        let database = postgres::connect(self.postgres.folder(), "reader").await;
        Node {
            cache: cache.build().await.expect("a valid set-up"),
            database: database.expect("the database takes connections"),
        }
    }

    /// Asks the database for the version of a row.
    pub(crate) async fn version(&self, row: u64) -> Result<i64, Failed> {
        row::version(&self.observer, row).await
    }
}

fn rows(plans: &[Plan]) -> String {
    let row = |plan: &Plan| format!("({}, {})", plan.row, plan.point == Point::CommitHeld);
    let rows: Vec<_> = plans.iter().map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("INSERT INTO rows (id, held) VALUES {}", rows.join(", "))
}
