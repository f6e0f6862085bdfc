//! Writes that were put aside.

use super::*;
use crate::store::tests::conformance::cases::cases;

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
    let found = queue.dead_one(QUEUE, id, soon()).await.unwrap();
    assert_eq!(found.map(|it| it.id).as_ref(), Some(id));
    for none in ["7-0", "nonsense", ""] {
        let found = queue.dead_one(QUEUE, none, soon()).await.unwrap();
        assert!(found.is_none(), "{none:?}");
    }
    let take = |revives| queue.take_dead((QUEUE, EACH), id, revives, soon());
    assert_eq!(take(true).await, Ok(Taken::Key(b"a".to_vec())));
    assert_eq!(take(true).await, Ok(Taken::Missing), "it is no longer dead");
    let nonsense = queue.take_dead((QUEUE, EACH), "nonsense", true, soon());
    assert_eq!(nonsense.await, Ok(Taken::Missing));
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
    assert_eq!(taken.await, Ok(Taken::Key(b"a".to_vec())));
    assert_eq!(under.claimed(c).await, [key("a", 0, &["2"])]);
    assert_eq!(under.dead().await, []);
}

/// Two dead writes of one key are replayed in either order. The first of them fails once in between.
async fn the_newest_of_two_replayed_writes_stays(under: &Under) {
    let c = claim_of(NEWEST, "c");
    for is_oldest_first in [true, false] {
        let mut newest = 0;
        for text in ["1", "2"] {
            newest = under.enqueue(NEWEST, "a", text).await;
            under.claimed(c).await;
            assert!(under.bury(c, "a", newest).await);
        }
        let mut dead = under.dead().await;
        if !is_oldest_first {
            dead.reverse();
        }
        for (id, ..) in dead {
            let queue = under.store.write_queue();
            let taken = queue.take_dead((QUEUE, NEWEST), &id, true, soon());
            assert_eq!(taken.await, Ok(Taken::Key(b"a".to_vec())));
            let queued = queue.newest(QUEUE, b"a", soon()).await.unwrap().unwrap();
            under.claimed(c).await;
            under.fail(c, "a", queued.version, Duration::ZERO).await;
        }
        let claimed = under.claim(c, 100, LONG).await;
        let attempts = if is_oldest_first { 1 } else { 2 };
        assert_eq!(seen(&claimed), [key("a", attempts, &["2"])]);
        assert_eq!(claimed.keys[0].items[0].version, newest);
        assert_eq!(under.dead().await, []);
        under.finish(c, "a", newest).await;
        assert_eq!(under.queue_state(NEWEST).await.writes, 0);
    }
}

/// The source may have had a newer write meanwhile.
async fn a_replayed_write_keeps_its_version_and_is_told_apart(under: &Under) {
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    under.claimed(c).await;
    under.bury(c, "a", one).await;
    let id = under.dead().await[0].0.clone();
    let queue = under.store.write_queue();
    let taken = queue.take_dead((QUEUE, NEWEST), &id, true, soon());
    assert_eq!(taken.await, Ok(Taken::Key(b"a".to_vec())));
    let newest = queue.newest(QUEUE, b"a", soon()).await.unwrap().unwrap();
    assert_eq!((newest.version, newest.is_replayed), (one, true));
    assert_eq!(text(&newest.payload), "1");
    assert_eq!(under.claimed(c).await, [key("a", 0, &["1"])]);
}

/// It waits since the replay, and a flush after that waits for it.
async fn a_replayed_write_waits_since_its_replay(under: &Under) {
    for kind in [NEWEST, EACH] {
        let (one, c) = (under.enqueue(kind, "a", "1").await, claim_of(kind, "c"));
        under.claimed(c).await;
        assert!(under.bury(c, "a", one).await);
        let last = under.enqueue(kind, "b", "2").await;
        under.claimed(c).await;
        under.finish(c, "b", last).await;
        let id = under.dead().await[0].0.clone();
        let queue = under.store.write_queue();
        queue
            .take_dead((QUEUE, kind), &id, true, soon())
            .await
            .unwrap();
        let state = under.queue_state(kind).await;
        let oldest = state.oldest.expect("the replayed write");
        assert!(last < oldest && oldest <= state.last, "{kind:?} {state:?}");
        let claimed = under.claim(c, 100, LONG).await;
        let version = claimed.keys[0].items[0].version;
        under.finish(c, "a", version).await;
        assert_eq!(under.queue_state(kind).await.oldest, None);
    }
}

/// The write was replaced while its last attempt ran.
async fn a_replaced_write_is_not_put_aside(under: &Under) {
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    under.claimed(c).await;
    under.enqueue(NEWEST, "a", "2").await;
    assert!(!under.bury(c, "a", one).await);
    assert_eq!(under.dead().await, []);
    assert_eq!(under.claimed(c).await, [], "it waits");
    tokio::time::sleep(SHORT).await;
    assert_eq!(under.claimed(c).await, [key("a", 0, &["2"])]);
}

async fn a_write_can_be_hidden_from_reads_before_it_is_put_aside(under: &Under) {
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    let queue = under.store.write_queue();
    let hide = async |claim, version| {
        let write = written("a", version);
        queue.hide(claim, &write, soon()).await.unwrap()
    };
    let is_hidden = async || {
        let newest = queue.newest(QUEUE, b"a", soon()).await.unwrap();
        let newest = newest.expect("a write");
        (newest.is_replayed, text(&newest.payload))
    };
    under.claimed(c).await;
    assert!(!hide(claim_of(NEWEST, "other"), one).await);
    assert!(!hide(c, one - 1).await);
    assert_eq!(is_hidden().await, (false, "1".to_owned()));
    for _ in 0..2 {
        assert!(hide(c, one).await);
        assert_eq!(is_hidden().await, (true, "1".to_owned()));
    }
    let two = under.enqueue(NEWEST, "a", "2").await;
    assert!(!hide(c, one).await);
    assert_eq!(is_hidden().await, (false, "2".to_owned()));
    assert!(hide(c, two).await);
    assert!(under.bury(c, "a", two).await);
    assert_eq!(under.dead().await[0].3, "2");
}

cases! {
    a_write_can_be_hidden_from_reads_before_it_is_put_aside
    a_dead_write_is_kept_and_can_be_queued_again
    queues_with_dead_writes_are_found
    a_dead_write_does_not_replace_a_newer_one
    the_newest_of_two_replayed_writes_stays
    a_replayed_write_keeps_its_version_and_is_told_apart
    a_replayed_write_waits_since_its_replay
    a_replaced_write_is_not_put_aside
}
