//! The queues of write-behind functions.

use super::*;
use crate::model::queue_spec::QueueKind;
use crate::store::write_queue::{
    Claim, ClaimRequest, Claimed, Enqueued, Failed, Finish, NewWrite, Payload, QueueState, Retry,
    Written,
};

const QUEUE: &str = "shop::save_cart";
const NEWEST: QueueKind = QueueKind::Newest;
const EACH: QueueKind = QueueKind::Each;

/// The writes of one claimed key, as texts, with the numbers of failed attempts and of lost claims.
type Seen = (String, [u32; 2], Vec<String>);

fn claim_of(kind: QueueKind, id: &'static str) -> Claim<'static> {
    Claim {
        queue: QUEUE,
        kind,
        id,
    }
}

fn text(payload: &Payload) -> String {
    match payload {
        Payload::Encoded(bytes) => String::from_utf8(bytes.clone()).unwrap(),
        Payload::Shared(_) => panic!("a payload of another cache"),
    }
}

fn seen(claimed: &Claimed) -> Vec<Seen> {
    let keys = claimed.keys.iter().map(|key| {
        let texts = key.items.iter().map(|item| text(&item.payload));
        let name = String::from_utf8(key.key.clone()).unwrap();
        (name, [key.attempts, key.lost], texts.collect())
    });
    let mut keys: Vec<Seen> = keys.collect();
    keys.sort();
    keys
}

fn key(name: &str, attempts: u32, writes: &[&str]) -> Seen {
    tried(name, [attempts, 0], writes)
}

fn tried(name: &str, numbers: [u32; 2], writes: &[&str]) -> Seen {
    let writes = writes.iter().map(|it| (*it).to_owned());
    (name.to_owned(), numbers, writes.collect())
}

impl Under {
    async fn enqueue_with(
        &self,
        kind: QueueKind,
        key: &str,
        text: &str,
        (delay, capacity): (Duration, u64),
    ) -> Enqueued {
        let write = NewWrite {
            queue: QUEUE,
            kind,
            key: key.as_bytes(),
            payload: Payload::Encoded(text.into()),
            delay,
            capacity,
        };
        let queue = self.store.write_queue();
        queue.enqueue(&write, soon()).await.unwrap()
    }

    async fn enqueue(&self, kind: QueueKind, key: &str, text: &str) -> u64 {
        let limits = (Duration::ZERO, 100);
        match self.enqueue_with(kind, key, text, limits).await {
            Enqueued::Accepted(version) => version,
            other => panic!("{other:?}"),
        }
    }

    async fn claim(&self, claim: Claim<'_>, most: usize, lease: Duration) -> Claimed {
        self.claim_bytes(claim, (most, 1_000_000), lease).await
    }

    async fn claim_bytes(
        &self,
        claim: Claim<'_>,
        (most, most_bytes): (usize, usize),
        lease: Duration,
    ) -> Claimed {
        let request = ClaimRequest {
            claim,
            most,
            most_bytes,
            lease,
        };
        let queue = self.store.write_queue();
        queue.claim(&request, soon()).await.unwrap()
    }

    async fn claimed(&self, claim: Claim<'_>) -> Vec<Seen> {
        seen(&self.claim(claim, 100, LONG).await)
    }

    async fn finish(&self, claim: Claim<'_>, key: &str, version: u64) {
        self.finish_some(claim, key, version, false).await;
    }

    async fn finish_some(&self, claim: Claim<'_>, key: &str, version: u64, keeps_claim: bool) {
        let finish = Finish {
            written: &[written(key, version)],
            every: Duration::ZERO,
            keeps_claim,
        };
        let queue = self.store.write_queue();
        queue.finish(claim, finish, soon()).await.unwrap();
    }

    async fn fail(&self, claim: Claim<'_>, key: &str, version: u64, pause: Duration) {
        self.retry(claim, key, version, (pause, 1)).await;
    }

    async fn retry(
        &self,
        claim: Claim<'_>,
        key: &str,
        version: u64,
        (pause, attempts): (Duration, i64),
    ) {
        let retry = Retry {
            write: &written(key, version),
            pause,
            attempts,
        };
        let queue = self.store.write_queue();
        queue.retry(claim, retry, soon()).await.unwrap();
    }

    async fn bury(&self, claim: Claim<'_>, key: &str, version: u64) -> bool {
        let queue = self.store.write_queue();
        let failed = Failed {
            write: &written(key, version),
            attempts: 3,
            reason: "it is bad",
        };
        let buried = queue.bury(claim, failed, soon());
        buried.await.unwrap()
    }

    async fn queue_state(&self, kind: QueueKind, hastens: bool) -> QueueState {
        let queue = self.store.write_queue();
        queue.state((QUEUE, kind), hastens, soon()).await.unwrap()
    }

    async fn dead(&self) -> Vec<(String, String, u32, String)> {
        let queue = self.store.write_queue();
        let dead = queue.dead(QUEUE, "", 100, soon()).await.unwrap();
        dead.into_iter()
            .map(|it| {
                let key = String::from_utf8(it.key).unwrap();
                assert_eq!(it.reason, "it is bad");
                (it.id, key, it.attempts, text(&it.payload))
            })
            .collect()
    }
}

fn written(key: &str, version: u64) -> Written {
    Written {
        key: key.into(),
        version,
    }
}

async fn the_newest_write_of_a_key_replaces_the_older_one(under: &Under) {
    let one = under.enqueue(NEWEST, "a", "1").await;
    let two = under.enqueue(NEWEST, "a", "2").await;
    assert!(one < two);
    under.enqueue(NEWEST, "b", "3").await;
    let newest = under.store.write_queue().newest(QUEUE, b"a", soon()).await;
    let newest = newest.unwrap().expect("a write");
    assert_eq!((newest.version, text(&newest.payload)), (two, "2".into()));
    assert_eq!(under.queue_state(NEWEST, false).await.writes, 2);
    let w = claim_of(NEWEST, "w");
    let expected = [key("a", 0, &["2"]), key("b", 0, &["3"])];
    assert_eq!(under.claimed(w).await, expected);
    let three = under.enqueue(NEWEST, "a", "4").await;
    // The older write was carried out, and the newer one was not.
    under.finish(w, "a", two).await;
    assert_eq!(under.claimed(w).await, [key("a", 0, &["4"])]);
    under.finish(w, "a", three).await;
    assert_eq!(under.claimed(w).await, []);
    let none = under.store.write_queue().newest(QUEUE, b"a", soon()).await;
    assert!(none.unwrap().is_none());
}

async fn each_write_is_kept_in_its_order(under: &Under) {
    let mut versions = Vec::new();
    for text in ["1", "2", "3"] {
        versions.push(under.enqueue(EACH, "a", text).await);
        under.enqueue(EACH, "b", text).await;
    }
    assert!(versions.is_sorted());
    let w = claim_of(EACH, "w");
    let claimed = under.claim(w, 4, LONG).await;
    let lengths: Vec<_> = claimed.keys.iter().map(|it| it.items.len()).collect();
    assert_eq!(lengths, [3, 1], "four in all");
    under.finish(w, "a", versions[1]).await;
    assert_eq!(under.claimed(w).await, [key("a", 0, &["3"])]);
    assert_eq!(under.queue_state(EACH, false).await.writes, 4);
}

/// The limits of a queue for two writes.
const TWO: (Duration, u64) = (Duration::ZERO, 2);

fn is_full(answer: Enqueued) -> bool {
    match answer {
        Enqueued::Full { has_older, .. } => has_older,
        other => panic!("{other:?}"),
    }
}

async fn a_full_queue_replaces_and_takes_no_further_key(under: &Under) {
    for text in ["1", "2", "1"] {
        let accepted = under.enqueue_with(NEWEST, text, text, TWO).await;
        assert!(matches!(accepted, Enqueued::Accepted(_)), "{text}");
    }
    let has_older = is_full(under.enqueue_with(NEWEST, "3", "3", TWO).await);
    assert!(!has_older);
}

async fn a_full_queue_of_which_each_counts_takes_no_further_write(under: &Under) {
    for text in ["1", "2"] {
        let accepted = under.enqueue_with(EACH, text, text, TWO).await;
        assert!(matches!(accepted, Enqueued::Accepted(_)), "{text}");
    }
    for (key, expected) in [("1", true), ("3", false)] {
        let has_older = is_full(under.enqueue_with(EACH, key, "3", TWO).await);
        assert_eq!(has_older, expected, "{key}");
    }
}

async fn a_key_is_due_after_its_delay(under: &Under) {
    let limits = (SHORT, 100);
    under.enqueue_with(NEWEST, "a", "1", limits).await;
    let claimed = under.claim(claim_of(NEWEST, "w"), 100, LONG).await;
    assert!(claimed.keys.is_empty());
    let next_due = claimed.next_due.expect("a time");
    assert!(next_due <= SHORT && !next_due.is_zero(), "{next_due:?}");
    tokio::time::sleep(SHORT).await;
    assert_eq!(under.claimed(claim_of(NEWEST, "w")).await.len(), 1);
}

async fn a_queue_can_be_hastened(under: &Under) {
    let limits = (LONG, 100);
    under.enqueue_with(NEWEST, "a", "1", limits).await;
    let w = claim_of(NEWEST, "w");
    assert_eq!(under.claimed(w).await, []);
    let state = under.queue_state(NEWEST, true).await;
    assert_eq!(Some(state.last), state.oldest);
    assert_eq!(under.claimed(w).await.len(), 1);
    // What is claimed stays claimed.
    under.queue_state(NEWEST, true).await;
    assert_eq!(under.claimed(claim_of(NEWEST, "v")).await, []);
}

async fn the_claim_of_a_dead_worker_ends_and_is_counted(under: &Under) {
    let version = under.enqueue(NEWEST, "a", "1").await;
    let (dead, alive) = (claim_of(NEWEST, "dead"), claim_of(NEWEST, "alive"));
    assert_eq!(under.claim(dead, 100, SHORT).await.keys.len(), 1);
    assert_eq!(under.claimed(alive).await, []);
    tokio::time::sleep(SHORT + SHORT / 4).await;
    assert_eq!(under.claimed(alive).await, [tried("a", [0, 1], &["1"])]);
    // The dead worker was only slow: it neither delays nor frees the key.
    under.fail(dead, "a", version, LONG).await;
    assert!(!under.bury(dead, "a", version).await);
    assert_eq!(under.queue_state(NEWEST, false).await.writes, 1);
    under.finish(alive, "a", version).await;
    assert_eq!(under.queue_state(NEWEST, false).await.writes, 0);
}

async fn a_claim_can_be_renewed(under: &Under) {
    under.enqueue(NEWEST, "a", "1").await;
    let (one, other) = (claim_of(NEWEST, "one"), claim_of(NEWEST, "other"));
    under.claim(one, 100, SHORT).await;
    let queue = under.store.write_queue();
    let keys = [b"a".to_vec(), b"none".to_vec()];
    queue.renew(one, &keys, LONG, soon()).await.unwrap();
    queue
        .renew(other, &keys, SHORT / 100, soon())
        .await
        .unwrap();
    tokio::time::sleep(SHORT + SHORT / 4).await;
    assert_eq!(under.claimed(other).await, []);
}

/// The worker goes on with the next write of the key.
async fn a_claim_can_outlast_a_finished_write(under: &Under) {
    let one = under.enqueue(EACH, "a", "1").await;
    let two = under.enqueue(EACH, "a", "2").await;
    let (c, other) = (claim_of(EACH, "c"), claim_of(EACH, "other"));
    under.claimed(c).await;
    under.finish_some(c, "a", one, true).await;
    assert_eq!(under.claimed(other).await, []);
    under.finish(c, "a", two).await;
    under.enqueue(EACH, "a", "3").await;
    assert_eq!(under.claimed(other).await, [key("a", 0, &["3"])]);
}

async fn one_claim_takes_a_limited_number_of_bytes(under: &Under) {
    for name in ["a", "b"] {
        under.enqueue(NEWEST, name, &"x".repeat(600)).await;
    }
    let limits = (100, 500);
    let c = claim_of(NEWEST, "c");
    assert_eq!(under.claim_bytes(c, limits, LONG).await.keys.len(), 1);
    let limits = (100, 5_000);
    assert_eq!(under.claim_bytes(c, limits, LONG).await.keys.len(), 1);
}

async fn a_failed_write_is_due_again_after_its_pause(under: &Under) {
    let (one, c) = (under.enqueue(EACH, "a", "1").await, claim_of(EACH, "c"));
    for attempts in 0..3 {
        assert_eq!(under.claimed(c).await, [key("a", attempts, &["1"])]);
        under.fail(c, "a", one, Duration::ZERO).await;
    }
    under.claimed(c).await;
    // Nothing, a large number, and less than nothing are added.
    for (steps, attempts) in [(0, 3), (65_536, 65_539), (-65_536, 3)] {
        under.retry(c, "a", one, (Duration::ZERO, steps)).await;
        assert_eq!(under.claimed(c).await, [key("a", attempts, &["1"])]);
    }
    under.fail(c, "a", one, SHORT).await;
    assert_eq!(under.claimed(c).await, []);
    // Nothing is hastened that waits for its repetition.
    under.queue_state(EACH, true).await;
    assert_eq!(under.claimed(c).await, []);
    tokio::time::sleep(SHORT).await;
    under.enqueue(EACH, "a", "2").await;
    assert_eq!(under.claimed(c).await, [key("a", 4, &["1", "2"])]);
    // A success begins the count anew.
    under.finish(c, "a", one).await;
    assert_eq!(under.claimed(c).await, [key("a", 0, &["2"])]);
}

async fn a_newer_write_does_not_inherit_attempts(under: &Under) {
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    under.claimed(c).await;
    under.fail(c, "a", one, Duration::ZERO).await;
    under.claimed(c).await;
    under.enqueue(NEWEST, "a", "2").await;
    // The attempt at the older write fails.
    under.fail(c, "a", one, LONG).await;
    assert_eq!(under.claimed(c).await, [key("a", 0, &["2"])]);
}

async fn a_dead_write_is_kept_and_can_be_queued_again(under: &Under) {
    let (one, c) = (under.enqueue(EACH, "a", "1").await, claim_of(EACH, "c"));
    let two = under.enqueue(EACH, "a", "2").await;
    under.claimed(c).await;
    assert!(under.bury(c, "a", one).await);
    let dead = under.dead().await;
    assert_eq!(dead.len(), 1);
    let (id, key_of, attempts, write) = &dead[0];
    assert_eq!((&**key_of, *attempts, &**write), ("a", 3, "1"));
    assert_eq!(under.claimed(c).await, [key("a", 0, &["2"])]);
    let queue = under.store.write_queue();
    let take = |revives| queue.take_dead((QUEUE, EACH), id, revives, soon());
    assert_eq!(take(true).await, Ok(Some(b"a".to_vec())));
    assert_eq!(take(true).await, Ok(None), "it is no longer dead");
    let nonsense = queue.take_dead((QUEUE, EACH), "nonsense", true, soon());
    assert_eq!(nonsense.await, Ok(None));
    assert_eq!(under.dead().await, []);
    // It is a new write: that of the other does not finish it.
    under.finish(c, "a", two).await;
    let claimed = under.claim(c, 100, LONG).await;
    assert_eq!(seen(&claimed), [key("a", 0, &["1"])]);
    assert!(claimed.keys[0].items[0].version > two);
}

async fn queues_with_dead_writes_are_found(under: &Under) {
    let found = async || {
        let queue = under.store.write_queue();
        let (mut position, mut names) = (0, Vec::new());
        loop {
            let found = queue.with_dead(position, soon()).await.unwrap();
            position = found.0;
            names.extend(found.1);
            if position == 0 {
                return names;
            }
        }
    };
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    assert_eq!(found().await, [""; 0]);
    under.claimed(c).await;
    under.bury(c, "a", one).await;
    assert_eq!(found().await, [QUEUE]);
}

async fn a_dead_write_does_not_replace_a_newer_one(under: &Under) {
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    under.claimed(c).await;
    under.bury(c, "a", one).await;
    under.enqueue(NEWEST, "a", "2").await;
    let id = under.dead().await[0].0.clone();
    let queue = under.store.write_queue();
    let taken = queue.take_dead((QUEUE, NEWEST), &id, true, soon());
    assert_eq!(taken.await, Ok(Some(b"a".to_vec())));
    assert_eq!(under.claimed(c).await, [key("a", 0, &["2"])]);
    assert_eq!(under.dead().await, []);
}

/// The source may have had a newer write meanwhile.
async fn a_replayed_write_keeps_its_version_and_is_told_apart(under: &Under) {
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    under.claimed(c).await;
    under.bury(c, "a", one).await;
    let id = under.dead().await[0].0.clone();
    let queue = under.store.write_queue();
    let taken = queue.take_dead((QUEUE, NEWEST), &id, true, soon());
    assert_eq!(taken.await, Ok(Some(b"a".to_vec())));
    let newest = queue.newest(QUEUE, b"a", soon()).await.unwrap().unwrap();
    assert_eq!((newest.version, newest.is_replayed), (one, true));
    assert_eq!(text(&newest.payload), "1");
    assert_eq!(under.claimed(c).await, [key("a", 0, &["1"])]);
}

/// The write was replaced while its last attempt ran.
async fn a_replaced_write_is_not_put_aside(under: &Under) {
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    under.claimed(c).await;
    under.enqueue(NEWEST, "a", "2").await;
    assert!(!under.bury(c, "a", one).await);
    assert_eq!(under.dead().await, []);
    assert_eq!(under.claimed(c).await, [key("a", 0, &["2"])]);
}

async fn thousands_of_writes_are_finished_at_once(under: &Under) {
    let limits = (Duration::ZERO, 10_000);
    let mut all = Vec::new();
    for number in 0..5_000 {
        let name = number.to_string();
        match under.enqueue_with(NEWEST, &name, "x", limits).await {
            Enqueued::Accepted(version) => all.push(written(&name, version)),
            other => panic!("{other:?}"),
        }
    }
    let c = claim_of(NEWEST, "c");
    assert_eq!(under.claim(c, 5_000, LONG).await.keys.len(), 5_000);
    let queue = under.store.write_queue();
    let keys: Vec<_> = all.iter().map(|it| it.key.clone()).collect();
    queue.renew(c, &keys, LONG, soon()).await.unwrap();
    let finish = Finish {
        written: &all,
        every: Duration::ZERO,
        keeps_claim: false,
    };
    queue.finish(c, finish, soon()).await.unwrap();
    assert_eq!(under.queue_state(NEWEST, false).await.writes, 0);
}

cases! {
    the_newest_write_of_a_key_replaces_the_older_one
    each_write_is_kept_in_its_order
    a_full_queue_replaces_and_takes_no_further_key
    a_full_queue_of_which_each_counts_takes_no_further_write
    a_key_is_due_after_its_delay
    a_queue_can_be_hastened
    the_claim_of_a_dead_worker_ends_and_is_counted
    a_claim_can_be_renewed
    a_claim_can_outlast_a_finished_write
    one_claim_takes_a_limited_number_of_bytes
    a_newer_write_does_not_inherit_attempts
    a_replayed_write_keeps_its_version_and_is_told_apart
    thousands_of_writes_are_finished_at_once
    a_failed_write_is_due_again_after_its_pause
    queues_with_dead_writes_are_found
    a_dead_write_is_kept_and_can_be_queued_again
    a_dead_write_does_not_replace_a_newer_one
    a_replaced_write_is_not_put_aside
}
