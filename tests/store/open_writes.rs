//! The marks of writes whose process lives: when they come and go.

use std::sync::OnceLock;
use std::time::Duration;

use cachekit::testing::{FakeStore, Op, Trouble, scope};
use cachekit::{Cache, cached, deferred, invalidates, write_through};
use cachekit_tests::{Gate, poll_once, settle};

use crate::world::{node, settings, sleep};

#[cached(key = "open:{id}", name = "open_row", ttl = "1h")]
async fn row(id: u64) -> u64 {
    id
}

type Answer = Result<Option<u64>, String>;

/// A body that counts the marks while it runs.
async fn body(store: &FakeStore, answer: Answer) -> (usize, Answer) {
    settle().await;
    (store.marks(), answer)
}

macro_rules! writers {
    ($($name:ident($($options:tt)*);)*) => {$(
        #[invalidates($($options)*)]
        async fn $name(store: &FakeStore, seen: &mut usize, answer: Answer) -> Answer {
            let (marks, answer) = body(store, answer).await;
            *seen = marks;
            answer
        }
    )*};
}

writers! {
    by_key(row(1));
    by_tag(tags = ["open:1"]);
    always(row(1), on = always);
    before(row(1), on = before);
    softly(row(1), soft);
    with_ack(row(1), ack);
    never_if(row(1), if = false);
    if_value(row(1), if = *ret > 1);
    of_value(row(*ret));
    without(row(1), intent = false);
    expressed(row(1), intent = Duration::from_secs(7));
}

async fn run(cache: &Cache, write: impl Future<Output = Answer>) -> Answer {
    let answer = scope(cache.clone(), write).await;
    settle().await;
    answer
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_write_has_a_mark_while_its_body_runs() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    let ends: [Answer; 3] = [Ok(Some(1)), Ok(None), Err("no".to_owned())];
    macro_rules! check {
        ($($write:ident: $marks:expr;)*) => {
            for end in &ends {
                $(
                    let mut seen = 9;
                    let answer = run(&cache, $write(&store, &mut seen, end.clone())).await;
                    assert_eq!(answer, *end);
                    assert_eq!(seen, $marks, "{} {end:?}", stringify!($write));
                    assert_eq!(store.marks(), 0, "{} {end:?}", stringify!($write));
                )*
            }
        };
    }
    check! {
        by_key: 1;
        by_tag: 1;
        always: 1;
        before: 1;
        softly: 1;
        with_ack: 1;
        never_if: 0;
        if_value: 1;
        of_value: 0;
        without: 0;
        expressed: 1;
    }
    assert_eq!(cache.stats().redis.unmarked, 0);
}

#[tokio::test(start_paused = true)]
async fn a_cache_without_intents_marks_nothing_and_sweeps_nothing() {
    let store = FakeStore::new();
    let cache = settings(&store).intents(false).build().await.unwrap();
    let mut seen = 9;
    for _ in 0..2 {
        let write = expressed(&store, &mut seen, Ok(None));
        run(&cache, write).await.unwrap();
        assert_eq!(seen, 0);
    }
    store.always(Op::Sweep, Trouble::Rejected("NOPERM"));
    sleep(1_000).await;
    assert_eq!(cache.stats().redis.unmarked, 0);
    assert!(cache.stats().redis.is_up);
}

/// A node that may not sweep uses the store all the same. After another error, it sweeps first.
#[tokio::test(start_paused = true)]
async fn only_a_missing_right_takes_the_place_of_the_first_sweep() {
    for (code, is_used) in [("NOPERM", true), ("ERR", false)] {
        let store = FakeStore::new();
        store.always(Op::Sweep, Trouble::Rejected(code));
        let cache = settings(&store).build().await.unwrap();
        sleep(2_000).await;
        let asks = async || {
            store.take_log();
            assert_eq!(cache.get::<u64>("open:1").await, None);
            store.count(Op::Read) > 0
        };
        assert_eq!(asks().await, is_used, "{code}");
        store.heal();
        sleep(11_000).await;
        assert!(asks().await, "{code}");
    }
}

#[invalidates(row(id))]
fn at_once(store: &FakeStore, id: u64) -> usize {
    store.marks()
}

#[write_through(row(id), value = id)]
fn replaced_at_once(store: &FakeStore, id: u64) -> usize {
    store.marks()
}

#[tokio::test(start_paused = true)]
async fn synchronous_writes_are_marked_too() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    let marks = scope(cache.clone(), async {
        [at_once(&store, 1), replaced_at_once(&store, 1)]
    });
    assert_eq!(marks.await, [1, 2]);
    settle().await;
    sleep(100).await;
    assert_eq!(store.marks(), 0);
}

static CACHE: OnceLock<Cache> = OnceLock::new();

