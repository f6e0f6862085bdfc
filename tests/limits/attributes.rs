//! Options of the attributes, at the smallest and the greatest values that compile.

use std::pin::Pin;
use std::time::Duration;

use cachekit::testing::{FakeStore, scope};
use cachekit::{Cache, cached, invalidates, write_through};
use cachekit_tests::settle;

use crate::{assert_same, read};

type Call = fn(u64) -> Pin<Box<dyn Future<Output = Result<Option<u64>, String>>>>;

/// Functions with an option each.
macro_rules! functions {
    ($($option:ident: $name:ident($($options:tt)*);)*) => {
        $(
            #[cached($($options)*)]
            async fn $name(id: u64) -> Result<Option<u64>, String> {
                tokio::task::yield_now().await;
                Ok((id > 0).then_some(id))
            }
        )*
        /// The option, the function's name, and a call.
        const NUMBERS: &[(&str, &str, Call)] = &[
            $((stringify!($option), stringify!($name), |id| Box::pin($name(id)))),*
        ];
    };
}

functions! {
    ttl: ttl_1(ttl = 1);
    ttl: ttl_max(ttl = 18446744073709551615);
    ttl: ttl_zero(ttl = Duration::ZERO);
    ttl: ttl_longest(ttl = Duration::MAX);
    ttl: ttl_of_value(ttl = if *ret > 1 { Duration::MAX } else { Duration::ZERO });
    none_ttl: none_ttl_1(none_ttl = 1);
    none_ttl: none_ttl_max(none_ttl = 18446744073709551615);
    err_ttl: err_ttl_1(err_ttl = 1);
    err_ttl: err_ttl_max(err_ttl = 18446744073709551615);
    idle: idle_1(idle = 1);
    idle: idle_max(idle = 18446744073709551615);
    capacity: capacity_1(capacity = 1);
    capacity: capacity_max(capacity = 18446744073709551615);
    memory_ttl: memory_ttl_1(memory_ttl = 1);
    memory_ttl: memory_ttl_max(memory_ttl = 18446744073709551615);
    redis_ttl: redis_ttl_1(redis_ttl = 1);
    redis_ttl: redis_ttl_max(redis_ttl = 18446744073709551615);
    stale: stale_1(stale = 1);
    stale: stale_max(stale = 18446744073709551615);
    stale: stale_with_ttl(ttl = Duration::MAX, stale = Duration::MAX);
    stale_if_error: stale_if_error_1(stale_if_error = 1);
    stale_if_error: stale_if_error_max(stale_if_error = 18446744073709551615);
    soft_timeout: soft_timeout_1(soft_timeout = "1ms", stale = 1);
    soft_timeout: soft_timeout_max(soft_timeout = 18446744073709551615, stale = 1);
    early: early_false(early = false);
    early: early_100(early = 100);
    jitter: jitter_0(jitter = 0.0);
    jitter: jitter_1(jitter = 1.0);
    replicas: replicas_2(replicas = 2, tier = redis);
    replicas: replicas_16(replicas = 16, tier = redis);
    lock_timeout: lock_timeout_1(lock_timeout = "1ms");
    lock_timeout: lock_timeout_max(lock_timeout = 18446744073709551615);
    timeout: timeout_1(timeout = "1s", timeout_error = "late".to_owned());
    timeout: timeout_max(timeout = 18446744073709551615, timeout_error = "late".to_owned());
    max_computations: max_computations_1(max_computations = 1);
    max_computations: max_computations_max(max_computations = 4294967295);
    version: version_0(version = 0);
    version: version_max(version = 4294967295);
}

const WITHOUT_NUMBERS: &[&str] = &[
    "key",
    "tags",
    "events",
    "skip",
    "name",
    "cache",
    "when",
    "store_if",
    "depends",
    "tier",
    "single_flight",
    "timeout_error",
    "codec",
    "compress",
    "encrypt",
    "companion",
    "detach",
    "crate",
];

