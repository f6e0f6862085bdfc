//! User code that panics, wherever the cache runs it. Before a body and inside it, the caller
//! panics, as without a cache. If the function succeeded, its value is returned. Nothing is left
//! behind: no flight, permit, write or lease.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, scope};
use cachekit::{Cache, cached, invalidates, write_through};
use cachekit_tests::{Gate, settle};
use tokio::time::Instant;

use crate::spawn;

/// Where the user's code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Key,
    When,
    Tag,
    Body,
    BodyLater,
    Ttl,
    ValueTag,
    StoreIf,
    Clone,
    CloneError,
}

const ALL: [Place; 10] = [
    Place::Key,
    Place::When,
    Place::Tag,
    Place::Body,
    Place::BodyLater,
    Place::Ttl,
    Place::ValueTag,
    Place::StoreIf,
    Place::Clone,
    Place::CloneError,
];

impl Place {
    /// Whether the function succeeds, or gives its error, all the same.
    fn is_after(self) -> bool {
        matches!(
            self,
            Self::Ttl | Self::ValueTag | Self::StoreIf | Self::Clone | Self::CloneError
        )
    }
}

/// Panics once, at one place.
#[derive(Debug, Clone)]
struct Trouble {
    place: Place,
    armed: Arc<AtomicBool>,
}

impl Trouble {
    fn new(place: Place) -> Self {
        Self {
            place,
            armed: Arc::new(AtomicBool::new(true)),
        }
    }

    /// The caller's code is at `place`.
    fn at(&self, place: Place) -> u64 {
        assert!(
            place != self.place || !self.armed.swap(false, Ordering::SeqCst),
            "as told"
        );
        1
    }

    fn tag(&self) -> u64 {
        self.at(Place::Tag)
    }

    fn value_tag(&self) -> u64 {
        self.at(Place::ValueTag)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at(Place::Key);
        f.write_str("key")
    }
}

/// A value, or an error.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Troubled {
    #[serde(skip, default = "none")]
    trouble: Trouble,
}

fn none() -> Trouble {
    Trouble {
        place: Place::Key,
        armed: Arc::default(),
    }
}

impl Clone for Troubled {
    fn clone(&self) -> Self {
        self.trouble.at(Place::Clone);
        self.trouble.at(Place::CloneError);
        Self {
            trouble: self.trouble.clone(),
        }
    }
}

#[cached(
    key = "troubled:{trouble}",
    when = trouble.at(Place::When) == 1,
    tags = ["t:{trouble.tag()}", "r:{ret.trouble.value_tag()}"],
    ttl = Duration::from_secs(60 * ret.trouble.at(Place::Ttl)),
    store_if = ret.trouble.at(Place::StoreIf) == 1,
    max_computations = 1,
    skip(gate)
)]
async fn troubled(trouble: &Trouble, gate: Gate) -> Result<Troubled, Troubled> {
    trouble.at(Place::Body);
    gate.pass().await;
    trouble.at(Place::BodyLater);
    let troubled = Troubled {
        trouble: trouble.clone(),
    };
    let fails = trouble.place == Place::CloneError && trouble.armed.load(Ordering::SeqCst);
    if fails { Err(troubled) } else { Ok(troubled) }
}

#[cached(
    key = "blocking:{trouble}",
    cache = cache,
    when = trouble.at(Place::When) == 1,
    tags = ["t:{trouble.tag()}", "r:{ret.trouble.value_tag()}"],
    ttl = Duration::from_secs(60 * ret.trouble.at(Place::Ttl)),
    store_if = ret.trouble.at(Place::StoreIf) == 1,
    max_computations = 1,
    tier = memory
)]
fn blocking(cache: &Cache, trouble: &Trouble) -> Result<Troubled, Troubled> {
    assert!(cache.stats().flights > 0);
    trouble.at(Place::Body);
    trouble.at(Place::BodyLater);
    let troubled = Troubled {
        trouble: trouble.clone(),
    };
    let fails = trouble.place == Place::CloneError && trouble.armed.load(Ordering::SeqCst);
    if fails { Err(troubled) } else { Ok(troubled) }
}

