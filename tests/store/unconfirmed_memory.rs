//! The store's answer outranks unconfirmed memory, even if the next question of the call, or of the
//! next call, gets no answer.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble};
use cachekit::{Cache, Policy};
use cachekit_tests::settle;

use crate::world::{always, call, node, policy, put, quick, settings, sleep};

const REFUSED: Trouble = Trouble::Rejected("OOM");
const SLOW: Trouble = Trouble::Slow(Duration::from_millis(300));

/// The ways in which the right to compute cannot be had.
const TROUBLES: [Trouble; 3] = [REFUSED, Trouble::Lost, SLOW];

/// How another node takes the entry out of use, which this one does not hear.
#[derive(Debug, Clone, Copy)]
enum By {
    Key,
    Tag,
    Soft,
    SoftTag,
    /// Waited for until this node trusts its memory no more.
    Acknowledged,
    Write,
}

const WAYS: [By; 6] = [
    By::Key,
    By::Tag,
    By::Soft,
    By::SoftTag,
    By::Acknowledged,
    By::Write,
];

impl By {
    async fn end(self, cache: &Cache) {
        match self {
            Self::Key => cache.invalidate("row").await,
            Self::Tag => cache.invalidate_tags(["rows"]).await,
            Self::Soft => cache.soft().invalidate("row").await,
            Self::SoftTag => cache.soft().invalidate_tags(["rows"]).await,
            Self::Acknowledged => {
                cache.acknowledged().invalidate("row").await;
            }
            Self::Write => put(cache, 2).await,
        }
    }
}

/// A node that has 1 in memory and hears nothing, and the store, where that is over.
async fn deaf(by: By, policy: &Policy, fault: Option<Fault>) -> (FakeStore, Cache) {
    let store = FakeStore::new();
    let builder = settings(&store);
    let builder = match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    };
    let one = builder.build().await.expect("a valid set-up");
    let other = node(&store).await;
    one.put("row", 1_u64, policy).await;
    assert_eq!(one.get::<u64>("row").await, Some(1));
    store.silence(true);
    if !matches!(by, By::Acknowledged) {
        sleep(3_000).await;
    }
    by.end(&other).await;
    assert!(!one.stats().redis.is_bus_live, "{by:?}");
    (store, one)
}

#[tokio::test(start_paused = true)]
async fn g5_what_the_store_no_longer_has_is_not_served_without_the_lease() {
    for by in WAYS {
        for trouble in TROUBLES {
            let (store, one) = deaf(by, &policy(), None).await;
            always(&store, &[Op::Acquire], trouble);
            let value = call(&one, &quick(2)).await.await.expect("it ends well");
            assert_eq!(value, 2, "{by:?}, {trouble:?}");
            let (store, one) = deaf(by, &policy(), Some(Fault::ForgetAnswer)).await;
            always(&store, &[Op::Acquire], trouble);
            let value = call(&one, &quick(2)).await.await.expect("it ends well");
            let unguarded = if matches!(by, By::Write) { 2 } else { 1 };
            assert_eq!(value, unguarded, "{by:?}, {trouble:?}: nobody remembers");
        }
    }
}

/// The function fails, and memory's value would be served in its place.
#[tokio::test(start_paused = true)]
async fn g5_fail_safe_does_not_serve_it_either() {
    let policy = policy().stale_if_error(Duration::from_secs(60));
    for (fault, expected) in [
        (None, Err("broken".to_owned())),
        (Some(Fault::ForgetAnswer), Ok(1)),
    ] {
        for by in [By::Key, By::Tag, By::Acknowledged] {
            let (store, one) = deaf(by, &policy, fault).await;
            // So often that it is left alone.
            always(&store, &[Op::Acquire], Trouble::Lost);
            let fails = || async { Err::<u64, _>("broken".to_owned()) };
            for _ in 0..6 {
                let value = one.try_get_or_compute("row", &policy, fails).await;
                assert_eq!(value, expected, "{by:?}");
                settle().await;
            }
        }
    }
}

/// A look, or a call, got the answer; the next one gets none.
#[tokio::test(start_paused = true)]
async fn g5_nor_for_who_asks_next() {
    for (fault, expected) in [(None, None), (Some(Fault::ForgetAnswer), Some(1))] {
        for by in [By::Key, By::Tag, By::Acknowledged] {
            let (store, one) = deaf(by, &policy(), fault).await;
            assert_eq!(one.get::<u64>("row").await, None, "{by:?}");
            store.away(true);
            assert_eq!(one.get::<u64>("row").await, expected, "{by:?}");
        }
    }
}

/// Who gets no answer at all goes on with what memory has.
#[tokio::test(start_paused = true)]
async fn what_nobody_could_be_asked_for_is_served_on() {
    for trouble in TROUBLES {
        let (store, one) = deaf(By::Key, &policy(), None).await;
        always(&store, &[Op::Read], trouble);
        let value = call(&one, &quick(2)).await.await.expect("it ends well");
        assert_eq!(value, 1, "{trouble:?}");
    }
}
