//! `deferred(..).reading_cache()`: cached calls of a transaction that are answered as everywhere
//! else.

use std::convert::Infallible;

use cachekit::testing::scope;
use cachekit::{deferred, invalidates};
use cachekit_tests::Source;

use crate::levels::{page, user};
use crate::world::{cache, quick};

#[invalidates(user(_, id))]
async fn rename(source: &Source, id: u64) {
    source.write(1);
}

#[tokio::test]
async fn calls_are_answered_from_the_cache() {
    let (cache, source) = (cache().await, quick());
    scope(cache.clone(), async {
        page(&source, 1).await;
        let Ok(()) = deferred(async {
            rename(&source, 1).await;
            assert_eq!(
                page(&source, 1).await,
                0,
                "nothing is invalid before the end"
            );
            Ok::<_, Infallible>(())
        })
        .reading_cache()
        .await;
        assert_eq!(cache.stats().bypassed, 0);
        assert_eq!(page(&source, 1).await, 1);
    })
    .await;
}