async fn check(place: Place, cache: &Cache) {
    let trouble = Trouble::new(place);
    let (gate, start) = (Gate::new(), Instant::now());
    let call = || {
        let (trouble, gate) = (trouble.clone(), gate.clone());
        spawn(cache, async move { troubled(&trouble, gate).await })
    };
    let first = call();
    settle().await;
    let waiter = call();
    settle().await;
    gate.open_for_all();
    let first = first.await;
    assert_eq!(first.is_ok(), place.is_after(), "{place:?}: {first:?}");
    assert!(!trouble.armed.load(Ordering::SeqCst), "{place:?}");
    let waiter = waiter
        .await
        .expect("it computes by itself, or has the value");
    assert!(waiter.is_ok(), "{place:?}");
    assert!(
        call().await.expect("the place is free").is_ok(),
        "{place:?}"
    );
    settle().await;
    let stats = cache.stats();
    let left = (
        stats.flights,
        stats.writes,
        stats.over_limit,
        stats.lock_timeouts,
    );
    assert_eq!(left, (0, 0, 0, 0), "{place:?}");
    assert_eq!(stats.entries, 1, "{place:?}: in the end it is there");
    // A lease that is not given back is waited for until it runs out.
    assert!(start.elapsed() < Duration::from_secs(1), "{place:?}");
}

#[tokio::test(start_paused = true)]
async fn of_two_callers_each_gets_what_is_right_and_nothing_is_left() {
    for place in ALL {
        let cache = cachekit_tests::builder().build().await.expect("right");
        check(place, &cache).await;
        let store = FakeStore::new();
        // Its functions are not all that this program has.
        let builder = cachekit_tests::builder().__seed(Fault::ShareNames);
        let builder = builder.__store(store);
        let cache = builder.build().await.expect("right");
        check(place, &cache).await;
    }
}

#[test]
fn the_same_of_synchronous_functions() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    for place in ALL {
        let cache = runtime.block_on(cachekit_tests::builder().build());
        let cache = cache.expect("right");
        let trouble = Trouble::new(place);
        let call = || {
            let call = std::panic::AssertUnwindSafe(|| blocking(&cache, &trouble));
            std::panic::catch_unwind(call)
        };
        let first = call();
        assert_eq!(first.is_ok(), place.is_after(), "{place:?}: {first:?}");
        assert!(call().is_ok_and(|again| again.is_ok()), "{place:?}");
        let stats = cache.stats();
        assert_eq!((stats.flights, stats.over_limit), (0, 0), "{place:?}");
        assert_eq!(stats.entries, 1, "{place:?}");
    }
}

#[cached(key = "row:{n}")]
async fn row(n: u64) -> u64 {
    n
}

/// The write took place; what follows from its value cannot be told.
#[invalidates(row(n), tags = ["of:{ret.value_tag()}"])]
async fn write(n: u64, trouble: &Trouble) -> Trouble {
    assert_eq!(n, 1);
    trouble.at(Place::Body);
    trouble.clone()
}

#[write_through(row(n), value = ret.at(Place::ValueTag))]
async fn write_row(n: u64, trouble: &Trouble) -> Trouble {
    assert_eq!(n, 1);
    trouble.at(Place::Body);
    trouble.clone()
}

#[tokio::test]
async fn a_write_that_panics_anywhere_leaves_nothing_old() {
    for place in [Place::Body, Place::ValueTag] {
        for stores in [false, true] {
            let cache = cachekit_tests::builder().build().await.expect("right");
            scope(cache.clone(), row(1)).await;
            let trouble = Trouble::new(place);
            let writing = spawn(&cache, async move {
                if stores {
                    write_row(1, &trouble).await;
                } else {
                    write(1, &trouble).await;
                }
            });
            assert!(writing.await.is_err(), "it is the caller's panic");
            let left = scope(cache.clone(), async { row::entry(1).get().await }).await;
            assert_eq!(left, None, "{place:?}, stores: {stores}");
            assert_eq!(cache.stats().writes, 0, "{place:?}, stores: {stores}");
        }
    }
}
