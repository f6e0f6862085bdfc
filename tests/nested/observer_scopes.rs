//! Which calls are in the scope of an observer, and the end of a scope.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cachekit::testing::scope;
use cachekit::{SourceTier, bypass, observed, tracked, with_source};
use cachekit_tests::{Gate, Source, poll_once};
use tokio::join;

use crate::levels::{page, user};
use crate::observing::brief;
use crate::world::{cache, now, quick};

#[tokio::test]
async fn scopes_of_one_task_do_not_mix() {
    let source = Source::default();
    scope(cache().await, async {
        source.gate.open_for_all();
        user(&source, 9).await;
        let source = Source::default();
        let slow = with_source(async { (user(&source, 1).await, page(&source, 2).await) });
        let quick = with_source(async {
            source.gate.arrived().await;
            let hit = user(&source, 9).await;
            source.gate.open_for_all();
            hit
        });
        let (slow, quick) = join!(slow, quick);
        assert_eq!(brief(slow), (SourceTier::Computed, 2));
        assert_eq!(brief(quick), (SourceTier::Memory, 1));
        let never = Source::default();
        let chosen = observed(async {
            tokio::select! {
                biased;
                _ = user(&never, 3) => panic!("it waits"),
                value = user(&source, 9) => value,
            }
        });
        let (_, all) = chosen.await;
        assert_eq!(
            all.calls.len(),
            1,
            "the call that was dropped is left out: {all:?}"
        );
        assert_eq!((all.calls[0].tier, all.more), (SourceTier::Memory, 0));
    })
    .await;
}

#[tokio::test]
async fn a_panic_ends_its_scope() {
    let source = quick();
    scope(cache().await, async {
        user(&source, 1).await;
        let (panicked, sum) = with_source(async {
            let inner = bypass(observed(async { panic!("a fault of the test") }));
            let panicked = catch_unwind(AssertUnwindSafe(|| now::<((), _)>(inner)));
            user(&source, 1).await;
            panicked.is_err()
        })
        .await;
        assert!(panicked);
        assert_eq!((sum.tier, sum.calls), (SourceTier::Memory, 1));
        user(&source, 2).await;
        user(&source, 2).await;
        assert_eq!((user::stats().bypassed, source.runs()), (0, 2));
    })
    .await;
}

#[tokio::test]
async fn a_spawned_task_is_in_the_scope_only_if_it_is_tracked() {
    let source = quick();
    scope(cache().await, async {
        let ask = |id| {
            let source = source.clone();
            scope(cachekit::global(), async move { user(&source, id).await })
        };
        let both = observed(async {
            tokio::spawn(ask(1)).await.expect("no panic");
            tokio::spawn(tracked(ask(2))).await.expect("no panic");
        });
        let ((), all) = both.await;
        assert_eq!((all.calls.len(), all.source.calls), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_call_that_outlives_the_scope_is_not_seen() {
    let gate = Gate::new();
    scope(cache().await, async {
        let source = Arc::new(Source {
            gate: gate.clone(),
            ..Source::default()
        });
        let mut left = None;
        let ((), all) = observed(async {
            let source = Arc::clone(&source);
            let mut call = Box::pin(tracked(async move { user(&source, 1).await }));
            assert!(poll_once(call.as_mut()).is_pending());
            left = Some(call);
        })
        .await;
        gate.open();
        left.expect("a call").await;
        assert_eq!((all.calls.len(), all.source.calls), (0, 0));
    })
    .await;
}
