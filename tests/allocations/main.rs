//! Allocations: a hit allocates nothing, and a miss and a hit in Redis a known number of times. An
//! allocator counts for each thread.

mod redis;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use cachekit::cached;
use cachekit_tests::poll_once;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// The most bytes of one.
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[expect(unsafe_code, reason = "an allocator can be written in no other way")]
// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(layout.size())));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static GLOBAL: Counting = Counting;

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Product {
    name: String,
}

#[cached(key = "product:{id}", ttl = 300, tags = ["products", "shop:{ret.name}"])]
async fn by_id(id: u64) -> Arc<Product> {
    Arc::new(Product {
        name: format!("product {id}"),
    })
}

#[cached(key = "page:{shop}:{name}", ttl = 300, tags = ["pages"])]
async fn by_name(shop: &str, name: &str) -> Result<Arc<Product>, std::io::Error> {
    Ok(Arc::new(Product {
        name: format!("{shop} {name}"),
    }))
}

/// How many allocations a ready call makes.
fn allocations<T>(call: impl Future<Output = T>) -> (u64, T) {
    let mut call = pin!(call);
    let before = ALLOCATIONS.get();
    let polled = poll_once(call.as_mut());
    let made = ALLOCATIONS.get() - before;
    match polled {
        Poll::Ready(value) => (made, value),
        Poll::Pending => panic!("the call waits"),
    }
}

/// Held by each test that counts in the global cache: what one stores, another's hits look up anew.
static IN_TURN: Mutex<()> = Mutex::new(());

/// So often a miss asks an allocator, without what its function does.
const MISS: u64 = 18;

/// And for no more than this at once: common allocators have more than a kilobyte only after a
/// search, which costs as much as the rest of the miss.
const AT_ONCE: usize = 1_024;

#[test]
fn a_miss_allocates_so_often_and_so_much() {
    let _alone = IN_TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut least = (u64::MAX, usize::MAX);
    for id in 1_000..1_200 {
        LARGEST.set(0);
        let (made, product) = allocations(by_id(id));
        assert_eq!(product.name, format!("product {id}"));
        // Its name, and the `Arc`.
        let made = made - 2;
        // Tables grow now and then.
        least = (least.0.min(made), least.1.min(LARGEST.get()));
    }
    assert_eq!(least.0, MISS);
    assert!(least.1 <= AT_ONCE, "{} bytes at once", least.1);
}

#[test]
fn a_hit_allocates_nothing() {
    let _alone = IN_TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (miss, _) = allocations(by_id(7));
    assert!(miss > 0, "the counter counts");
    assert!(allocations(by_name("a shop", "a name: with marks")).0 > 0);
    // A thread's first hit makes its table, the first of a key with many words keeps them
    // there, and moka allocates its bookkeeping the first time that it tidies up. From then on
    // not one hit of many may allocate.
    for _ in 0..100 {
        allocations(by_id(7));
        let (_, page) = allocations(by_name("a shop", "a name: with marks"));
        assert!(page.is_ok());
    }
    for round in 0..10_000 {
        let (made, product) = allocations(by_id(7));
        assert_eq!(made, 0, "round {round}");
        assert_eq!(product.name, "product 7");
        let (made, product) = allocations(by_name("a shop", "a name: with marks"));
        assert_eq!(made, 0, "round {round}");
        assert!(product.is_ok());
    }
}

/// One that is drawn to be counted neither, also where its key takes over another's counter.
#[test]
fn a_hit_that_is_counted_allocates_nothing() {
    let builder = cachekit::Cache::builder().hot_keys(4);
    let (_, cache) = allocations(builder.build());
    let cache = cache.expect("a valid set-up");
    for round in 0..10_000 {
        for id in 10..26 {
            let call = cachekit::testing::scope(cache.clone(), by_id(id));
            let (made, _) = allocations(call);
            assert!(made == 0 || round < 100, "{made} in round {round}");
        }
    }
    assert_eq!(cache.hot_keys(16).len(), 4);
}
