//! A writer and its ways to Redis and to the database, which stop it at its point.

use std::time::Duration;

use cachekit_tests::proxy::{Proxy, Sent};
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::plan::{Death, Plan};
use crate::point::Point;
use crate::postgres::Link;
use crate::row;
use crate::world::World;
use crate::writer::{Writer, application};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// The longest time until Redis has the mark of a body that has begun. A cache without marks sends
/// none.
const MARK: Duration = Duration::from_millis(250);

/// A writer and its connections.
pub(super) struct Scene<'a> {
    plan: &'a Plan,
    writer: Writer,
    link: Link,
    redis: Option<Proxy>,
}

impl<'a> Scene<'a> {
    /// Starts a writer that has not called the function yet.
    pub(super) fn set(world: &World, plan: &'a Plan) -> Self {
        let redis = Proxy::to(world.redis.addr());
        if plan.death == Death::Host {
            redis.outlive_clients();
        }
        let link = Link::open(world.postgres.folder(), plan.is_single, plan.death);
        if plan.point != Point::CommitSent {
            link.commit.open_for_all();
        }
        if !matches!(plan.point, Point::Committed | Point::RemovalSent) {
            link.answer.open_for_all();
        }
        let broken = world.order.broken.map(|guard| guard.name);
        let start = || Writer::start(plan, &redis.url(), link.folder(), broken);
        Self {
            writer: block_in_place(start),
            plan,
            link,
            redis: Some(redis),
        }
    }

    /// Lets the writer write, and waits until it is at its point.
    pub(super) async fn reach(&mut self, world: &World) -> Result<(), String> {
        self.writer.says("ready").await?;
        if self.plan.point == Point::BeforeMark {
            return Ok(());
        }
        self.writer.go();
        match self.plan.point {
            Point::BeforeMark => {}
            Point::MarkSent => {
                self.writer.says("reached").await?;
                self.marked().await;
            }
            Point::InBody | Point::Answered => self.writer.says("reached").await?,
            Point::CommitSent => self.link.commit.arrived().await,
            Point::CommitHeld => self.database_is_busy(world).await?,
            Point::Committed => self.link.answer.arrived().await,
            Point::RemovalSent => {
                self.link.answer.arrived().await;
                hold_removal(self.redis(), self.plan);
                self.link.answer.open_for_all();
                while self.redis().holding() == 0 {
                    sleep(PAUSE).await;
                }
            }
        }
        Ok(())
    }

    /// Kills the writer.
    pub(super) fn kill(&mut self) {
        block_in_place(|| self.writer.kill());
    }

    /// Lets everything arrive that the writer sent before its death.
    pub(super) async fn let_arrive(&self) {
        sleep(self.plan.arrives_after).await;
        self.link.commit.open_for_all();
        self.link.answer.open_for_all();
        self.redis().release();
    }

    /// Ends the connections.
    pub(super) async fn end(mut self) {
        let redis = self.redis.take();
        // It waits for its thread.
        let ended = tokio::task::spawn_blocking(move || drop(redis)).await;
        ended.expect("the proxy ends");
    }

    /// Waits until Redis has the mark.
    async fn marked(&self) {
        let key = row::key(self.plan.row);
        let is_mark = |sent: &Sent| sent.mentions(":intents") && sent.mentions(&key);
        let has_mark = async {
            while !self.redis().log().iter().any(is_mark) {
                sleep(PAUSE).await;
            }
        };
        // Without one, the run shows what that means.
        let _ = tokio::time::timeout(MARK, has_mark).await;
    }

    /// Waits until the database is in the trigger of the commit.
    async fn database_is_busy(&self, world: &World) -> Result<(), String> {
        let question = format!(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = '{}' AND wait_event = 'PgSleep'",
            application(self.plan.row)
        );
        loop {
            let found = world.observer.query(&question, &[]).await;
            if !found.map_err(|error| error.to_string())?.is_empty() {
                return Ok(());
            }
            sleep(PAUSE).await;
        }
    }

    fn redis(&self) -> &Proxy {
        self.redis.as_ref().expect("it is there until the end")
    }
}

/// Holds back the removal of the row's entry, or its new value, which are the next that the writer
/// says of it. Of what travels with it, only so many commands get
/// through as `plan` says, as when a host dies between two packets.
fn hold_removal(redis: &Proxy, plan: &Plan) {
    let key = row::key(plan.row);
    let is_removal = move |sent: &Sent| {
        matches!(sent.name().as_str(), "UNLINK" | "EVALSHA") && sent.mentions(&key)
    };
    redis.hold_if(is_removal.clone());
    let Some(most) = plan.cut else { return };
    let (mut connection, mut passed) = (None, 0);
    redis.lose_if(move |sent| {
        if is_removal(sent) {
            connection.get_or_insert(sent.connection);
        }
        let is_behind = connection == Some(sent.connection);
        passed += usize::from(is_behind);
        is_behind && passed > most
    });
}