#[test]
fn the_table_has_every_option() {
    let macros = read("cachekit-macros/src/lib.rs");
    let documented = macros
        .split("/// Caches the results")
        .nth(1)
        .and_then(|rest| rest.split("#[proc_macro_attribute]").next())
        .expect("its documentation");
    let rows = documented
        .lines()
        .filter_map(|row| row.strip_prefix("/// | `"));
    let words = rows.filter_map(|row| row.split(['`', ' ', '(', '=']).next());
    let numbers = NUMBERS.iter().map(|(option, ..)| *option);
    let listed = numbers.chain(WITHOUT_NUMBERS.iter().copied());
    let listed = listed.map(str::to_owned).collect();
    assert_same(listed, words.map(str::to_owned).collect());
}

/// Some calls on a node, and then the same on another over the same store.
async fn ask(call: Call, store: Option<&FakeStore>) -> u64 {
    let mut computations = 0;
    for _ in 0..2 {
        let builder = match store {
            Some(store) => Cache::builder().__store(store.clone()),
            None => Cache::builder(),
        };
        let cache = builder.build().await.expect("a valid set-up");
        scope(cache.clone(), async {
            let (a, b) = tokio::join!(call(7), call(7));
            assert_eq!((a, b), (Ok(Some(7)), Ok(Some(7))));
            settle().await;
            for _ in 0..4 {
                assert_eq!(call(7).await, Ok(Some(7)));
                assert_eq!(call(0).await, Ok(None));
                settle().await;
            }
        })
        .await;
        computations += cache.stats().computations;
    }
    computations
}

#[tokio::test(start_paused = true)]
async fn each_works_with_memory_and_with_a_store() {
    for (option, name, call) in NUMBERS {
        ask(*call, None).await;
        let computations = ask(*call, Some(&FakeStore::new())).await;
        // Beside the absences, which are not stored: four a node.
        let is_kept = name.ends_with("_max") && *option != "early";
        if is_kept && *option != "none_ttl" {
            assert_eq!(computations, 8 + 1, "{name}");
        }
    }
}

#[invalidates(ttl_max(id), ack = "1ms")]
async fn acknowledged_soon(id: u64) -> u64 {
    id
}

#[invalidates(ttl_max(id), ack = 18446744073709551615)]
async fn acknowledged_ever(id: u64) -> u64 {
    id
}

#[invalidates(ttl_max(id), intent = "100ms")]
async fn marked_shortly(id: u64) -> u64 {
    id
}

#[invalidates(ttl_max(id), intent = 18446744073709551615)]
async fn marked_ever(id: u64) -> u64 {
    id
}

#[invalidates(ttl_max(id), intent = Duration::ZERO)]
async fn marked_for_nothing(id: u64) -> u64 {
    id
}

#[write_through(ttl_max(id), intent = Duration::MAX)]
async fn replaced(id: u64) -> Option<u64> {
    settle().await;
    Some(id + 1)
}

#[tokio::test(start_paused = true)]
async fn intents() {
    let store = FakeStore::new();
    let builder = Cache::builder().__store(store.clone());
    let cache = builder.build().await.expect("a valid set-up");
    scope(cache, async {
        for _ in 0..2 {
            let id = tokio::join!(marked_shortly(1), marked_ever(1), marked_for_nothing(1));
            assert_eq!(id, (1, 1, 1));
            assert_eq!(ttl_max::entry(1).get().await, None);
            assert_eq!(replaced(1).await, Some(2));
            assert_eq!(ttl_max::entry(1).get().await, Some(2));
            settle().await;
            assert_eq!(store.marks(), 0);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn acknowledgements() {
    let builder = Cache::builder().__store(FakeStore::new());
    let cache = builder.build().await.expect("a valid set-up");
    scope(cache, async {
        for _ in 0..2 {
            assert_eq!(ttl_max(1).await, Ok(Some(1)));
            assert_eq!(acknowledged_soon(1).await, 1);
            assert_eq!(ttl_max::entry(1).get().await, None);
            assert_eq!(ttl_max(1).await, Ok(Some(1)));
            assert_eq!(acknowledged_ever(1).await, 1);
            assert_eq!(ttl_max::entry(1).get().await, None);
        }
    })
    .await;
}
