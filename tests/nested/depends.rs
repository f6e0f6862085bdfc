//! `depends` says what of the entries that an entry is made of reaches it.

use cachekit::cached;
use cachekit::testing::scope;
use cachekit_tests::Source;

use crate::world::{SECOND, cache, on_clock, quick};

#[cached(name = "depends_inner", key = "depends:inner", ttl = 5, skip(source))]
async fn inner(source: &Source) -> u64 {
    source.read().await
}

#[cached(
    name = "depends_all",
    key = "depends:all",
    ttl = 300,
    depends = true,
    skip(source)
)]
async fn all(source: &Source) -> u64 {
    inner(source).await
}

#[cached(name = "depends_names", key = "depends:names", ttl = 300, depends = names, skip(source))]
async fn names(source: &Source) -> u64 {
    inner(source).await
}

#[cached(
    name = "depends_none",
    key = "depends:none",
    ttl = 300,
    depends = false,
    skip(source)
)]
async fn none(source: &Source) -> u64 {
    inner(source).await
}

/// Hangs on what lies between and on nothing below that.
#[cached(name = "depends_above", key = "depends:above", ttl = 300, skip(source))]
async fn above_none(source: &Source) -> u64 {
    none(source).await
}

#[tokio::test]
async fn an_invalidation_reaches_all_but_those_that_depend_on_nothing() {
    let source = quick();
    scope(cache().await, async {
        let read = async || {
            let one = (all(&source).await, names(&source).await);
            (one, none(&source).await, above_none(&source).await)
        };
        assert_eq!(read().await, ((0, 0), 0, 0));
        source.write(1);
        inner::entry().invalidate().await;
        assert_eq!(read().await, ((1, 1), 0, 0));
        none::entry().invalidate().await;
        assert_eq!(read().await, ((1, 1), 1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_life_shortens_those_alone_that_depend_on_everything() {
    let source = quick();
    let (clock, cache) = on_clock(None).await;
    scope(cache, async {
        inner(&source).await;
        clock.advance(2 * SECOND);
        for read in [
            all(&source).await,
            names(&source).await,
            above_none(&source).await,
        ] {
            assert_eq!(read, 0);
        }
        assert_eq!(all::entry().ttl().await, Some(3 * SECOND));
        assert_eq!(names::entry().ttl().await, Some(300 * SECOND));
        assert_eq!(none::entry().ttl().await, Some(300 * SECOND));
        assert_eq!(above_none::entry().ttl().await, Some(300 * SECOND));
    })
    .await;
}

#[cached(
    name = "depends_soft_inner",
    key = "depends:soft-inner",
    ttl = 300,
    stale = 60,
    skip(source)
)]
async fn soft_inner(source: Source) -> u64 {
    source.read().await
}

#[cached(name = "depends_soft_names", key = "depends:soft-names", ttl = 3600, depends = names, skip(source))]
async fn soft_names(source: &Source) -> u64 {
    soft_inner(source.clone()).await
}

/// The old value is given to the function at once, and is not stored as fresh.
#[tokio::test]
async fn a_soft_invalidation_reaches_those_that_depend_on_names() {
    let source = quick();
    scope(cache().await, async {
        soft_inner(source.clone()).await;
        source.write(1);
        soft_inner::entry().expire().await;
        assert_eq!(soft_names(&source).await, 0, "the old one, at once");
        cachekit_tests::settle().await;
        assert_eq!(soft_names(&source).await, 1);
    })
    .await;
}

#[cached(name = "depends_banner", key = "depends:banner")]
async fn banner() -> String {
    String::from("none")
}

#[cached(name = "depends_on_absence", key = "depends:on-absence")]
async fn on_absence() -> String {
    let there = banner::entry().get().await;
    there.unwrap_or_default()
}

#[tokio::test]
async fn an_absence_that_a_function_was_told_counts() {
    scope(cache().await, async {
        assert_eq!(on_absence().await, "");
        banner::entry().put("Sale".to_owned()).await;
        assert_eq!(on_absence().await, "Sale");
    })
    .await;
}
