//! Leases: which process may compute, and how the others are woken.

use super::*;
use crate::store::tests::conformance::cases::cases;
use tokio::time::sleep;

/// Returns `true` if the store wakes a waiter for the entry's lease within 200 ms.
async fn is_woken_soon(under: &Under) -> bool {
    under.is_woken_within(Duration::from_millis(200)).await
}

const HALF: Duration = Duration::from_millis(350);

async fn a_lease_that_runs_out_goes_to_the_next(under: &Under) {
    let first = under.granted(&ask(holder(1))).await;
    sleep(SHORT + Duration::from_millis(20)).await;
    let second = under.granted(&ask(holder(2))).await;
    assert_eq!(first.token, second.token, "the first may store yet");
    assert!(matches!(
        under.acquire(&ask(holder(3))).await,
        Acquired::Held(_)
    ));
    let fill = spot().fill(&first, holder(1), &[]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    let fill = spot().fill(&second, holder(2), &[]);
    assert_eq!(under.fill(&fill).await, Filled::Fenced);
}

async fn a_renewed_lease_goes_on(under: &Under) {
    let grant = under.granted(&ask(holder(1))).await;
    let first = spot().fencing_token(&grant, holder(1));
    under.renew(&first, Duration::ZERO).await;
    sleep(SHORT + Duration::from_millis(20)).await;
    let second = under.granted(&ask(holder(2))).await;
    assert_eq!(second.token, grant.token);
    let second = spot().fencing_token(&second, holder(2));
    // Far longer than the test, so that a busy machine does not let the lease run out.
    under.renew(&second, LONG).await;
    sleep(SHORT + Duration::from_millis(20)).await;
    assert!(matches!(
        under.acquire(&ask(holder(1))).await,
        Acquired::Held(_)
    ));
}

/// Tests that a renewal keeps the versions that the value depends on, but only with the right
/// token.
async fn who_goes_on_keeps_what_the_value_hangs_on(under: &Under) {
    for is_renewed in [true, false] {
        let short = AcquireRequest {
            version_life: SHORT,
            ..ask(holder(1))
        };
        let grant = under.granted(&short).await;
        let mut fencing_token = spot().fencing_token(&grant, holder(1));
        if !is_renewed {
            fencing_token.token = Token([9; 16]);
        }
        under.renew(&fencing_token, SHORT).await;
        sleep(SHORT + Duration::from_millis(20)).await;
        let fill = spot().fill(&grant, holder(1), &[]);
        let expected = if is_renewed {
            Filled::Stored
        } else {
            Filled::Invalidated
        };
        assert_eq!(under.fill(&fill).await, expected);
        assert_eq!(under.versions(&["f:a"]).await, [Some(grant.versions[1])]);
        under.invalidate(&["k:a", "t:tag", "g:org:"]).await;
    }
}

async fn a_lease_is_renewed_by_its_holder_and_token_alone(under: &Under) {
    let grant = under.granted(&ask(holder(1))).await;
    let mut wrong = spot().fencing_token(&grant, holder(2));
    sleep(HALF).await;
    under.renew(&wrong, LONG).await;
    wrong.holder = None;
    under.renew(&wrong, LONG).await;
    wrong = FencingToken {
        token: Token([9; 16]),
        ..spot().fencing_token(&grant, holder(1))
    };
    under.renew(&wrong, LONG).await;
    sleep(HALF).await;
    under.granted(&ask(holder(2))).await;
}

async fn a_released_lease_is_free_and_its_waiters_are_told(under: &Under) {
    let grant = under.granted(&ask(holder(1))).await;
    assert!(matches!(
        under.acquire(&ask(holder(2))).await,
        Acquired::Held(_)
    ));
    under
        .release(&spot().fencing_token(&grant, holder(3)))
        .await;
    assert!(matches!(
        under.acquire(&ask(holder(2))).await,
        Acquired::Held(_)
    ));
    assert!(!is_woken_soon(under).await);
    under
        .release(&spot().fencing_token(&grant, holder(1)))
        .await;
    assert!(under.is_woken().await);
    assert_eq!(under.granted(&ask(holder(2))).await.token, grant.token);
}

async fn who_nobody_waits_for_tells_nobody(under: &Under) {
    let grant = under.granted(&ask(holder(1))).await;
    under
        .release(&spot().fencing_token(&grant, holder(1)))
        .await;
    let grant = under.granted(&ask(holder(1))).await;
    let fill = spot().fill(&grant, holder(1), &[]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    assert!(!is_woken_soon(under).await);
}

async fn a_store_tells_those_who_wait(under: &Under) {
    let grant = under.granted(&ask(holder(1))).await;
    under.acquire(&ask(holder(2))).await;
    let fill = spot().fill(&grant, holder(1), &[]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    assert!(under.is_woken().await);
    assert_eq!(under.acquire(&ask(holder(2))).await, Acquired::Filled);
}

async fn a_refused_store_tells_those_who_wait(under: &Under) {
    let grant = under.granted(&ask(holder(1))).await;
    under.acquire(&ask(holder(2))).await;
    under.invalidate(&["t:tag"]).await;
    let fill = spot().fill(&grant, holder(1), &[]);
    assert_eq!(under.fill(&fill).await, Filled::Invalidated);
    assert!(under.is_woken().await);
    under.granted(&ask(holder(2))).await;
}

async fn a_store_without_the_lease_leaves_it_to_its_holder_if_refused(under: &Under) {
    let grant = under.granted(&ask(holder(1))).await;
    under.invalidate(&["t:tag"]).await;
    let fill = spot().fill(&grant, None, &[]);
    assert_eq!(under.fill(&fill).await, Filled::Invalidated);
    assert!(matches!(
        under.acquire(&ask(holder(2))).await,
        Acquired::Held(_)
    ));
}

async fn what_is_not_there_is_neither_renewed_nor_released(under: &Under) {
    let grant = under.granted(&ask(holder(1))).await;
    let fencing_token = spot().fencing_token(&grant, holder(1));
    under.invalidate(&["k:a"]).await;
    under.renew(&fencing_token, LONG).await;
    under.release(&fencing_token).await;
    under.invalidate_softly(&["k:a"]).await;
    assert_eq!(under.read().await.bytes, None);
}

cases! {
    a_lease_that_runs_out_goes_to_the_next
    a_renewed_lease_goes_on
    who_goes_on_keeps_what_the_value_hangs_on
    a_lease_is_renewed_by_its_holder_and_token_alone
    who_nobody_waits_for_tells_nobody
    a_store_without_the_lease_leaves_it_to_its_holder_if_refused
    what_is_not_there_is_neither_renewed_nor_released
    a_released_lease_is_free_and_its_waiters_are_told
    a_store_tells_those_who_wait
    a_refused_store_tells_those_who_wait
}
