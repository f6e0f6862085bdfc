//! Claims of workers, and attempts that fail.

use super::*;
use crate::store::tests::conformance::cases::cases;

async fn the_claim_of_a_dead_worker_ends_and_is_counted(under: &Under) {
    let version = under.enqueue(NEWEST, "a", "1").await;
    let (dead, alive) = (claim_of(NEWEST, "dead"), claim_of(NEWEST, "alive"));
    assert_eq!(under.claim(dead, 100, SHORT).await.keys.len(), 1);
    under.begin(dead, "a", version).await;
    assert_eq!(under.claimed(alive).await, []);
    tokio::time::sleep(SHORT + SHORT / 4).await;
    assert_eq!(under.claimed(alive).await, [tried("a", [0, 1], &["1"])]);
    // The dead worker was only slow: it neither delays nor frees the key.
    assert!(!under.begin(dead, "a", version).await);
    under.fail(dead, "a", version, LONG).await;
    assert!(!under.bury(dead, "a", version).await);
    assert_eq!(under.queue_state(NEWEST).await.writes, 1);
    under.finish(alive, "a", version).await;
    assert_eq!(under.queue_state(NEWEST).await.writes, 0);
}

/// The answer to a claim may be lost, so that its worker does not know of it.
async fn a_claim_is_lost_only_with_a_write_that_began(under: &Under) {
    let one = under.enqueue(EACH, "a", "1").await;
    under.enqueue(EACH, "a", "2").await;
    let (c, other) = (claim_of(EACH, "c"), claim_of(EACH, "other"));
    let both = ["1", "2"];
    for _ in 0..3 {
        let claimed = under.claimed_for_a_moment(c).await;
        assert_eq!(claimed, [tried("a", [0, 0], &both)]);
        under.begin(other, "a", one).await;
    }
    under.begin(c, "a", one).await;
    for _ in 0..2 {
        let claimed = under.claimed_for_a_moment(c).await;
        assert_eq!(claimed, [tried("a", [0, 1], &both)], "it began once");
    }
    under.begin(c, "a", one).await;
    under.finish_some(c, "a", one, true).await;
    let claimed = under.claimed_for_a_moment(c).await;
    assert_eq!(claimed, [tried("a", [0, 0], &["2"])]);
}

/// The worker outlived the attempt.
async fn a_failed_attempt_ends_the_count_of_lost_claims(under: &Under) {
    let (one, c) = (under.enqueue(EACH, "a", "1").await, claim_of(EACH, "c"));
    for lost in 0..3 {
        let claimed = under.claimed_for_a_moment(c).await;
        assert_eq!(claimed, [tried("a", [0, lost], &["1"])]);
        under.begin(c, "a", one).await;
    }
    under.retry(c, "a", one, (Duration::ZERO, 0)).await;
    let claimed = under.claimed_for_a_moment(c).await;
    assert_eq!(claimed, [tried("a", [0, 2], &["1"])], "it was not tried");
    under.fail(c, "a", one, Duration::ZERO).await;
    let claimed = under.claimed_for_a_moment(c).await;
    assert_eq!(claimed, [tried("a", [1, 0], &["1"])]);
}

async fn a_newer_write_does_not_inherit_lost_claims(under: &Under) {
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    under.claimed_for_a_moment(c).await;
    under.begin(c, "a", one).await;
    let two = under.enqueue(NEWEST, "a", "2").await;
    let claimed = under.claimed_for_a_moment(c).await;
    assert_eq!(claimed, [tried("a", [0, 0], &["2"])], "it did not begin");
    under.begin(c, "a", two).await;
    let claimed = under.claimed_for_a_moment(c).await;
    assert_eq!(claimed, [tried("a", [0, 1], &["2"])]);
    under.enqueue(NEWEST, "a", "3").await;
    let claimed = under.claimed_for_a_moment(c).await;
    assert_eq!(claimed, [tried("a", [0, 0], &["3"])]);
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
    assert!(under.finish_some(c, "a", one, true).await);
    assert_eq!(under.claimed(other).await, []);
    assert!(
        !under.finish_some(c, "a", two, true).await,
        "nothing is left"
    );
    let three = under.enqueue(EACH, "a", "3").await;
    under.enqueue(EACH, "a", "4").await;
    assert_eq!(under.claimed(other).await, [key("a", 0, &["3", "4"])]);
    assert!(!under.finish_some(c, "a", three, true).await, "it is over");
}

