//! Distributions of hits in memory; with `--features rivals`, of the other caches too.
//!
//!     RUSTFLAGS= cargo bench -p cachekit-benches --bench hit

use std::sync::Arc;
use std::time::Instant;

use cachekit_benches::keys::{Keys, Spread};
use cachekit_benches::memory::{self, Args, Value, ours};
use cachekit_benches::rounds;
use cachekit_benches::user::User;
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::Runtime;

fn group<V: Value>(criterion: &mut Criterion, runtime: &Runtime, name: &str, args: Args) {
    cachekit_benches::refuse_switches();
    let candidates = memory::candidates::<V>(runtime.handle(), args).expect("rivals are set up");
    rounds::warm(runtime.handle(), &candidates);
    let keys = Keys::new(Spread::Zipf);
    let mut group = criterion.benchmark_group(format!("hit/{}/{name}", V::NAME));
    for candidate in &candidates {
        group.bench_function(candidate.name(), |bencher| {
            bencher.iter_custom(|calls| {
                let calls = usize::try_from(calls).expect("calls that can be counted");
                let start = Instant::now();
                runtime.block_on(candidate.run(keys.batch(0, calls)));
                start.elapsed()
            });
        });
    }
}

fn hits(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(ours::init()).expect("the first cache");
    for (name, args) in [
        ("u64", Args::Number),
        ("str", Args::Text),
        ("u64 and str", Args::Both),
    ] {
        group::<Arc<User>>(criterion, &runtime, name, args);
        group::<User>(criterion, &runtime, name, args);
    }
}

criterion_group!(benches, hits);
criterion_main!(benches);
