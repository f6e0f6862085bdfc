//! The weight of an entry is the memory that it takes.

use cachekit::{Cache, Capacity, Engine, Policy};

use crate::{alone, live};

const CAPACITY: isize = 8 << 20;

/// What a cache of 8 MiB that is full of `value`s takes, and how many it has.
async fn full<V>(engine: Engine, tags: usize, value: impl Fn(usize) -> V) -> (isize, u64)
where
    V: cachekit::Cacheable,
{
    let before = live();
    let capacity = Capacity::bytes(CAPACITY.unsigned_abs() as u64);
    let builder = Cache::builder().engine(engine).memory_capacity(capacity);
    let cache = builder.build().await.expect("a valid set-up");
    let policy = (0..tags).fold(Policy::new(), |policy, tag| {
        policy.tag(format!("tag:{tag}"))
    });
    for id in 0..25_000 {
        cache.put(&format!("key:{id}"), value(id), &policy).await;
        if id % 1_000 == 0 {
            cache.stats();
        }
    }
    let stats = cache.stats();
    assert!(stats.bytes > 0, "it is full");
    (live() - before, stats.entries)
}

#[test]
fn a_full_cache_takes_what_its_capacity_says() {
    let _alone = alone();
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.build().expect("a runtime");
    assert_eq!(runtime.block_on(wrong()), [""; 0]);
}

/// Those that take much more or less.
async fn wrong() -> Vec<String> {
    let mut wrong = Vec::new();
    // What others left is freed while it runs.
    full(Engine::Moka, 0, |id| id as u64).await;
    for engine in [Engine::Moka, Engine::QuickCache] {
        for tags in [0, 6] {
            let all = [
                full(engine, tags, |id| id as u64).await,
                full(engine, tags, |_| None::<u64>).await,
                full(engine, tags, |id| format!("a text of some length {id}")).await,
                full(engine, tags, |id| vec![id as u64; 500]).await,
            ];
            for (taken, entries) in all {
                let percent = taken * 100 / CAPACITY;
                let each = taken / isize::try_from(entries).expect("few");
                let told = format!("{engine}, {tags} tags: {percent} %, {entries} of {each}");
                println!("{told}");
                if !(85..=120).contains(&percent) {
                    wrong.push(told);
                }
            }
        }
    }
    wrong
}