/// Each is told apart from the others.
async fn a_worker_gets_to_know_which_claims_are_over(under: &Under) {
    let (c, other) = (claim_of(NEWEST, "c"), claim_of(NEWEST, "other"));
    let mut all = Vec::new();
    for name in ["a", "b", "c", "d"] {
        all.push(written(name, under.enqueue(NEWEST, name, "1").await));
    }
    under.claimed(c).await;
    for of in [1, 3] {
        let name = String::from_utf8(all[of].key.clone()).unwrap();
        under
            .retry(c, &name, all[of].version, (Duration::ZERO, 0))
            .await;
    }
    under.claimed(other).await;
    let queue = under.store.write_queue();
    assert_eq!(queue.begin(c, &all, soon()).await, Ok(vec![1, 3]));
    assert_eq!(queue.begin(other, &all, soon()).await, Ok(vec![0, 2]));
}

/// Its worker outlived the attempt, and the claim goes on.
async fn a_claim_is_not_lost_after_an_attempt_that_its_worker_outlived(under: &Under) {
    let (one, c) = (under.enqueue(EACH, "a", "1").await, claim_of(EACH, "c"));
    let (queue, keys) = (under.store.write_queue(), [b"a".to_vec()]);
    for (by, lost) in [(c, 0), (claim_of(EACH, "other"), 1)] {
        under.claimed_for_a_moment(c).await;
        under.begin(c, "a", one).await;
        queue.outlive(by, &keys, soon()).await.unwrap();
        let claimed = under.claimed_for_a_moment(c).await;
        assert_eq!(claimed, [tried("a", [0, lost], &["1"])]);
    }
}

/// The first question arrives after the next write began.
async fn an_end_that_is_told_late_does_not_forget_the_next_write(under: &Under) {
    let one = under.enqueue(EACH, "a", "1").await;
    let two = under.enqueue(EACH, "a", "2").await;
    let c = claim_of(EACH, "c");
    under.claimed_for_a_moment(c).await;
    under.begin(c, "a", one).await;
    under.finish_some(c, "a", one, true).await;
    under.begin(c, "a", two).await;
    under.finish_some(c, "a", one, true).await;
    assert_eq!(under.claimed(c).await, [tried("a", [0, 1], &["2"])]);
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
    assert_eq!(under.hasten(EACH, 0, one).await, None);
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
    // The attempt at the older write fails. The source may be what is at fault.
    under.fail(c, "a", one, SHORT).await;
    assert_eq!(under.claimed(c).await, []);
    tokio::time::sleep(SHORT).await;
    assert_eq!(under.claimed(c).await, [key("a", 0, &["2"])]);
}

cases! {
    the_claim_of_a_dead_worker_ends_and_is_counted
    a_claim_is_lost_only_with_a_write_that_began
    a_failed_attempt_ends_the_count_of_lost_claims
    a_newer_write_does_not_inherit_lost_claims
    a_claim_can_be_renewed
    a_claim_can_outlast_a_finished_write
    a_worker_gets_to_know_which_claims_are_over
    a_claim_is_not_lost_after_an_attempt_that_its_worker_outlived
    an_end_that_is_told_late_does_not_forget_the_next_write
    one_claim_takes_a_limited_number_of_bytes
    a_failed_write_is_due_again_after_its_pause
    a_newer_write_does_not_inherit_attempts
}
