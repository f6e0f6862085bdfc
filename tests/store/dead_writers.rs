//! Writers that die: another node carries out the marks of their writes.

use std::pin::Pin;
use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble, scope};
use cachekit::{Cache, CacheBuilder, cached, invalidates, write_through};
use cachekit_tests::{Gate, Source, poll_once, settle};

use crate::world::{settings, sleep};

#[cached(key = "dead:{id}", name = "dead_row", ttl = "1h", tags = ["dead"], skip(source))]
async fn row(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[invalidates(row(_, id))]
async fn write(body: &Gate, id: u64) -> Result<(), String> {
    body.pass().await;
    Ok(())
}

#[invalidates(row(_, 1), intent = "10s")]
async fn write_patiently(body: &Gate) {
    body.pass().await;
}

#[write_through(row(_, id))]
async fn replace(body: &Gate, id: u64, value: u64) -> u64 {
    body.pass().await;
    value
}

type Writing<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Nodes over one store, each of which has the row as it was before a write.
struct World {
    store: FakeStore,
    nodes: Vec<Cache>,
    source: Source,
    body: Gate,
}

impl World {
    /// The fault is of all nodes; the nodes have the numbers 0 and 1.
    async fn new(fault: Option<Fault>) -> Self {
        let mut world = Self {
            store: FakeStore::new(),
            nodes: vec![],
            source: Source::default(),
            body: Gate::new(),
        };
        world.source.write(1);
        world.source.gate.open_for_all();
        for _ in 0..2 {
            world.start(|it| it, fault).await;
        }
        for node in 0..2 {
            assert_eq!(world.read(node).await, 1);
        }
        settle().await;
        world
    }

    /// Starts one more node.
    async fn start(
        &mut self,
        set: impl FnOnce(CacheBuilder) -> CacheBuilder,
        fault: Option<Fault>,
    ) {
        let mut builder = set(settings(&self.store));
        if let Some(fault) = fault {
            builder = builder.__seed(fault);
        }
        let node = builder.build().await.expect("a valid set-up");
        self.nodes.push(node);
    }

    async fn read(&self, node: usize) -> u64 {
        let read = scope(self.nodes[node].clone(), row(&self.source, 1)).await;
        settle().await;
        read
    }

    /// Begins a write on the node 0, and runs it until its body waits.
    async fn begin<'a, T>(&self, write: impl Future<Output = T> + Send + 'a) -> Writing<'a>
    where
        T: Send,
    {
        let scoped = scope(self.nodes[0].clone(), write);
        let mut writing: Writing<'a> = Box::pin(async move {
            scoped.await;
        });
        while self.body.waiting() == 0 {
            assert!(poll_once(writing.as_mut()).is_pending());
            settle().await;
        }
        self.body.arrived().await;
        writing
    }

    /// Lets the body of a write end, and the write.
    async fn end(&self, writing: Writing<'_>) {
        self.body.open();
        writing.await;
        settle().await;
    }
}

/// W1: it dies after its commit, before its invalidation. What another node serves half a second
/// later.
async fn after_its_commit(fault: Option<Fault>) -> (u64, Cache) {
    let world = World::new(fault).await;
    let body = world.body.clone();
    let _writing = world.begin(write(&body, 1)).await;
    world.source.write(2);
    world.store.kill(0);
    assert_eq!(world.read(1).await, 1, "so soon it knows nothing");
    sleep(500).await;
    (world.read(1).await, world.nodes[1].clone())
}

#[tokio::test(start_paused = true)]
async fn g12_w1_who_dies_after_the_commit_is_finished_by_another() {
    let (read, node) = after_its_commit(None).await;
    assert_eq!(read, 2);
    let redis = node.stats().redis;
    assert_eq!(redis.swept, 1);
    assert!((1..=3).contains(&redis.sweep_rounds), "{redis:?}");
    assert_eq!(after_its_commit(Some(Fault::NoIntent)).await.0, 1);
}

/// The names of another process's write do not keep a process that sweeps from the store.
#[tokio::test(start_paused = true)]
async fn g12_a_round_that_failed_blocks_nobody_and_the_next_one_is_carried_out() {
    let world = World::new(None).await;
    let body = world.body.clone();
    let _writing = world.begin(write(&body, 1)).await;
    world.source.write(2);
    world.store.always(Op::Invalidate, Trouble::Unavailable);
    world.store.kill(0);
    sleep(500).await;
    let redis = world.nodes[1].stats().redis;
    assert_eq!((redis.swept, redis.queued_invalidations), (0, 0));
    world.store.heal();
    sleep(500).await;
    assert!(world.nodes[1].stats().redis.sweep_rounds > 0);
    assert_eq!(world.read(1).await, 2);
}

