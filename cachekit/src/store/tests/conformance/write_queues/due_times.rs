//! The times at which keys are due.

use super::*;
use crate::store::tests::conformance::cases::cases;

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
    let state = under.queue_state(NEWEST).await;
    assert_eq!(Some(state.last), state.oldest);
    under.enqueue_with(NEWEST, "b", "2", limits).await;
    assert_eq!(under.hasten(NEWEST, 0, state.last).await, None);
    assert_eq!(under.claimed(w).await, [key("a", 0, &["1"])]);
    // What is claimed stays claimed.
    under.hasten(NEWEST, 0, state.last).await;
    assert_eq!(under.claimed(claim_of(NEWEST, "v")).await, []);
}

async fn a_long_queue_is_hastened_in_parts(under: &Under) {
    let limits = (LONG, 10_000);
    let mut versions = Vec::new();
    for number in 0..Part::MOST + 500 {
        let name = number.to_string();
        match under.enqueue_with(NEWEST, &name, "x", limits).await {
            Enqueued::Accepted(version) => versions.push(version),
            other => panic!("{other:?}"),
        }
    }
    let (last, w) = (versions.last().copied().unwrap(), claim_of(NEWEST, "w"));
    let next = under.hasten(NEWEST, 0, last).await;
    // The next part begins with the last key of this one.
    assert_eq!(next, Some(versions[Part::MOST - 1] - 1));
    assert_eq!(under.claim(w, 10_000, LONG).await.keys.len(), Part::MOST);
    let next = under.hasten(NEWEST, next.unwrap(), last).await;
    assert_eq!(next, None);
    assert_eq!(under.claim(w, 10_000, LONG).await.keys.len(), 500);
}

/// It was claimed while the others were hastened.
async fn what_is_left_of_a_hastened_key_does_not_wait(under: &Under) {
    let (one, c) = (under.enqueue(EACH, "a", "1").await, claim_of(EACH, "c"));
    let two = under.enqueue(EACH, "a", "2").await;
    assert_eq!(seen(&under.claim(c, 1, LONG).await), [key("a", 0, &["1"])]);
    under.hasten(EACH, 0, two).await;
    under.enqueue(EACH, "a", "3").await;
    under.finish_every(c, "a", one, LONG).await;
    let both = [key("a", 0, &["2", "3"])];
    assert_eq!(under.claimed(c).await, both);
    under.finish_every(c, "a", two, LONG).await;
    assert_eq!(under.claimed(c).await, [], "it came later");
}

/// The flush waits for a write that was replaced, and so for the one that replaced it.
async fn what_replaced_a_hastened_write_does_not_wait(under: &Under) {
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    under.claimed(c).await;
    let two = under.enqueue(NEWEST, "a", "2").await;
    under.hasten(NEWEST, 0, two).await;
    let three = under.enqueue(NEWEST, "a", "3").await;
    under.finish_every(c, "a", one, LONG).await;
    assert_eq!(under.claimed(c).await, [key("a", 0, &["3"])]);
    under.enqueue(NEWEST, "a", "4").await;
    under.finish_every(c, "a", three, LONG).await;
    assert_eq!(under.claimed(c).await, [], "it came later");
}

async fn the_first_version_of_a_key_counts_until_it_is_carried_out(under: &Under) {
    let oldest = async || under.queue_state(NEWEST).await.oldest.expect("a write");
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    let two = under.enqueue(NEWEST, "a", "2").await;
    assert_eq!(oldest().await, one);
    under.claimed(c).await;
    let three = under.enqueue(NEWEST, "a", "3").await;
    assert_eq!(oldest().await, one);
    under.fail(c, "a", two, Duration::ZERO).await;
    assert_eq!(oldest().await, one, "no attempt succeeded");
    under.claimed(c).await;
    under.enqueue(NEWEST, "a", "4").await;
    assert!(!under.bury(c, "a", three).await);
    assert_eq!(oldest().await, one, "nothing was put aside");
    tokio::time::sleep(SHORT).await;
    under.claimed(c).await;
    let five = under.enqueue(NEWEST, "a", "5").await;
    under.finish(c, "a", five - 1).await;
    assert_eq!(oldest().await, five);
}

/// The answer to the first end was lost.
async fn an_end_that_is_told_twice_hides_no_write(under: &Under) {
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    under.claimed(c).await;
    let two = under.enqueue(NEWEST, "a", "2").await;
    under.finish(c, "a", one).await;
    under.enqueue(NEWEST, "a", "3").await;
    under.finish(c, "a", one).await;
    let oldest = under.queue_state(NEWEST).await.oldest.expect("a write");
    assert!(one < oldest && oldest <= two, "{one} {oldest} {two}");
}

/// Two writes come while an older one runs, and the later one replaces the earlier one.
async fn a_write_that_was_replaced_during_a_run_counts(under: &Under) {
    let (one, c) = (under.enqueue(NEWEST, "a", "1").await, claim_of(NEWEST, "c"));
    under.claimed(c).await;
    let two = under.enqueue(NEWEST, "a", "2").await;
    let three = under.enqueue(NEWEST, "a", "3").await;
    under.finish(c, "a", one).await;
    let oldest = under.queue_state(NEWEST).await.oldest.expect("a write");
    assert!(one < oldest && oldest <= two, "{one} {oldest} {two}");
    under.claimed(c).await;
    under.finish(c, "a", three).await;
    assert_eq!(under.queue_state(NEWEST).await.oldest, None);
}

/// The clock is set back by an hour after writes were accepted. Only that of Redis can be.
#[tokio::test]
async fn what_is_left_waits_no_longer_than_it_should_if_the_clock_is_set_back() {
    let mut faults = Faults::default();
    faults.edit_script = Some(|script, text, _| match script {
        "enqueue" => text.replace("time[1] * 1000000", "(time[1] + 3600) * 1000000"),
        _ => text,
    });
    let under = redis_with(faults).await;
    for every in [Duration::ZERO, SHORT] {
        let (one, c) = (under.enqueue(EACH, "a", "1").await, claim_of(EACH, "c"));
        let two = under.enqueue(EACH, "a", "2").await;
        under.claimed(c).await;
        under.finish_every(c, "a", one, every).await;
        tokio::time::sleep(every).await;
        assert_eq!(under.claimed(c).await, [key("a", 0, &["2"])]);
        under.finish(c, "a", two).await;
    }
}

cases! {
    a_long_queue_is_hastened_in_parts
    what_is_left_of_a_hastened_key_does_not_wait
    what_replaced_a_hastened_write_does_not_wait
    the_first_version_of_a_key_counts_until_it_is_carried_out
    an_end_that_is_told_twice_hides_no_write
    a_write_that_was_replaced_during_a_run_counts
    a_key_is_due_after_its_delay
    a_queue_can_be_hastened
}
