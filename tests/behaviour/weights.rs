//! A mebibyte has room for about ten values of 100 KB, whatever their type and however they are
//! stored.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cachekit::testing::scope;
use cachekit::{Cache, Capacity, Engine, Policy, cached, write_through};

const LONG: usize = 100_000;
const MEBIBYTE: Capacity = Capacity::bytes(1 << 20);

/// How a value gets into a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Async,
    Blocking,
    Fallible,
    WriteThrough,
    EntryPut,
    Refresh,
    Put,
    GetOrCompute,
    TryGetOrCompute,
    GetOrRefresh,
    RegionSet,
    RegionCompute,
    OwnRegion,
}

const WAYS: [Way; 13] = [
    Way::Async,
    Way::Blocking,
    Way::Fallible,
    Way::WriteThrough,
    Way::EntryPut,
    Way::Refresh,
    Way::Put,
    Way::GetOrCompute,
    Way::TryGetOrCompute,
    Way::GetOrRefresh,
    Way::RegionSet,
    Way::RegionCompute,
    Way::OwnRegion,
];

fn text() -> String {
    "x".repeat(LONG)
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Page {
    id: u64,
    text: String,
    parts: Vec<Option<u64>>,
}

fn page() -> Page {
    Page {
        id: 1,
        text: text(),
        parts: vec![None, Some(1)],
    }
}

macro_rules! kinds {
    ($($kind:ident: $type:ty = $value:expr;)*) => {$(
        mod $kind {
            use super::*;

            fn value() -> $type {
                $value
            }

            #[cached(key = "async:{id}")]
            async fn asynchronous(id: u64) -> $type {
                let _ = id;
                value()
            }

            #[cached(key = "blocking:{id}", tier = memory)]
            fn blocking(id: u64) -> $type {
                let _ = id;
                value()
            }

            #[cached(key = "fallible:{id}")]
            async fn fallible(id: u64) -> Result<Option<$type>, String> {
                let _ = id;
                Ok(Some(value()))
            }

            #[write_through(asynchronous(id))]
            async fn write(id: u64) -> $type {
                let _ = id;
                value()
            }

            async fn explicit(way: Way, cache: &Cache, id: u64) {
                let (key, policy) = (format!("key:{id}"), Policy::new());
                let region = cache.region::<$type>("values");
                match way {
                    Way::Put => cache.put(&key, value(), &policy).await,
                    Way::GetOrCompute => {
                        cache.get_or_compute(&key, &policy, async || value()).await;
                    }
                    Way::TryGetOrCompute => {
                        let computed = cache
                            .try_get_or_compute(&key, &policy, async || Ok::<_, String>(value()))
                            .await;
                        assert!(computed.is_ok());
                    }
                    Way::GetOrRefresh => {
                        let policy = policy.stale(Duration::from_secs(9));
                        cache.get_or_refresh(&key, &policy, async || value()).await;
                    }
                    Way::RegionSet => region.set(id, value()).await,
                    Way::RegionCompute => {
                        region.get_or_compute(id, async || value()).await;
                    }
                    _ => region.capacity(MEBIBYTE).set(id, value()).await,
                }
            }

            async fn store(way: Way, cache: &Cache, id: u64) {
                match way {
                    Way::Async => drop(asynchronous(id).await),
                    Way::Blocking => drop(blocking(id)),
                    Way::Fallible => assert!(fallible(id).await.is_ok()),
                    Way::WriteThrough => drop(write(id).await),
                    Way::EntryPut => asynchronous::entry(id).put(value()).await,
                    Way::Refresh => drop(asynchronous::refresh(id).await),
                    way => explicit(way, cache, id).await,
                }
            }

            #[tokio::test]
            async fn is_weighed() {
                for engine in [Engine::Moka, Engine::QuickCache] {
                    for way in WAYS {
                        let builder = cachekit_tests::builder().engine(engine);
                        let builder = match way {
                            Way::OwnRegion => builder,
                            _ => builder.memory_capacity(MEBIBYTE),
                        };
                        let cache = builder.build().await.expect("right");
                        let stored = scope(cache.clone(), async {
                            for id in 0..24 {
                                store(way, &cache, id).await;
                            }
                        });
                        Box::pin(stored).await;
                        let stats = cache.stats();
                        let fits = (8..=10).contains(&stats.entries);
                        assert!(fits, "{engine} {way:?}: {} entries", stats.entries);
                        assert!(stats.bytes <= 1 << 20, "{engine} {way:?}: {stats:?}");
                    }
                }
            }
        }
    )*};
}

kinds! {
    string: String = text();
    bytes: Vec<u8> = vec![1; LONG];
    numbers: Vec<u64> = vec![1; LONG / 8];
    boxed: Box<str> = text().into();
    boxed_value: (u8, Box<Page>) = (1, Box::new(page()));
    shared: Arc<Page> = Arc::new(page());
    shared_text: Arc<str> = text().into();
    optional: Vec<Option<String>> = vec![None, Some(text())];
    nested: BTreeMap<u64, Vec<(String, u8)>> = BTreeMap::from([(1, vec![(text(), 1)])]);
    structure: Page = page();
}

/// What is written of a value is of no matter where nothing is weighed and nothing sent; where it
/// is weighed, what goes wrong is the cache's own affair.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
struct Unwritable(u64);

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("in Serialize, on purpose");
    }
}

#[cached(key = "unwritable:{id}", tier = memory)]
fn unwritable(id: u64) -> Unwritable {
    Unwritable(id)
}

/// As deep as a list is long.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
enum List {
    End,
    Link(Box<List>),
}

impl List {
    fn length(&self) -> usize {
        let (mut length, mut list) = (0, self);
        while let Self::Link(next) = list {
            (length, list) = (length + 1, next);
        }
        length
    }
}

#[cached(key = "list:{length}", tier = memory)]
async fn list(length: usize) -> List {
    (0..length).fold(List::End, |list, _| List::Link(Box::new(list)))
}

/// A test's thread has 2 MiB of stack.
#[tokio::test]
async fn no_value_is_too_much_to_weigh() {
    for engine in [Engine::Moka, Engine::QuickCache] {
        for capacity in [MEBIBYTE, Capacity::entries(10)] {
            let builder = cachekit_tests::builder().engine(engine);
            let builder = builder.memory_capacity(capacity);
            let cache = builder.build().await.expect("right");
            scope(cache.clone(), async {
                for _ in 0..2 {
                    assert_eq!(unwritable(7), Unwritable(7), "{engine}");
                    assert_eq!(list(7_000).await.length(), 7_000, "{engine}");
                }
                cache.put("by hand", Unwritable(8), &Policy::new()).await;
                assert_eq!(
                    cache.get::<Unwritable>("by hand").await,
                    Some(Unwritable(8))
                );
            })
            .await;
            assert_eq!(cache.stats().computations, 2, "{engine}");
        }
    }
}