/// The host loses its power, and the server does not notice that the connection is dead: the time of
/// the mark decides.
#[tokio::test(start_paused = true)]
async fn g12_a_lost_host_is_finished_when_the_intent_is_over() {
    for (is_patient, intent) in [(false, 3_000), (true, 10_000)] {
        let world = World::new(None).await;
        let body = world.body.clone();
        let _writing = if is_patient {
            world.begin(write_patiently(&body)).await
        } else {
            world.begin(write(&body, 1)).await
        };
        world.source.write(2);
        world.store.lose_host(0);
        sleep(intent - 300).await;
        assert_eq!(world.read(1).await, 1, "{intent}");
        sleep(800).await;
        assert_eq!(world.read(1).await, 2, "{intent}");
    }
}

/// W2: it dies while the commit is on its way; another node stores the old row after the first
/// sweep; the commit is decided `late` later.
async fn with_a_late_commit(late: u64, fault: Option<Fault>) -> u64 {
    let world = World::new(fault).await;
    let body = world.body.clone();
    let _writing = world.begin(write(&body, 1)).await;
    world.store.kill(0);
    sleep(late).await;
    assert_eq!(world.read(1).await, 1, "it is not committed");
    world.source.write(2);
    // As long again, and a beat.
    sleep(late.max(300) + 300).await;
    world.read(1).await
}

#[tokio::test(start_paused = true)]
async fn g12_w2_a_commit_that_is_decided_later_is_found() {
    for late in [300, 1_000, 2_900, 5_000, 20_000, 59_000] {
        assert_eq!(with_a_late_commit(late, None).await, 2, "{late}");
    }
    assert_eq!(with_a_late_commit(300, Some(Fault::SweepOnce)).await, 1);
}

#[tokio::test(start_paused = true)]
async fn the_mark_goes_with_its_last_round() {
    let world = World::new(None).await;
    let body = world.body.clone();
    let _writing = world.begin(write(&body, 1)).await;
    world.store.kill(0);
    sleep(63_000).await;
    assert_eq!(world.store.marks(), 1);
    sleep(3_000).await;
    assert_eq!(world.store.marks(), 0);
    let redis = world.nodes[1].stats().redis;
    assert_eq!((redis.swept, redis.sweep_rounds), (1, 17));
}

/// W3: of two writes of one name, one ends and the other dies.
async fn one_of_two_ends(fault: Option<Fault>) -> u64 {
    let world = World::new(fault).await;
    let body = world.body.clone();
    let first = world.begin(write(&body, 1)).await;
    let _second = world.begin(write(&body, 1)).await;
    world.end(first).await;
    assert_eq!(world.read(1).await, 1, "stored again");
    world.source.write(2);
    world.store.kill(0);
    sleep(500).await;
    world.read(1).await
}

#[tokio::test(start_paused = true)]
async fn g12_w3_each_write_has_a_mark_of_its_own() {
    assert_eq!(one_of_two_ends(None).await, 2);
    assert_eq!(one_of_two_ends(Some(Fault::OneMarkPerName)).await, 1);
}

/// W4, W6: the mark comes back, or stays, when all is done. It costs misses, and goes.
#[tokio::test(start_paused = true)]
async fn w6_a_mark_that_arrives_after_everything_costs_misses() {
    let world = World::new(None).await;
    let body = world.body.clone();
    world.store.once(Op::Mark, Trouble::Held);
    let writing = world.begin(write(&body, 1)).await;
    world.end(writing).await;
    assert_eq!(world.read(1).await, 1);
    assert_eq!(world.store.release(), 1);
    assert_eq!(world.store.marks(), 1);
    let runs = world.source.runs();
    sleep(2_800).await;
    assert_eq!((world.read(1).await, world.source.runs()), (1, runs));
    sleep(700).await;
    assert_eq!((world.read(1).await, world.source.runs()), (1, runs + 1));
    sleep(65_000).await;
    assert_eq!(world.store.marks(), 0);
}

/// W7: the node that sweeps dies before it has removed anything.
#[tokio::test(start_paused = true)]
async fn w7_who_sweeps_may_die_too() {
    for round in ["first", "last"] {
        let mut world = World::new(None).await;
        world.start(|it| it, None).await;
        let body = world.body.clone();
        let writing = world.begin(write(&body, 1)).await;
        world.store.kill(0);
        if round == "last" {
            sleep(63_000).await;
        }
        world.source.write(2);
        world.store.once(Op::Invalidate, Trouble::Lost);
        sleep(if round == "last" { 65_000 } else { 800 }).await;
        for node in [1, 2] {
            assert_eq!(world.read(node).await, 2, "{round}");
        }
        sleep(66_000).await;
        assert_eq!(world.store.marks(), 0, "{round}");
        drop(writing);
    }
}

