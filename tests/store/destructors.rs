//! Values whose destructor uses their own cache: the cache holds no lock while a destructor runs.

use std::pin::pin;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use cachekit::testing::{FakeStore, scope};
use cachekit::{Cache, Policy, Tier, cached, write_through};
use cachekit_tests::{builder, poll_once};
use serde::{Deserialize, Serialize};

/// So long a step may take that takes no time.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Session {
    version: u64,
    #[serde(skip)]
    cache: Option<Cache>,
}

impl Session {
    fn quiet(version: u64) -> Self {
        Self {
            version,
            cache: None,
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(cache) = self.cache.take() else {
            return;
        };
        for key in ["row", "memory-session:1", "redis-session:1", "session:1"] {
            let policy = Policy::new();
            let _ = poll_once(pin!(cache.put(key, Session::quiet(0), &policy)));
            let _ = poll_once(pin!(cache.invalidate(key)));
        }
        let _ = poll_once(pin!(scope(cache.clone(), set(Session::quiet(0)))));
        let _ = poll_once(pin!(scope(cache, set_ordered(Session::quiet(9)))));
    }
}

macro_rules! writers {
    ($($tier:ident $Tier:ident $name:tt $key:tt $id:ident $read:ident $set:ident $set_ordered:ident $set_here:ident)*) => {
        $(
            #[cached(key = $key, name = $name, tier = $tier)]
            async fn $read($id: u64) -> Session {
                Session::quiet($id)
            }

            #[write_through($read(1))]
            async fn $set(session: Session) -> Session {
                session
            }

            #[write_through($read(1), order_by = ret.version)]
            async fn $set_ordered(session: Session) -> Session {
                tokio::task::yield_now().await;
                session
            }

            #[write_through($read(1))]
            fn $set_here(session: Session) -> Session {
                session
            }
        )*

        /// Writes, overlaps and drops writes of nosy values.
        async fn write(tier: Tier, cache: &Cache) {
            let nosy = |version| Session {
                version,
                cache: Some(cache.clone()),
            };
            let policy = Policy::new().tier(tier);
            for version in [1, 2] {
                cache.put("row", nosy(version), &policy).await;
                cache.get::<Session>("row").await;
                match tier {
                    $(Tier::$Tier => scope(cache.clone(), async {
                        drop($set(nosy(version)).await);
                        drop($set_here(nosy(version)));
                        let writes = [3, 1, 2, 2].map(|number| $set_ordered(nosy(number)));
                        let [one, two, three, four] = writes;
                        drop(tokio::join!(one, two, three, four));
                        drop($set_ordered(nosy(version)).await);
                    })
                    .await,)*
                    _ => unreachable!("not in the table"),
                }
            }
            for polls in 1..6 {
                let mut put = pin!(cache.put("row", nosy(polls), &policy));
                let _ = (0..polls).any(|_| poll_once(put.as_mut()).is_ready());
            }
            cache.invalidate("row").await;
            cache.clear().await;
        }

        const TIERS: &[Tier] = &[$(Tier::$Tier),*];
    };
}

writers! {
    memory Memory "sessions_in_memory" "memory-session:{id}" id read_memory set_memory set_ordered_memory set_here_memory
    redis Redis "sessions_in_redis" "redis-session:{id}" id read_redis set_redis set_ordered_redis set_here_redis
    both Both "sessions" "session:{id}" id read set set_ordered set_here
}

/// Whether `test` comes to an end.
fn ends(test: impl AsyncFnOnce() + Send + 'static) -> bool {
    let (done, ended) = channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(test());
        done.send(()).expect("it is waited for");
    });
    match ended.recv_timeout(PATIENCE) {
        Ok(()) => true,
        Err(RecvTimeoutError::Timeout) => false,
        Err(RecvTimeoutError::Disconnected) => panic!("it panicked"),
    }
}

#[test]
fn a_destructor_that_invalidates_and_writes_hangs_nothing() {
    for tier in TIERS {
        for has_store in [false, true] {
            let did_end = ends(async move || {
                let settings = if has_store {
                    builder().__store(FakeStore::new())
                } else {
                    builder()
                };
                let cache = settings.build().await.expect("a valid set-up");
                Box::pin(write(*tier, &cache)).await;
                assert_eq!(cache.stats().writes, 0);
            });
            assert!(did_end, "{tier:?}, a store: {has_store}: it hangs");
        }
    }
}
