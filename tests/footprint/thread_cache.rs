//! The threads' tables (L0), each in front of the memory tier.

use std::sync::Barrier;
use std::thread;

use cachekit::{Cache, Capacity, Engine, cached, testing};

use crate::{alone, live};

/// What a thread may keep, also after the entries are gone: docs/guarantees.md names it.
const EACH: isize = 8 << 20;

#[cached(key = "long:{text}", tier = memory)]
fn of_long_argument(text: &str) -> usize {
    text.len()
}

#[expect(clippy::large_stack_arrays, reason = "it is large on purpose")]
#[cached(key = "inline:{id}", tier = memory)]
fn inline(id: u64) -> Large {
    Large([id; 8_192])
}

#[cached(key = "small:{id}:{text}", tier = memory)]
fn of_short_argument(id: u64, text: &str) -> [u64; 64] {
    [id + text.len() as u64; 64]
}

#[derive(Clone)]
struct Large([u64; 8_192]);

fn a_runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.build().expect("a runtime")
}

/// What so many threads take after each did `work` in a cache of 8 MiB: then, and after it was
/// cleared.
fn taken(threads: usize, work: fn(usize)) -> (isize, isize) {
    let runtime = a_runtime();
    // What leaves moka is freed later, when other threads had their turn.
    let builder = Cache::builder().engine(Engine::QuickCache);
    let builder = builder.memory_capacity(Capacity::bytes(8 << 20));
    let cache = runtime.block_on(builder.build()).expect("a valid set-up");
    let (done, leave) = (Barrier::new(threads + 1), Barrier::new(threads + 1));
    let before = live();
    thread::scope(|scope| {
        for number in 0..threads {
            let (cache, done, leave) = (cache.clone(), &done, &leave);
            // In a debug build values go over the stack many times.
            let thread = thread::Builder::new().stack_size(32 << 20);
            let spawned = thread.spawn_scoped(scope, move || {
                let worked = testing::scope(cache, async move { work(number) });
                a_runtime().block_on(worked);
                done.wait();
                leave.wait();
            });
            spawned.expect("a thread");
        }
        done.wait();
        cache.stats();
        let full = live() - before;
        runtime.block_on(cache.clear());
        cache.stats();
        let cleared = live() - before;
        leave.wait();
        (full, cleared)
    })
}

/// So often each is asked for: the table takes it up.
const OFTEN: usize = 4;

fn long_arguments(thread: usize) {
    for number in 0..6 {
        let text = format!("{thread} {number} {}", "x".repeat(512 << 10));
        for _ in 0..OFTEN {
            assert_eq!(of_long_argument(&text), text.len());
        }
    }
}

fn inline_values(thread: usize) {
    for number in 0..40 {
        let id = (thread * 1_000 + number) as u64;
        for _ in 0..OFTEN {
            assert_eq!(inline(id).0[0], id);
        }
    }
}

fn many_small(thread: usize) {
    let text = "t".repeat(300);
    for number in 0..8_000 {
        let id = (thread * 100_000 + number) as u64;
        for _ in 0..OFTEN {
            assert_eq!(of_short_argument(id, &text)[0], id + 300);
        }
    }
}

/// What it is, how many threads do it, what each does, and what it may keep.
type Work = (&'static str, usize, fn(usize), isize);

#[test]
fn a_thread_keeps_no_more_than_it_may() {
    let _alone = alone();
    let works: [Work; 3] = [
        ("arguments of 512 KiB", 16, long_arguments, EACH / 4),
        ("values of 64 KiB", 16, inline_values, EACH / 4),
        ("many small ones", 4, many_small, EACH),
    ];
    for (what, threads, work, each) in works {
        let (full, cleared) = taken(threads, work);
        let count = isize::try_from(threads).expect("few");
        // The cache's own, and what a thread and a runtime need.
        let most = (10 << 20) + count * each;
        println!("{what}: {full} bytes, cleared {cleared}, at most {most}");
        assert!(full <= most, "{what}: {full} of {most}");
        assert!(
            cleared <= count * each + (1 << 20),
            "{what}: {cleared} after clear"
        );
    }
}

/// After a clear, a thread that goes on gives back what is dead.
#[test]
fn a_thread_that_goes_on_gives_back_what_was_invalidated() {
    let _alone = alone();
    let runtime = a_runtime();
    let builder = Cache::builder().engine(Engine::QuickCache);
    let builder = builder.memory_capacity(Capacity::entries(20_000));
    let cache: Cache = runtime.block_on(builder.build()).expect("a valid set-up");
    let work = |from: u64, count: u64| {
        let text = "t".repeat(300);
        let worked = testing::scope(cache.clone(), async move {
            for id in from..from + count {
                for _ in 0..OFTEN {
                    of_short_argument(id, &text);
                }
            }
        });
        runtime.block_on(worked);
    };
    work(0, 10);
    let before = live();
    work(100, 5_000);
    runtime.block_on(cache.clear());
    cache.stats();
    let cleared = live() - before;
    for _ in 0..400 {
        work(0, 10);
        runtime.block_on(cache.clear());
    }
    cache.stats();
    let after = live() - before;
    println!("{cleared} bytes after the clear, {after} after going on");
    assert!(after < cleared - 500_000, "{after} of {cleared}");
}
