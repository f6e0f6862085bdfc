//! Writes with an order, and the operations that fence them.

use super::*;
use crate::store::tests::conformance::cases::cases;
use crate::store::tests::conformance::fill::guarded;

/// Returns the request for the right to store the value of a write with an order.
fn ordered() -> AcquireRequest {
    AcquireRequest {
        force: true,
        token: TokenKind::SameGeneration,
        ..ask(None)
    }
}

/// Returns the request for the right to store the value of a write without an order.
fn plain() -> AcquireRequest {
    AcquireRequest {
        token: TokenKind::New,
        ..ordered()
    }
}

async fn the_greater_order_stays(under: &Under) {
    for newer_ends_first in [true, false] {
        let older = under.granted(&ordered()).await;
        let newer = under.granted(&ordered()).await;
        assert_ne!(older.token, newer.token);
        let (older, newer) = (spot().ordered(&older, 1), spot().ordered(&newer, 2));
        if newer_ends_first {
            assert_eq!(under.fill(&newer).await, Filled::Stored);
            assert_eq!(under.fill(&older).await, Filled::Older);
        } else {
            assert_eq!(under.fill(&older).await, Filled::Stored);
            assert_eq!(under.fill(&newer).await, Filled::Stored);
        }
        assert_eq!(under.read().await.bytes, Some(newer.bytes));
        under.invalidate(&["k:a"]).await;
    }
}

/// Tests that all 64 bits of an order are compared.
async fn every_bit_of_an_order_counts(under: &Under) {
    let orders = [0, 1, 1 << 31, 1 << 32, 1 << 53, (1 << 53) + 1, u64::MAX - 1];
    for order in orders {
        let write = under.granted(&ordered()).await;
        let write = spot().ordered(&write, order);
        assert_eq!(under.fill(&write).await, Filled::Stored, "{order}");
        let older = under.granted(&ordered()).await;
        let newer = under.granted(&ordered()).await;
        let newer = spot().ordered(&newer, order + 1);
        assert_eq!(under.fill(&newer).await, Filled::Stored, "{order}");
        let older = spot().ordered(&older, order);
        assert_eq!(under.fill(&older).await, Filled::Older, "{order}");
    }
}

/// Tests that writes which do not overlap follow their order too.
async fn an_older_write_replaces_nothing(under: &Under) {
    for (order, expected) in [
        (2, Filled::Stored),
        (1, Filled::Older),
        (2, Filled::Stored),
        (3, Filled::Stored),
    ] {
        let grant = under.granted(&ordered()).await;
        let fill = spot().ordered(&grant, order);
        assert_eq!(under.fill(&fill).await, expected, "{order}");
    }
}

async fn equal_orders_tell_nothing(under: &Under) {
    let (one, two) = (
        under.granted(&ordered()).await,
        under.granted(&ordered()).await,
    );
    assert_eq!(
        under.fill(&spot().ordered(&one, 1)).await,
        Filled::Stored,
        "nobody else has stored"
    );
    assert_eq!(under.fill(&spot().ordered(&two, 1)).await, Filled::Fenced);
}

async fn a_computed_value_has_no_order(under: &Under) {
    under.filled().await;
    let (older, newer) = (
        under.granted(&ordered()).await,
        under.granted(&ordered()).await,
    );
    // The computed value was stored before either write began.
    assert_eq!(under.fill(&spot().ordered(&older, 1)).await, Filled::Stored);
    assert_eq!(under.fill(&spot().ordered(&newer, 2)).await, Filled::Stored);

    let write = under.granted(&ordered()).await;
    let computed = under
        .granted(&AcquireRequest {
            force: true,
            ..ask(None)
        })
        .await;
    assert_eq!(computed.token, write.token);
    let fill = spot().fill(&computed, None, &[]);
    assert_eq!(under.fill(&fill).await, Filled::Stored);
    // The cache cannot tell if the computed value or the written value is newer.
    assert_eq!(under.fill(&spot().ordered(&write, 3)).await, Filled::Fenced);
    assert_eq!(under.read().await.bytes, Some(fill.bytes));
}

