//! Regions: all handles with one name share one memory.

use cachekit::testing::Fault;
use cachekit::{Cache, Capacity, Region};

use crate::{cache, without};

const ROOM: Capacity = Capacity::entries(100);

/// When a handle is made, or first used, in relation to the capacity of its region.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Made {
    /// Before, and used before.
    UsedBefore,
    Before,
    /// It is the one that sets the capacity.
    BySetting,
    After,
}

const MOMENTS: [Made; 4] = [Made::UsedBefore, Made::Before, Made::BySetting, Made::After];

/// One handle of each moment.
async fn handles(cache: &Cache) -> Vec<(Made, Region<u64>)> {
    let region = || cache.region::<u64>("shared");
    let (used, unused) = (region(), region());
    used.set(1, 0).await;
    assert_eq!(used.get(1).await, Some(0));
    let setting = region().capacity(ROOM);
    let handles = [used, unused, setting, region()];
    MOMENTS.into_iter().zip(handles).collect()
}

/// Every pair in turn: what one does, the other sees. The first that it does not.
async fn mismatch(cache: &Cache) -> Option<String> {
    let handles = handles(cache).await;
    let mut next = 0;
    for (writes, writer) in &handles {
        for (reads, reader) in &handles {
            let pair = format!("{writes:?} writes and {reads:?} reads");
            next += 10;
            writer.set(1, next).await;
            let got = reader.get(1).await;
            if got != Some(next) {
                return Some(format!("{pair}: {got:?} after {next} was set"));
            }
            let hit = reader.get_or_compute(1, || async { next + 1 }).await;
            if hit != next {
                return Some(format!("{pair}: computed {hit} beside {next}"));
            }
            writer.delete(1).await;
            assert_eq!(reader.get(1).await, None, "{pair}");
            let computed = writer.get_or_compute(1, || async { next + 2 }).await;
            assert_eq!(computed, next + 2, "{pair}");
            let hit = reader.get_or_compute(1, || async { next + 3 }).await;
            if hit != next + 2 {
                return Some(format!("{pair}: computed {hit} beside {}", next + 2));
            }
            writer.clear().await;
            assert_eq!(reader.get(1).await, None, "{pair}");
        }
    }
    None
}

#[tokio::test]
async fn whenever_a_handle_was_made_it_sees_what_the_others_do() {
    assert_eq!(mismatch(&cache().await).await, None);
    let broken = without(Some(Fault::KeepRegionMemory)).await;
    let seen = mismatch(&broken).await;
    assert!(
        seen.is_some(),
        "each handle keeps the memory that it began with"
    );
}

/// The first capacity stays, for handles of every age.
#[tokio::test]
async fn a_second_capacity_changes_nothing() {
    let cache = cache().await;
    let early = cache.region::<u64>("small");
    let first = early_capacity(&cache, 3);
    let second = early_capacity(&cache, 50);
    for handle in [&early, &first, &second, &cache.region("small")] {
        for n in 0..100 {
            handle.set(n, n).await;
        }
        assert_eq!(cache.stats().entries, 3);
    }
    second.set(7, 8).await;
    assert_eq!((early.get(7).await, first.get(7).await), (Some(8), Some(8)));
}

fn early_capacity(cache: &Cache, entries: u64) -> Region<u64> {
    cache.region("small").capacity(Capacity::entries(entries))
}
