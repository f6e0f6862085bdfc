//! Writes of an inner entry, by value, and reads inside of functions that write (R2).

use cachekit::testing::{Fault, scope};
use cachekit::{cached, invalidates, write_through};
use cachekit_tests::Source;

use crate::levels::{page, site, user};
use crate::world::{cache, quick, without};

#[write_through(user(_, id))]
async fn store(source: &Source, id: u64, version: u64) -> u64 {
    source.write(version);
    version
}

/// The outermost entry in memory, after the innermost was written by value.
async fn after_a_write_through(fault: Option<Fault>) -> u64 {
    let source = quick();
    scope(without(fault).await, async {
        assert_eq!(site(&source, 1).await, 0);
        store(&source, 1, 1).await;
        site(&source, 1).await
    })
    .await
}

#[tokio::test]
async fn a_write_through_of_the_innermost_reaches_the_outermost() {
    assert_eq!(after_a_write_through(None).await, 1);
}

#[tokio::test]
async fn a_put_of_the_innermost_reaches_the_outermost() {
    let source = quick();
    scope(cache().await, async {
        assert_eq!(site(&source, 1).await, 0);
        source.write(1);
        user::entry(1).put(1).await;
        assert_eq!(site(&source, 1).await, 1);
    })
    .await;
}

/// Ends with a cached read, which is a hit of the entry from before.
#[write_through(user(_, id))]
async fn store_what_is_read(source: &Source, id: u64) -> u64 {
    source.write(1);
    user(source, id).await
}

/// The same by an entry that is made of it.
#[write_through(user(_, id))]
async fn store_what_is_read_above(source: &Source, id: u64) -> u64 {
    source.write(1);
    page(source, id).await
}

#[tokio::test]
async fn r2_a_hit_of_the_old_entry_does_not_become_the_new_one() {
    for above in [false, true] {
        let source = quick();
        scope(cache().await, async {
            page(&source, 1).await;
            if above {
                store_what_is_read_above(&source, 1).await;
            } else {
                store_what_is_read(&source, 1).await;
            }
            assert_eq!(user(&source, 1).await, 1, "above: {above}");
            assert_eq!(page(&source, 1).await, 1, "above: {above}");
        })
        .await;
    }
}

/// Without an entry from before, there is nothing old to store.
#[tokio::test]
async fn r2_what_is_read_from_the_source_may_be_stored() {
    let source = quick();
    scope(cache().await, async {
        assert_eq!(store_what_is_read(&source, 1).await, 1);
        assert_eq!(user(&source, 1).await, 1);
    })
    .await;
}

#[invalidates(user(_, id))]
async fn rename_and_read(source: &Source, id: u64) -> u64 {
    source.write(1);
    user(source, id).await
}

#[invalidates(user(_, id), on = before)]
async fn rename_before_and_read(source: &Source, id: u64) -> u64 {
    let _ = user(source, id).await;
    source.write(1);
    user(source, id).await
}

#[tokio::test]
async fn r2_after_a_function_that_reads_its_own_entry_calls_get_the_new_value() {
    for before in [false, true] {
        let source = quick();
        scope(cache().await, async {
            site(&source, 1).await;
            if before {
                rename_before_and_read(&source, 1).await;
            } else {
                rename_and_read(&source, 1).await;
            }
            assert_eq!(site(&source, 1).await, 1, "before: {before}");
        })
        .await;
    }
}

/// A cached function whose body writes.
#[cached(name = "writes_visit", key = "writes:visit:{id}", skip(source))]
async fn visit(source: &Source, id: u64) -> u64 {
    let before = user(source, id).await;
    store(source, id, before + 1).await
}

#[tokio::test]
async fn a_computation_that_writes_what_it_took_ends() {
    let source = quick();
    scope(cache().await, async {
        assert_eq!(visit(&source, 1).await, 1);
        assert_eq!(user(&source, 1).await, 1);
        // What it took is not there any more.
        assert_eq!(visit(&source, 1).await, 2);
    })
    .await;
}
