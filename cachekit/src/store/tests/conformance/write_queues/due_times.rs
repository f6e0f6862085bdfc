//! The times at which keys are due.

use super::*;

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

cases! {
    a_key_is_due_after_its_delay
    a_queue_can_be_hastened
}
