//! `cachekit::deferred(..)`: invalidations wait for the end of a transaction.

use std::convert::Infallible;

use cachekit::{cached, deferred, invalidates, write_through};
use cachekit_tests::poll_once;
use tokio::task::yield_now;

use crate::{Log, fresh};

#[cached(key = "deferred:{id}", tags = ["deferred:{ret}"])]
async fn target(id: u64) -> u64 {
    id
}

#[cached(key = "deferred:sync:{id}", tier = memory)]
fn sync_target(id: u64) -> u64 {
    id
}

#[invalidates(target(id))]
async fn change(id: u64) -> Result<u64, String> {
    yield_now().await;
    if id == 9 { Err("nine")? } else { Ok(id) }
}

#[invalidates(tags = ["deferred:{ret}"])]
async fn change_by_value(id: u64) -> Option<u64> {
    Some(id)
}

#[invalidates(target(..), on = before)]
async fn change_before() {}

#[invalidates(sync_target(id))]
fn sync_change(id: u64) -> u64 {
    id
}

#[write_through(target(id), value = *ret * 100)]
async fn store(id: u64) -> Result<u64, String> {
    Ok(id)
}

async fn fill() {
    for id in 1..=9 {
        target(id).await;
    }
    sync_target(1);
}

async fn left() -> Vec<u64> {
    let mut left = Vec::new();
    for id in 1..=9 {
        left.extend(target::entry(id).get().await);
    }
    left
}

#[tokio::test]
async fn g1_g_they_are_applied_when_it_ends_with_ok() {
    fresh(async {
        fill().await;
        let log = Log::default();
        let result: Result<&str, String> = deferred(async {
            change(1).await?;
            change_by_value(2).await;
            change(9).await.expect_err("nine");
            sync_change(1);
            log.add(format!(
                "inside {:?} {:?}",
                left().await,
                sync_target::entry(1).get().await
            ));
            yield_now().await;
            Ok("committed")
        })
        .await;
        log.add(format!(
            "after {:?} {:?}",
            left().await,
            sync_target::entry(1).get().await
        ));
        assert_eq!(result.as_deref(), Ok("committed"));
        assert_eq!(
            log.take(),
            [
                "inside [1, 2, 3, 4, 5, 6, 7, 8, 9] Some(1)",
                "after [3, 4, 5, 6, 7, 8, 9] None"
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn they_are_applied_after_an_error_too() {
    fresh(async {
        fill().await;
        let result: Result<(), String> = deferred(async {
            change(1).await?;
            change(9).await?;
            unreachable!("nine fails");
        })
        .await;
        result.expect_err("nine");
        assert_eq!(left().await.len(), 8, "the commit may have happened");
        change(2).await.expect("right");
        assert_eq!(left().await.len(), 7, "outside again: at once");
    })
    .await;
}

#[tokio::test]
async fn g1_g_dropped_after_it_began_it_may_have_committed() {
    fresh(async {
        fill().await;
        let mut call = Box::pin(deferred::<(), Infallible>(async {
            change(1).await.expect("right");
            change(2).await.expect("right");
            Ok(())
        }));
        assert!(poll_once(call.as_mut()).is_pending());
        assert!(poll_once(call.as_mut()).is_pending(), "in the second one");
        assert_eq!(left().await.len(), 9);
        drop(call);
        assert_eq!(left().await, [3, 4, 5, 6, 7, 8, 9]);

        drop(deferred(change(3)));
        assert_eq!(left().await.len(), 7, "never polled");
    })
    .await;
}

#[tokio::test]
async fn a_panic_may_come_after_the_commit() {
    fresh(async {
        fill().await;
        let call = async {
            change(1).await.expect("right");
            std::panic::resume_unwind(Box::new("as asked"));
        };
        let mut call = Box::pin(deferred::<(), Infallible>(call));
        assert!(poll_once(call.as_mut()).is_pending());
        let poll = std::panic::AssertUnwindSafe(|| poll_once(call.as_mut()));
        std::panic::catch_unwind(poll).expect_err("panics");
        assert_eq!(left().await.len(), 8);
    })
    .await;
}

/// One branch panics while the write of another is under way: that one may have committed as well.
#[tokio::test]
async fn g1_g_a_panic_of_one_branch_loses_no_write_of_another() {
    fresh(async {
        fill().await;
        let panics = async {
            yield_now().await;
            std::panic::resume_unwind(Box::new("as asked"));
        };
        let both = async {
            let ((), changed) = tokio::join!(panics, change(1));
            changed.map(drop)
        };
        let mut call = Box::pin(deferred::<(), String>(both));
        assert!(poll_once(call.as_mut()).is_pending());
        let poll = std::panic::AssertUnwindSafe(|| poll_once(call.as_mut()));
        std::panic::catch_unwind(poll).expect_err("panics");
        drop(call);
        assert_eq!(left().await.len(), 8);
    })
    .await;
}

#[tokio::test]
async fn a_scope_in_a_scope_waits_for_the_outer_one() {
    fresh(async {
        fill().await;
        let result: Result<(), String> = deferred(async {
            deferred(change(1)).await?;
            deferred(async {
                change(2).await?;
                Err::<(), _>("rolled back".to_owned())
            })
            .await
            .expect_err("rolled back");
            assert_eq!(left().await.len(), 9);
            Ok(())
        })
        .await;
        result.expect("right");
        assert_eq!(left().await, [3, 4, 5, 6, 7, 8, 9]);
    })
    .await;
}

#[tokio::test]
async fn a_write_through_inside_only_invalidates() {
    fresh(async {
        fill().await;
        let result: Result<u64, String> = deferred(async {
            let stored = store(1).await?;
            assert_eq!(target::entry(1).get().await, Some(1));
            Ok(stored)
        })
        .await;
        result.expect("right");
        assert_eq!(target::entry(1).get().await, None);
        let failed: Result<(), String> = deferred(async {
            store(2).await?;
            Err("rolled back".to_owned())
        })
        .await;
        failed.expect_err("rolled back");
        assert_eq!(target::entry(2).get().await, None);
        store(2).await.expect("right");
        assert_eq!(target::entry(2).get().await, Some(200), "outside: stored");
    })
    .await;
}

/// What is to happen before the body does, and again at the end.
#[tokio::test]
async fn before_and_after() {
    fresh(async {
        fill().await;
        let result: Result<(), Infallible> = deferred(async {
            change_before().await;
            assert!(left().await.is_empty());
            target(1).await;
            Ok(())
        })
        .await;
        let Ok(()) = result;
        assert!(left().await.is_empty());
    })
    .await;
}

/// What the cache itself is asked for takes place at once.
#[tokio::test]
async fn calls_of_the_cache_do_not_wait() {
    fresh(async {
        fill().await;
        let result: Result<(), String> = deferred(async {
            target::entry(1).invalidate().await;
            cachekit::global().invalidate("deferred:2").await;
            assert_eq!(left().await.len(), 7);
            Err("rolled back".to_owned())
        })
        .await;
        result.expect_err("rolled back");
        assert_eq!(left().await.len(), 7);
    })
    .await;
}
