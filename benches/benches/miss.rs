//! Distributions of misses in memory; with `--features rivals`, of the other caches too.
//!
//!     RUSTFLAGS= cargo bench -p cachekit-benches --bench miss

use std::time::Instant;

use cachekit_benches::keys::{Keys, Spread};
use cachekit_benches::memory::miss;
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

fn misses(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    cachekit_benches::refuse_switches();
    let candidates = miss::candidates(runtime.handle()).expect("caches are set up");
    // Each asks for what nobody asked for before.
    let any = Keys::new(Spread::Even);
    let mut group = criterion.benchmark_group("miss/Arc<User>/u64");
    for candidate in &candidates {
        group.bench_function(candidate.name(), |bencher| {
            bencher.iter_custom(|calls| {
                let calls = usize::try_from(calls).expect("calls that can be counted");
                let start = Instant::now();
                runtime.block_on(candidate.run(any.batch(0, calls)));
                start.elapsed()
            });
        });
    }
}

criterion_group!(benches, misses);
criterion_main!(benches);
