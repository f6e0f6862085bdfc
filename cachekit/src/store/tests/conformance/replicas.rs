//! Replicas of an entry: an invalidation of the entry invalidates them too.

use super::*;
use crate::store::tests::conformance::cases::cases;

const COPIES: &str = "v:a";

/// Returns the names of a replica, which depends on the version that all replicas of the entry
/// share.
fn copy() -> Spot {
    Spot {
        entry: name("c2:a"),
        versions: names(&["all", "f:a", COPIES]),
        guards: vec![],
    }
}

async fn ask_for_copy(under: &Under, by: Option<Token>) -> Acquired {
    let ask = AcquireRequest {
        guards: vec![],
        ..ask(by)
    };
    let copy = copy();
    under
        .store
        .acquire(copy.query(), &ask, soon())
        .await
        .unwrap()
}

async fn granted(under: &Under, by: Option<Token>) -> LeaseGrant {
    match ask_for_copy(under, by).await {
        Acquired::Granted(grant) => grant,
        other => panic!("{other:?}"),
    }
}

/// Stores a value with a grace in a replica, so that the value may be served stale.
async fn filled(under: &Under) -> Fill {
    let grant = granted(under, None).await;
    let fill = soft::lasting(copy().fill(&grant, None, &[]));
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    assert_eq!(
        ask_for_copy(under, None).await,
        Acquired::Filled,
        "it is good"
    );
    fill
}

async fn version(under: &Under) -> Option<Version> {
    under.versions(&[COPIES]).await[0]
}

async fn with_an_entry_its_copies_go(under: &Under) {
    filled(under).await;
    let before = version(under).await;
    assert!(before.is_some());
    under.invalidate(&["t:tag", "k:a"]).await;
    assert_eq!(version(under).await, None);
    granted(under, None).await;
    assert_ne!(version(under).await, before, "another one is made");
}

async fn softly_they_get_old(under: &Under) {
    filled(under).await;
    let before = version(under).await.unwrap();
    under.invalidate_softly(&["t:tag", "k:a"]).await;
    let after = version(under).await.unwrap();
    assert!(before != after && before.is_same_generation(after));
    granted(under, None).await;
}

async fn what_began_before_is_refused(under: &Under) {
    for mode in [InvalidationMode::Hard, InvalidationMode::Soft] {
        let grant = granted(under, holder(1)).await;
        under.invalidate_by(mode, &["k:a"]).await;
        let fill = copy().fill(&grant, holder(1), &[]);
        assert_eq!(under.fill(&fill).await, Filled::Invalidated, "{mode:?}");
        // The rejected fill ended its lease.
        granted(under, holder(2)).await;
        assert_eq!(under.fill(&fill).await, Filled::Invalidated, "{mode:?}");
        under.invalidate(&["c2:a"]).await;
    }
}

async fn the_others_stay_where_one_goes(under: &Under) {
    filled(under).await;
    let before = version(under).await;
    under.invalidate(&["c1:a", "k:b", "v:b", "t:a"]).await;
    under.invalidate_softly(&["c1:a", "k:b"]).await;
    assert_eq!(version(under).await, before);
    assert_eq!(ask_for_copy(under, None).await, Acquired::Filled);
    under.invalidate(&["c2:a"]).await;
    assert_eq!(version(under).await, before);
    granted(under, None).await;
}

async fn a_write_takes_them_out_of_use(under: &Under) {
    let write = AcquireRequest {
        force: true,
        token: TokenKind::New,
        ..ask(None)
    };
    for (order, late) in [(None, &["t:org:1", "t:org:2"][..]), (Some(7), &[])] {
        filled(under).await;
        let before = version(under).await;
        under.filled().await;
        assert_eq!(version(under).await, before, "a computation does not");
        let grant = under.granted(&write).await;
        let names = vec![spot().entry];
        let fill = Fill {
            message: Some(BusMessage::WriteApplied {
                from: NodeId::random(),
                names,
            }),
            ..spot().any_fill(&grant, None, late, order)
        };
        let refused = Fill {
            fencing_token: FencingToken {
                token: Token([9; 16]),
                ..fill.fencing_token.clone()
            },
            order: None,
            ..fill.clone()
        };
        assert_eq!(under.fill(&refused).await, Filled::Fenced);
        assert_eq!(version(under).await, before, "nor one that is refused");
        assert_eq!(under.fill(&fill).await, Filled::Stored);
        assert_eq!(version(under).await, None);
        let mut recorded = under.versions(&[&["all"], late].concat()).await;
        recorded.retain(Option::is_none);
        assert_eq!(recorded, [], "versions of late tags stay");
        under.invalidate(&["k:a", "c2:a"]).await;
    }
}

cases! {
    with_an_entry_its_copies_go
    softly_they_get_old
    what_began_before_is_refused
    the_others_stay_where_one_goes
    a_write_takes_them_out_of_use
}
