//! The adapter for a Redis Cluster that remembers versions: they confirm entries and grants, and show
//! nothing else. Nobody passes messages on to these adapters.

use super::*;
use crate::encoding::envelope::read::Envelope;
use crate::store::redis::tests::masters::masters;
use crate::store::tests::conformance::in_cluster::under_cluster_with;

const LATE: [&str; 1] = ["t:org:1"];

/// Two adapters of one namespace, which remember versions.
async fn pair() -> [Under; 2] {
    let namespace = format!("remembered{:x}", fastrand::u64(..));
    let under = || under_cluster_with(masters(), &namespace, true, Faults::default());
    [under().await, under().await]
}

/// Returns the versions that the stored entry lists.
fn listed(found: &Found) -> Vec<Version> {
    let bytes = found.bytes.as_deref().expect("an entry");
    Envelope::parse(bytes).expect("an entry").versions.to_vec()
}

async fn forced(under: &Under) -> LeaseGrant {
    let force = AcquireRequest {
        force: true,
        ..ask(None)
    };
    under.granted(&force).await
}

#[tokio::test]
async fn what_is_remembered_is_not_asked_for_until_it_is_forgotten() {
    for way in 0..3 {
        let [one, other] = pair().await;
        let fill = one.filled().await;
        other.invalidate(&["t:tag"]).await;
        let recorded = |at: usize| Some(fill.grant.versions[at]);
        assert_eq!(one.read().await.versions[2], recorded(2), "it confirms");
        match way {
            0 => one.store.forget(&names(&["t:tag"])),
            1 => one.store.forget_all(),
            _ => one.invalidate(&["t:tag"]).await,
        }
        let found = one.read().await;
        assert_eq!(found.versions, [recorded(0), recorded(1), None], "{way}");
    }
}

#[tokio::test]
async fn a_version_that_differs_is_asked_for() {
    let [one, other] = pair().await;
    one.filled().await;
    other.invalidate(&["k:a", "t:tag"]).await;
    other.store.forget_all();
    let newer = other.filled().await;
    let versions: Vec<_> = newer.grant.versions.iter().copied().map(Some).collect();
    // The other one is asked for the right to compute before anything is read.
    for is_read in [false, true] {
        if is_read {
            let found = one.read().await;
            assert_eq!(found.bytes.as_ref(), Some(&newer.bytes));
            assert_eq!(found.versions, versions);
        }
        assert_eq!(one.acquire(&ask(None)).await, Acquired::Filled, "{is_read}");
    }
}

#[tokio::test]
async fn a_value_that_is_stored_with_a_dead_version_is_rejected_by_readers() {
    let [one, other] = pair().await;
    let grant = one.granted(&ask(None)).await;
    other.invalidate(&["t:tag"]).await;
    let fill = spot().fill(&grant, None, &[]);
    assert_eq!(one.fill(&fill).await, Filled::Stored);
    let found = other.read().await;
    assert_ne!(found.versions[2], Some(listed(&found)[2]));
    other.invalidate(&["k:a"]).await;
    // What is not remembered is compared at its master.
    one.store.forget(&names(&["t:tag"]));
    let grant = one.granted(&ask(None)).await;
    other.invalidate(&["t:tag"]).await;
    one.store.forget(&names(&["t:tag"]));
    let fill = spot().fill(&grant, None, &[]);
    assert_eq!(one.fill(&fill).await, Filled::Invalidated);
}

#[tokio::test]
async fn a_tag_of_the_value_is_not_asked_for_if_it_was_remembered_before_the_grant() {
    let [one, other] = pair().await;
    let grant = one.granted(&ask(None)).await;
    let fill = spot().fill(&grant, None, &LATE);
    assert_eq!(one.fill(&fill).await, Filled::Stored);
    let before = one.versions(&LATE).await;
    let grant = forced(&one).await;
    other.invalidate(&["t:org:1", "g:", "g:org:"]).await;
    let fill = spot().fill(&grant, None, &LATE);
    assert_eq!(one.fill(&fill).await, Filled::Stored);
    let found = other.read().await;
    assert_eq!(
        before[0],
        listed(&found).last().copied(),
        "readers reject it"
    );
    assert_eq!(other.versions(&LATE).await, [None]);
}

#[tokio::test]
async fn a_tag_of_the_value_is_asked_for_if_it_was_remembered_after_the_grant() {
    let [one, other] = pair().await;
    let grant = forced(&one).await;
    other.invalidate(&["t:org:1", "g:", "g:org:"]).await;
    let late = names(&LATE);
    let made = other.store.ensure_versions(&late, LONG, false, soon());
    let made = made.await.expect("a version");
    assert_eq!(
        one.versions(&LATE).await,
        [Some(made[0])],
        "it remembers it"
    );
    let fill = spot().fill(&grant, None, &LATE);
    assert_eq!(one.fill(&fill).await, Filled::Invalidated);
}
