//! `#[invalidates(.., soft)]`: stale values stay for their purposes, whatever else the attribute
//! says.

use std::cell::Cell;
use std::time::Duration;

use cachekit::{cached, deferred, invalidates};
use cachekit_tests::settle;

use crate::fresh;

thread_local! {
    /// What the source adds, for one test: its tasks run on one thread.
    static NOW: Cell<u64> = const { Cell::new(0) };
}

#[cached(
    key = "soft:{id}",
    ttl = 300,
    stale = 60,
    tags = ["soft"],
    events = ["soft.changed {id}"]
)]
async fn row(id: u64) -> u64 {
    id + NOW.get()
}

/// Without a window.
#[cached(key = "plain:{id}", tags = ["soft"])]
async fn plain(id: u64) -> u64 {
    id + NOW.get()
}

#[invalidates(row(id), plain(id), soft)]
async fn by_reference(id: u64) {}

#[invalidates(soft, row(..), plain(..))]
async fn by_function(_id: u64) {}

#[invalidates(key = "soft:{id}", keys = ["plain:{id}"], soft)]
async fn by_key(id: u64) {}

#[invalidates(tags = ["soft"], soft, ack)]
async fn by_tag(_id: u64) {}

#[invalidates(events = ["soft.changed {ret}"], plain(id), soft, if = *ret == id)]
async fn by_event(id: u64) -> Result<u64, String> {
    Ok(id)
}

#[invalidates(row(id), plain(id), soft, on = always)]
async fn after_an_error(_id: u64, id: u64) -> Result<(), String> {
    Err("no".to_owned())
}

#[invalidates(row(id), plain(id), soft, on = before)]
fn before(id: u64) {}

async fn by_nth(way: usize, id: u64) {
    match way {
        0 => by_reference(id).await,
        1 => by_function(id).await,
        2 => by_key(id).await,
        3 => by_tag(id).await,
        4 => assert_eq!(by_event(id).await, Ok(id)),
        5 => assert!(after_an_error(0, id).await.is_err()),
        6 => before(id),
        _ => {
            let transaction = async {
                by_reference(id).await;
                assert_eq!(row::entry(id).get().await, Some(id), "it waits");
                Ok::<(), String>(())
            };
            deferred(transaction).await.expect("no error");
        }
    }
}

#[tokio::test]
async fn the_old_value_is_served_once_more_and_then_the_new_one() {
    for way in 0..8 {
        fresh(async {
            NOW.set(0);
            assert_eq!((row(1).await, plain(1).await), (1, 1));
            NOW.set(100);
            by_nth(way, 1).await;
            assert_eq!((row(1).await, plain(1).await), (1, 101), "{way}");
            settle().await;
            assert_eq!(row(1).await, 101, "{way}");
        })
        .await;
    }
}

#[invalidates(row(id), soft)]
#[invalidates(plain(id))]
async fn both_modes(id: u64) {}

#[invalidates(row(id), soft)]
#[invalidates(row(id))]
async fn hard_beats_soft(id: u64) {}

#[tokio::test]
async fn a_deferred_scope_keeps_hard_and_soft_apart() {
    fresh(async {
        NOW.set(0);
        assert_eq!((row(2).await, plain(2).await, row(3).await), (2, 2, 3));
        NOW.set(100);
        let transaction = async {
            both_modes(2).await;
            hard_beats_soft(3).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok::<(), String>(())
        };
        deferred(transaction).await.expect("no error");
        assert_eq!((row(2).await, plain(2).await), (2, 102));
        assert_eq!(row(3).await, 103);
    })
    .await;
}
