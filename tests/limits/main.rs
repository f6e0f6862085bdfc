//! Every length and number that a user can set, at its limits. It is refused in words when the
//! cache is built, or it works. No call panics, and no entry is stored that cannot be used.
//!
//! The tables are compared with the lists in the code and its documentation, so that a new option
//! must be in one of them.

mod attributes;
mod builder;
mod calls;
mod policies;
mod variables;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachekit::testing::FakeStore;
use cachekit::{Cache, CacheBuilder, Policy};
use cachekit_tests::settle;

/// One end of what can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Zero,
    One,
    Greatest,
}

const ENDS: [End; 3] = [End::Zero, End::One, End::Greatest];

impl End {
    fn length(self) -> Duration {
        match self {
            Self::Zero => Duration::ZERO,
            Self::One => Duration::from_nanos(1),
            Self::Greatest => Duration::MAX,
        }
    }

    fn number(self) -> u64 {
        match self {
            Self::Zero => 0,
            Self::One => 1,
            Self::Greatest => u64::MAX,
        }
    }

    fn size(self) -> usize {
        usize::try_from(self.number()).expect("64 bits")
    }
}

/// Values that are computed, which are counted.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Counting {
    async fn compute(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        7
    }

    fn runs(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Everything that a call can do with `policy`, and is to work.
async fn exercise(cache: &Cache, policy: &Policy) {
    let source = Counting::default();
    let call = || cache.get_or_compute("a", policy, || source.compute());
    for got in <[u64; 3]>::from(tokio::join!(call(), call(), call())) {
        assert_eq!(got, 7);
    }
    settle().await;
    let fallible = || async { Ok::<u64, String>(8) };
    for _ in 0..2 {
        let got = cache.try_get_or_refresh("b", policy, fallible).await;
        assert_eq!(got, Ok(8));
        cache.invalidation().soft().keys(["b"]).await;
        let got = cache.get_or_refresh("b", policy, || async { 8 }).await;
        assert_eq!(got, 8);
        cache.invalidation().soft().everything().await;
        settle().await;
    }
    cache.put("c", 9_u64, policy).await;
    let got = cache.get::<u64>("c").await;
    assert!(got.is_none() || got == Some(9));
    let region = cache.region::<u64>("numbers");
    region.set(1, 2).await;
    assert_eq!(region.get_or_compute(1, || async { 2 }).await, 2);
    assert!(cache.invalidation().acknowledged().keys(["c"]).await);
    cache.clear().await;
    assert_eq!(call().await, 7);
}

/// Over how many computations two nodes had one value, and the second had it twice.
async fn computations(builder: impl Fn() -> CacheBuilder, policy: &Policy) -> usize {
    let store = FakeStore::new();
    let source = Counting::default();
    for calls in [1, 2] {
        let node = builder().__store(store.clone()).build().await;
        let node = node.expect("built before");
        for _ in 0..calls {
            let got = node.get_or_compute("shared", policy, || source.compute());
            assert_eq!(got.await, 7);
            settle().await;
        }
    }
    source.runs()
}

/// A cache in memory, and one over a store.
async fn both(builder: impl Fn() -> CacheBuilder) -> Vec<Cache> {
    let mut caches = vec![];
    for builder in [builder(), builder().__store(FakeStore::new())] {
        caches.push(builder.build().await.expect("a valid set-up"));
    }
    caches
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The public methods of a file that take `self` and give it back.
fn setters(path: &str) -> Vec<String> {
    let text = read(path);
    let after = text.split("    pub fn ").skip(1);
    let heads = after.filter_map(|rest| rest.split('{').next());
    let setters = heads.filter(|head| {
        let takes_self = head.contains("mut self") || head.contains("(self");
        takes_self && head.trim_end().ends_with("-> Self")
    });
    let names = setters.filter_map(|head| head.split(['(', '<']).next());
    let names = names.filter(|name| !name.starts_with("__"));
    names.map(str::to_owned).collect()
}

/// Both lists are of the same names.
fn assert_same(mut listed: Vec<String>, mut known: Vec<String>) {
    listed.sort();
    listed.dedup();
    known.sort();
    known.dedup();
    assert!(known.len() > 2, "nothing was found: {known:?}");
    assert_eq!(listed, known, "the table is not complete");
}

/// Adding to a moment is done in one place, which cuts what is too long.
#[test]
fn no_length_is_added_to_a_moment_elsewhere() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../cachekit/src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            seen += 1;
            if path.ends_with("durations.rs") || path.extension().is_none_or(|it| it != "rs") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("text");
            assert!(!text.contains("Instant::now() +"), "{}", path.display());
        }
    }
    assert!(seen > 100, "{seen}");
}
