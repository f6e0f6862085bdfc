//! The queues of write-behind functions.

mod claims;
mod dead_writes;
mod due_times;

use super::*;
use crate::model::queue_spec::QueueKind;
use crate::store::tests::conformance::cases::cases;
use crate::store::write_queue::{
    Claim, ClaimRequest, Claimed, Enqueued, Failed, Finish, NewWrite, Part, Payload, QueueState,
    Retry, Taken, Written,
};

pub(super) const QUEUE: &str = "shop::save_cart";
pub(super) const NEWEST: QueueKind = QueueKind::Newest;
const EACH: QueueKind = QueueKind::Each;

/// The writes of one claimed key, as texts, with the numbers of failed attempts and of lost claims.
pub(super) type Seen = (String, [u32; 2], Vec<String>);

pub(super) fn claim_of(kind: QueueKind, id: &'static str) -> Claim<'static> {
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

pub(super) fn key(name: &str, attempts: u32, writes: &[&str]) -> Seen {
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

    pub(super) async fn enqueue(&self, kind: QueueKind, key: &str, text: &str) -> u64 {
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

    pub(super) async fn claimed(&self, claim: Claim<'_>) -> Vec<Seen> {
        seen(&self.claim(claim, 100, LONG).await)
    }

    /// Claims all keys for a moment, after which the claim is over.
    async fn claimed_for_a_moment(&self, claim: Claim<'_>) -> Vec<Seen> {
        let moment = Duration::from_millis(1);
        let claimed = self.claim(claim, 100, moment).await;
        tokio::time::sleep(2 * moment).await;
        seen(&claimed)
    }

    async fn begin(&self, claim: Claim<'_>, key: &str, version: u64) -> bool {
        let first = [written(key, version)];
        let queue = self.store.write_queue();
        queue.begin(claim, &first, soon()).await.unwrap().is_empty()
    }

    async fn finish(&self, claim: Claim<'_>, key: &str, version: u64) {
        self.finish_some(claim, key, version, false).await;
    }

    async fn finish_some(
        &self,
        claim: Claim<'_>,
        key: &str,
        version: u64,
        keeps_claim: bool,
    ) -> bool {
        let how = (Duration::ZERO, keeps_claim);
        self.finish_how(claim, key, version, how).await
    }

    /// What is left of the key waits for `every`.
    async fn finish_every(&self, claim: Claim<'_>, key: &str, version: u64, every: Duration) {
        self.finish_how(claim, key, version, (every, false)).await;
    }

    async fn finish_how(
        &self,
        claim: Claim<'_>,
        key: &str,
        version: u64,
        (every, keeps_claim): (Duration, bool),
    ) -> bool {
        let finish = Finish {
            written: &[written(key, version)],
            every,
            keeps_claim,
        };
        let queue = self.store.write_queue();
        queue.finish(claim, finish, soon()).await.unwrap()
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
            pause: SHORT,
        };
        let buried = queue.bury(claim, failed, soon());
        buried.await.unwrap()
    }

    async fn queue_state(&self, kind: QueueKind) -> QueueState {
        let queue = self.store.write_queue();
        queue.state((QUEUE, kind), soon()).await.unwrap()
    }

    /// Hastens one part of the queue, and returns where the next one begins.
    async fn hasten(&self, kind: QueueKind, after: u64, upto: u64) -> Option<u64> {
        let queue = self.store.write_queue();
        let part = Part { after, upto };
        queue.hasten((QUEUE, kind), part, soon()).await.unwrap()
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
    assert_eq!(under.queue_state(NEWEST).await.writes, 2);
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
    assert_eq!(under.queue_state(EACH).await.writes, 4);
}

/// The delay of a key, and the capacity of a queue for two writes.
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
    assert_eq!(under.queue_state(NEWEST).await.writes, 0);
}

cases! {
    the_newest_write_of_a_key_replaces_the_older_one
    each_write_is_kept_in_its_order
    a_full_queue_replaces_and_takes_no_further_key
    a_full_queue_of_which_each_counts_takes_no_further_write
    thousands_of_writes_are_finished_at_once
}
