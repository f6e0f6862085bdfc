//! Writes of an entry, of every kind and in every tier: no other node keeps the previous value.

use cachekit::testing::{FakeStore, Fault, scope};
use cachekit::{Cache, Tier};
use cachekit_tests::{Source, poll_once, settle};

use crate::world::{node, quick, settings, sleep};

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Put,
    EntryPut,
    Through,
    Ordered,
    /// By functions that cannot wait.
    Sync,
    SyncOrdered,
    /// Begun, and dropped.
    Dropped,
}

const HOWS: [How; 7] = [
    How::Put,
    How::EntryPut,
    How::Through,
    How::Ordered,
    How::Sync,
    How::SyncOrdered,
    How::Dropped,
];

/// A function and its writers, in each tier.
macro_rules! functions {
    ($($tier:ident $Tier:ident $id:ident $key:tt $name:tt)*) => {
        $(mod $tier {
            use cachekit::{Policy, Tier, cached, write_through};

            use super::*;

            #[cached(key = $key, name = $name, tier = $tier, skip(source))]
            async fn row(source: Source, $id: u64) -> u64 {
                source.read().await
            }

            #[write_through(row(_, 1))]
            async fn set(version: u64) -> u64 {
                settle().await;
                version
            }

            #[write_through(row(_, 1), order_by = ret)]
            async fn set_ordered(version: u64) -> u64 {
                version
            }

            #[write_through(row(_, 1))]
            fn set_here(version: u64) -> u64 {
                version
            }

            #[write_through(row(_, 1), order_by = ret)]
            fn set_here_ordered(version: u64) -> u64 {
                version
            }

            pub(super) async fn read(how: How, cache: &Cache, source: Source) -> u64 {
                if how == How::Put {
                    let policy = Policy::new().tier(Tier::$Tier);
                    let compute = || async move { source.read().await };
                    return cache.get_or_compute("row", &policy, compute).await;
                }
                scope(cache.clone(), row(source, 1)).await
            }

            pub(super) async fn write(how: How, cache: &Cache, version: u64) {
                let policy = Policy::new().tier(Tier::$Tier);
                scope(cache.clone(), async {
                    match how {
                        How::Put => cache.put("row", version, &policy).await,
                        How::EntryPut => row::entry(1).put(version).await,
                        How::Through => assert_eq!(set(version).await, version),
                        How::Ordered => assert_eq!(set_ordered(version).await, version),
                        How::Sync => assert_eq!(set_here(version), version),
                        How::SyncOrdered => assert_eq!(set_here_ordered(version), version),
                        How::Dropped => {
                            let mut write = Box::pin(set(version));
                            for _ in 0..8 {
                                assert!(poll_once(write.as_mut()).is_pending());
                            }
                        }
                    }
                })
                .await;
            }
        })*

        async fn read(tier: Tier, how: How, cache: &Cache, version: u64) -> u64 {
            match tier {
                $(Tier::$Tier => $tier::read(how, cache, quick(version)).await,)*
                _ => unreachable!("not in the table"),
            }
        }

        async fn write(tier: Tier, how: How, cache: &Cache, version: u64) {
            match tier {
                $(Tier::$Tier => $tier::write(how, cache, version).await,)*
                _ => unreachable!("not in the table"),
            }
        }

        const TIERS: &[Tier] = &[$(Tier::$Tier),*];
    };
}

functions! {
    memory Memory id "memory:{id}" "written_in_memory"
    redis Redis id "redis:{id}" "written_in_redis"
    both Both id "both:{id}" "written_in_both"
}

/// Two nodes have 1, and one of them writes 2. What each of them has then.
async fn written(tier: Tier, how: How, is_closed: bool, fault: Option<Fault>) -> [u64; 2] {
    let store = FakeStore::new();
    let builder = settings(&store);
    let builder = match fault {
        Some(fault) => builder.__seed(fault),
        None => builder,
    };
    let one = builder.build().await.expect("a valid set-up");
    let other = node(&store).await;
    for cache in [&one, &other] {
        assert_eq!(read(tier, how, cache, 1).await, 1, "{tier:?}, {how:?}");
        settle().await;
    }
    if is_closed {
        one.shutdown().await;
    }
    write(tier, how, &one, 2).await;
    sleep(100).await;
    [
        read(tier, how, &one, 2).await,
        read(tier, how, &other, 2).await,
    ]
}

#[tokio::test(start_paused = true)]
async fn g5_no_other_node_keeps_what_a_write_replaced() {
    let mut wrong = vec![];
    for tier in TIERS {
        for how in HOWS {
            for is_closed in [false, true] {
                let have = written(*tier, how, is_closed, None).await;
                if have != [2, 2] {
                    wrong.push(format!("{tier:?}, {how:?}, closed: {is_closed}: {have:?}"));
                }
            }
            let fault = Some(Fault::WriteUntold);
            let is_untold = *tier == Tier::Memory && how != How::Dropped;
            let unguarded = if is_untold { [2, 1] } else { [2, 2] };
            let have = written(*tier, how, false, fault).await;
            if have != unguarded {
                wrong.push(format!("{tier:?}, {how:?}, told to nobody: {have:?}"));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}