/// Waits for its own mark.
#[invalidates(key = "open:{id}", cache = CACHE.get().expect("set by the test"))]
fn marked_on_a_thread(store: &FakeStore, id: u64) -> bool {
    for _ in 0..2_000 {
        if store.marks() == 1 {
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_without_a_runtime_marks_in_the_background() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    CACHE.get_or_init(|| cache.clone());

    let seen = store.clone();
    assert!(
        std::thread::spawn(move || marked_on_a_thread(&seen, 1))
            .join()
            .unwrap()
    );
    cachekit_tests::until("the mark is gone", || store.marks() == 0).await;
}

#[write_through(row(id), value = id)]
async fn replaced(gate: &Gate, id: u64) -> Result<(), String> {
    gate.pass().await;
    if id == 9 {
        Err("nine".to_owned())
    } else {
        Ok(())
    }
}

#[write_through(row(id), value = id, intent = false)]
async fn replaced_without(store: &FakeStore, id: u64) -> usize {
    settle().await;
    store.marks()
}

#[tokio::test(start_paused = true)]
async fn a_write_that_stores_ends_its_mark_with_the_value() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    for id in [1, 9] {
        let gate = Gate::new();
        let mut writing = Box::pin(scope(cache.clone(), replaced(&gate, id)));
        while gate.waiting() == 0 {
            assert!(poll_once(writing.as_mut()).is_pending());
            settle().await;
        }
        assert_eq!(store.marks(), 1);
        gate.open();
        // No further command for the mark of a stored value.
        store.always(Op::Unmark, Trouble::Lost);
        assert_eq!(writing.await.is_err(), id == 9);
        settle().await;
        assert_eq!(store.marks(), usize::from(id == 9));
        store.heal();
    }
    sleep(70_000).await;
    assert_eq!(store.marks(), 0, "that of the failed write ran out");
    assert_eq!(scope(cache, replaced_without(&store, 1)).await, 0);
}

#[tokio::test(start_paused = true)]
async fn inside_deferred_it_stands_until_the_scope_ends() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    for end in [Ok(()), Err(())] {
        let mut seen = 0;
        let scoped = async {
            by_key(&store, &mut seen, Ok(None)).await.unwrap();
            by_tag(&store, &mut seen, Ok(None)).await.unwrap();
            assert_eq!(store.marks(), 2, "of both");
            // Renewed for as long as the transaction takes.
            sleep(20_000).await;
            assert_eq!(store.marks(), 2);
            end
        };
        assert_eq!(scope(cache.clone(), deferred(scoped)).await, end);
        settle().await;
        assert_eq!(store.marks(), 0);
    }
    assert_eq!(cache.stats().redis.swept, 0);
}

/// The names go to the outbox, and the mark goes after they were accepted.
#[tokio::test(start_paused = true)]
async fn a_write_that_is_dropped_or_not_accepted_keeps_its_mark_until_it_is() {
    for is_dropped in [false, true] {
        let store = FakeStore::new();
        let cache = node(&store).await;
        let gate = Gate::new();
        #[invalidates(row(1), tags = ["open"])]
        async fn write(gate: &Gate) {
            gate.pass().await;
        }
        let mut writing = Box::pin(scope(cache.clone(), write(&gate)));
        while gate.waiting() == 0 {
            assert!(poll_once(writing.as_mut()).is_pending());
            settle().await;
        }
        store.always(Op::Invalidate, Trouble::Lost);
        if is_dropped {
            drop(writing);
        } else {
            gate.open();
            writing.await;
        }
        settle().await;
        assert!(cache.stats().redis.queued_invalidations > 0);
        assert_eq!(store.marks(), 1);
        store.heal();
        sleep(2_000).await;
        assert_eq!(cache.stats().redis.queued_invalidations, 0);
        assert_eq!(store.marks(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_without_a_mark_is_counted_and_works() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    let mut seen = 0;
    store.away(true);
    run(&cache, by_key(&store, &mut seen, Ok(None)))
        .await
        .unwrap();
    assert_eq!(cache.stats().redis.unmarked, 1);
    store.away(false);
    sleep(2_000).await;
    store.always(Op::Mark, Trouble::Rejected("OOM"));
    run(&cache, by_key(&store, &mut seen, Ok(None)))
        .await
        .unwrap();
    assert_eq!((seen, cache.stats().redis.unmarked), (0, 2));
    assert_eq!(cache.stats().redis.queued_invalidations, 0);
}

#[invalidates(row(1))]
async fn at_last() {}

/// A store that hangs is waited for once: the answers to the mark and to the removal share a time.
#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_delays_a_write_by_one_timeout() {
    let store = FakeStore::new();
    let cache = node(&store).await;
    let hangs = Trouble::Late(Duration::from_secs(3_600));
    store.always(Op::Mark, hangs);
    store.always(Op::Invalidate, hangs);
    let began = tokio::time::Instant::now();
    scope(cache, at_last()).await;
    assert!(
        began.elapsed() <= Duration::from_millis(101),
        "{:?}",
        began.elapsed()
    );
}
