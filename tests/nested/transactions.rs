//! Cached calls inside of `deferred(..)` go past the cache (R1).

use std::convert::Infallible;

use cachekit::testing::scope;
use cachekit::{Cache, cached, deferred, invalidates};
use cachekit_tests::Source;

use crate::world::{cache, quick};

/// Reads through whatever connection it is handed.
#[cached(
    name = "transactions_user",
    key = "transactions:user:{id}",
    skip(connection)
)]
async fn user(connection: &Source, id: u64) -> u64 {
    connection.read().await
}

#[cached(
    name = "transactions_page",
    key = "transactions:page:{id}",
    skip(connection)
)]
async fn page(connection: &Source, id: u64) -> u64 {
    user(connection, id).await
}

#[invalidates(user(_, id))]
async fn rename(connection: &Source, id: u64) {
    connection.write(1);
}

/// A call of another task.
async fn elsewhere(cache: &Cache, committed: &Source) -> u64 {
    let committed = committed.clone();
    let read = async move { page(&committed, 1).await };
    let task = tokio::spawn(scope(cache.clone(), read));
    task.await.expect("no panic")
}

/// A transaction that reads what it wrote, and what a call elsewhere gets meanwhile and afterwards.
async fn transaction(is_cached_before: bool, is_committed: bool) -> (u64, u64) {
    let cache = cache().await;
    let (committed, open) = (quick(), quick());
    scope(cache.clone(), async {
        if is_cached_before {
            page(&committed, 1).await;
        }
        let result = deferred(async {
            rename(&open, 1).await;
            let inside = page(&open, 1).await;
            assert_eq!(inside, 1, "a transaction sees its own writes");
            let meanwhile = elsewhere(&cache, &committed).await;
            if is_committed {
                committed.write(1);
                return Ok(meanwhile);
            }
            Err(meanwhile)
        })
        .await;
        let meanwhile = result.unwrap_or_else(|meanwhile| meanwhile);
        (meanwhile, elsewhere(&cache, &committed).await)
    })
    .await
}

#[tokio::test]
async fn r1_what_a_transaction_reads_is_not_published() {
    for is_cached_before in [false, true] {
        let committed = transaction(is_cached_before, true).await;
        assert_eq!(committed, (0, 1), "cached before: {is_cached_before}");
        let rolled_back = transaction(is_cached_before, false).await;
        assert_eq!(rolled_back, (0, 0), "cached before: {is_cached_before}");
    }
}

#[tokio::test]
async fn r1_calls_of_a_transaction_are_counted_as_bypassed() {
    let (cache, open) = (cache().await, quick());
    scope(cache.clone(), async {
        let Ok(()) = deferred(async {
            page(&open, 1).await;
            page(&open, 1).await;
            Ok::<_, Infallible>(())
        })
        .await;
    })
    .await;
    let stats = cache.stats();
    assert_eq!((stats.bypassed, stats.stores, stats.entries), (4, 0, 0));
}

#[cached(name = "transactions_sync", key = "transactions:sync:{id}", tier = memory, skip(connection))]
fn sync_user(connection: &Source, id: u64) -> u64 {
    connection.version.load(std::sync::atomic::Ordering::SeqCst)
}

#[tokio::test]
async fn r1_sync_calls_of_a_transaction_go_past_the_cache() {
    let (committed, open) = (quick(), quick());
    open.write(1);
    scope(cache().await, async {
        let result = deferred(async {
            assert_eq!(sync_user(&open, 1), 1);
            Err::<(), _>("rolled back")
        })
        .await;
        assert_eq!(result, Err("rolled back"));
        assert_eq!(sync_user(&committed, 1), 0);
    })
    .await;
}

/// A call elsewhere that began before joins no computation of the transaction, and a transaction
/// joins none of others.
#[tokio::test(start_paused = true)]
async fn r1_computations_are_not_shared_with_a_transaction() {
    let cache = cache().await;
    let (committed, open) = (Source::default(), quick());
    open.write(1);
    let first = tokio::spawn(scope(cache.clone(), {
        let committed = committed.clone();
        async move { user(&committed, 1).await }
    }));
    committed.gate.arrived().await;
    scope(cache, async {
        let Ok(()) = deferred(async {
            let reading = user(&open, 1);
            let read = tokio::time::timeout(std::time::Duration::from_secs(1), reading).await;
            assert_eq!(read, Ok(1));
            Ok::<_, Infallible>(())
        })
        .await;
    })
    .await;
    committed.gate.open_for_all();
    assert_eq!(first.await.expect("no panic"), 0);
}

/// Its end is no proof that nothing was written: a commit may have failed on its way back.
#[tokio::test]
async fn r1_after_an_error_its_entries_are_gone_too() {
    let (committed, open) = (quick(), quick());
    scope(cache().await, async {
        page(&committed, 1).await;
        let result = deferred(async {
            rename(&open, 1).await;
            committed.write(1);
            Err::<(), _>("the connection broke at COMMIT")
        })
        .await;
        result.expect_err("it broke");
        assert_eq!(page(&committed, 1).await, 1);
    })
    .await;
}

/// Documents what stays: a snapshot that is older than a write of others. The call begins after
/// the write, so no fence can see that what it reads is from before.
#[tokio::test]
async fn r1b_a_call_in_an_old_snapshot_is_stored() {
    let (committed, snapshot) = (quick(), quick());
    scope(cache().await, async {
        rename(&committed, 1).await;
        assert_eq!(user(&snapshot, 1).await, 0);
        assert_eq!(user(&committed, 1).await, 0);
    })
    .await;
}

/// Inside of `deferred(..)` it is not.
#[tokio::test]
async fn r1b_a_call_in_an_old_snapshot_of_a_transaction_is_not_stored() {
    let (committed, snapshot) = (quick(), quick());
    scope(cache().await, async {
        rename(&committed, 1).await;
        let Ok(()) = deferred(async {
            assert_eq!(user(&snapshot, 1).await, 0);
            Ok::<_, Infallible>(())
        })
        .await;
        assert_eq!(page(&committed, 1).await, 1);
    })
    .await;
}