/// W8: the subscription of a node is lost, and the node lives and writes.
#[tokio::test(start_paused = true)]
async fn w8_a_node_that_is_deaf_is_not_disturbed() {
    let world = World::new(None).await;
    let body = world.body.clone();
    let writing = world.begin(write(&body, 1)).await;
    world.store.cut(0);
    sleep(10_000).await;
    assert_eq!(world.read(1).await, 1);
    assert_eq!(world.store.marks(), 1, "it stays until the write ends");
    world.source.write(2);
    world.end(writing).await;
    assert_eq!((world.read(1).await, world.store.marks()), (2, 0));
}

/// W9: all nodes die, and one starts after ten minutes. The first sweep takes `millis`.
async fn after_all_died(fault: Option<Fault>, millis: u64) -> u64 {
    let mut world = World::new(None).await;
    let body = world.body.clone();
    let writing = world.begin(write(&body, 1)).await;
    world.source.write(2);
    world.store.kill(0);
    world.store.kill(1);
    drop(writing);
    sleep(600_000).await;
    let slow = Trouble::Slow(Duration::from_millis(millis));
    world.store.once(Op::Sweep, slow);
    world.start(|it| it, fault).await;
    world.read(2).await
}

#[tokio::test(start_paused = true)]
async fn g12_w9_who_starts_sweeps_before_it_uses_the_store() {
    for millis in [10, 500, 5_000] {
        assert_eq!(after_all_died(None, millis).await, 2, "{millis}");
    }
    assert_eq!(after_all_died(Some(Fault::SweepLate), 500).await, 1);
}

/// The store comes back after the node was built without it.
#[tokio::test(start_paused = true)]
async fn w9_who_finds_the_store_later_sweeps_first_too() {
    let mut world = World::new(None).await;
    let body = world.body.clone();
    let _writing = world.begin(write(&body, 1)).await;
    world.source.write(2);
    world.store.kill(0);
    world.store.kill(1);
    world.store.away(true);
    world.start(|it| it, None).await;
    world.store.away(false);
    assert_eq!(world.read(2).await, 2);
    sleep(10).await;
    assert!(world.nodes[2].stats().redis.is_up);
    assert_eq!(world.nodes[2].stats().redis.swept, 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_takes_long_is_left_alone() {
    let world = World::new(None).await;
    let body = world.body.clone();
    let writing = world.begin(write(&body, 1)).await;
    sleep(60_000).await;
    assert_eq!(world.nodes[1].stats().redis.swept, 0);
    assert_eq!(world.store.marks(), 1);
    world.source.write(2);
    world.end(writing).await;
    assert_eq!((world.read(1).await, world.store.marks()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn g12_who_dies_in_write_through_is_finished_by_another() {
    let world = World::new(None).await;
    let body = world.body.clone();
    let _writing = world.begin(replace(&body, 1, 2)).await;
    world.source.write(2);
    // A call shares the token of the write and stores the old row.
    world.store.kill(0);
    sleep(500).await;
    assert_eq!(world.read(1).await, 2);
}

/// The store does not accept the removal, and the process dies with its outbox.
#[tokio::test(start_paused = true)]
async fn g12_what_waits_in_the_outbox_of_the_dead_is_finished() {
    let world = World::new(None).await;
    let body = world.body.clone();
    let writing = world.begin(write(&body, 1)).await;
    world.source.write(2);
    world.store.always(Op::Invalidate, Trouble::Lost);
    world.end(writing).await;
    assert!(world.nodes[0].stats().redis.queued_invalidations > 0);
    assert_eq!(world.read(1).await, 1);
    world.store.kill(0);
    world.store.heal();
    sleep(500).await;
    assert_eq!(world.read(1).await, 2);
}

/// The value of a write is refused. Its mark goes only with the removal of what is there.
#[tokio::test(start_paused = true)]
async fn g12_a_refused_write_keeps_its_mark_until_the_removal() {
    let world = World::new(None).await;
    let body = world.body.clone();
    let writing = world.begin(replace(&body, 1, 2)).await;
    // A write on another node takes a token of its own.
    world.nodes[1]
        .put("dead:1", 7_u64, &cachekit::Policy::new())
        .await;
    world.store.always(Op::Invalidate, Trouble::Lost);
    world.source.write(2);
    world.end(writing).await;
    assert_eq!(world.store.marks(), 1, "nothing was removed");
    world.store.kill(0);
    world.store.heal();
    sleep(500).await;
    assert_eq!(world.read(1).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_stored_write_and_a_refused_one_leave_no_mark() {
    let world = World::new(None).await;
    let body = world.body.clone();
    let writing = world.begin(replace(&body, 1, 2)).await;
    assert_eq!(world.store.marks(), 1);
    world.end(writing).await;
    assert_eq!((world.read(1).await, world.store.marks()), (2, 0));
    let writing = world.begin(replace(&body, 1, 3)).await;
    world.nodes[1].invalidate("dead:1").await;
    world.end(writing).await;
    assert_eq!(world.store.marks(), 0);
}