async fn a_computation_that_began_before_a_write_is_fenced(under: &Under) {
    let computed = under.granted(&ask(None)).await;
    let write = under.granted(&ordered()).await;
    let computed = spot().fill(&computed, None, &[]);
    assert_eq!(under.fill(&computed).await, Filled::Fenced);
    assert_eq!(under.fill(&spot().ordered(&write, 1)).await, Filled::Stored);
    assert_eq!(under.fill(&computed).await, Filled::Fenced);
}

/// Tests that an invalidation fences every write that began before it, whatever order the write
/// has. Orders are compared only between writes.
async fn an_invalidation_ends_every_write(under: &Under) {
    let before = under.granted(&ordered()).await;
    under.invalidate(&["k:a"]).await;
    let late = spot().ordered(&before, 9);
    assert_eq!(under.fill(&late).await, Filled::Fenced, "nothing is there");
    let after = under.granted(&ordered()).await;
    assert_eq!(under.fill(&late).await, Filled::Fenced, "a token is there");
    let value = spot().ordered(&after, 3);
    assert_eq!(under.fill(&value).await, Filled::Stored);
    assert_eq!(under.fill(&late).await, Filled::Fenced, "a value is there");
    assert_eq!(under.read().await.bytes, Some(value.bytes));
}

async fn an_invalidation_of_a_version_ends_it_too(under: &Under) {
    for gone in ["all", "f:a", "t:tag", "g:org:"] {
        let before = under.granted(&ordered()).await;
        under.invalidate(&[gone]).await;
        let after = under.granted(&ordered()).await;
        let late = spot().any_fill(&before, None, guarded(gone), Some(9));
        assert_eq!(under.fill(&late).await, Filled::Invalidated, "{gone}");
        assert_eq!(
            under.fill(&spot().ordered(&after, 3)).await,
            Filled::Stored,
            "{gone}"
        );
        assert_eq!(under.fill(&late).await, Filled::Invalidated, "{gone}");
        under.invalidate(&["k:a"]).await;
    }
}

async fn a_write_without_an_order_overlaps_with_none(under: &Under) {
    for ends_first in [true, false] {
        // A write with an order begins before the write without an order, and another write with an
        // order begins after it.
        let (one, two) = (
            under.granted(&ordered()).await,
            under.granted(&plain()).await,
        );
        let three = under.granted(&ordered()).await;
        let (one, two) = (spot().ordered(&one, 1), spot().fill(&two, None, &[]));
        assert_eq!(under.fill(&one).await, Filled::Fenced);
        if ends_first {
            assert_eq!(under.fill(&two).await, Filled::Fenced);
        }
        assert_eq!(under.fill(&spot().ordered(&three, 3)).await, Filled::Stored);
        assert_eq!(under.fill(&two).await, Filled::Fenced);
        under.invalidate(&["k:a"]).await;
    }
}

async fn a_store_that_runs_twice_stores_once(under: &Under) {
    let one = under.granted(&ordered()).await;
    let one = spot().ordered(&one, 1);
    assert_eq!(under.fill(&one).await, Filled::Stored);
    assert_eq!(under.fill(&one).await, Filled::Fenced);
    let two = under.granted(&ordered()).await;
    let two = spot().ordered(&two, 2);
    assert_eq!(under.fill(&two).await, Filled::Stored);
    assert_eq!(under.fill(&one).await, Filled::Older);
    assert_eq!(under.read().await.bytes, Some(two.bytes));
}

cases! {
    the_greater_order_stays
    every_bit_of_an_order_counts
    an_older_write_replaces_nothing
    equal_orders_tell_nothing
    a_computed_value_has_no_order
    a_computation_that_began_before_a_write_is_fenced
    an_invalidation_ends_every_write
    an_invalidation_of_a_version_ends_it_too
    a_write_without_an_order_overlaps_with_none
    a_store_that_runs_twice_stores_once
}
