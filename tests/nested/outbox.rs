//! An inner name that the store has not accepted yet keeps this node from reading what was made of
//! it.

use cachekit::testing::{FakeStore, Op, Trouble, scope};
use cachekit::{Cache, invalidates, write_through};
use cachekit_tests::{Source, settle};

use crate::levels::{page, site, user};
use crate::world::{over, quick};

#[invalidates(user(_, id))]
async fn rename(source: &Source, id: u64) {
    source.write(1);
}

#[write_through(user(_, id))]
async fn store(source: &Source, id: u64) -> u64 {
    source.write(1);
    1
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Write {
    Rename,
    Store,
    Key,
    Soft,
}

const ALL: [Write; 4] = [Write::Rename, Write::Store, Write::Key, Write::Soft];

impl Write {
    async fn run(self, cache: &Cache, source: &Source) {
        scope(cache.clone(), async {
            match self {
                Self::Rename => rename(source, 1).await,
                Self::Store => drop(store(source, 1).await),
                Self::Key => {
                    source.write(1);
                    cache.invalidate("user:1").await;
                }
                Self::Soft => {
                    source.write(1);
                    cache.invalidation().soft().keys(["user:1"]).await;
                }
            }
        })
        .await;
    }
}

/// The levels that the writer gets after a write that the store does not accept, all of which
/// another node has stored before. If `knows_levels`, the writer has computed another site.
async fn after_an_unaccepted_write(write: Write, knows_levels: bool) -> [u64; 2] {
    let (shared, source) = (FakeStore::new(), quick());
    let (writer, other) = (over(&shared, None).await, over(&shared, None).await);
    scope(other, async { site(&source, 1).await }).await;
    if knows_levels {
        scope(writer.clone(), async { site(&source, 2).await }).await;
    }
    settle().await;
    for op in [Op::Invalidate, Op::Fill] {
        shared.always(op, Trouble::Rejected("BUSY"));
    }
    write.run(&writer, &source).await;
    assert!(writer.stats().redis.queued_invalidations > 0, "{write:?}");
    scope(writer.clone(), async {
        [page(&source, 1).await, site(&source, 1).await]
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn what_is_made_of_a_name_that_waits_is_not_read_from_the_store() {
    let mut wrong = vec![];
    for write in ALL {
        for knows_levels in [false, true] {
            let got = after_an_unaccepted_write(write, knows_levels).await;
            if got != [1; 2] {
                wrong.push((write, knows_levels, got));
            }
        }
    }
    assert_eq!(wrong, []);
}
