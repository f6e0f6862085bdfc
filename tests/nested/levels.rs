//! Three levels of functions, the lowest of which reads the source, with everything that the lowest
//! can be invalidated by.

use cachekit::{Cache, cached};
use cachekit_tests::Source;

/// The name of the lowest level.
pub(crate) const USER: &str = "levels_user";

#[cached(
    name = "levels_user",
    key = "user:{id}",
    tags = ["users", "team:{id}", "shard:{ret}"],
    events = ["user.changed"],
    skip(source)
)]
pub(crate) async fn user(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(name = "levels_page", key = "page:{id}", skip(source))]
pub(crate) async fn page(source: &Source, id: u64) -> u64 {
    user(source, id).await
}

#[cached(name = "levels_site", key = "site:{id}", skip(source))]
pub(crate) async fn site(source: &Source, id: u64) -> u64 {
    page(source, id).await
}

/// A name that the entry `user:1` of version 0 has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum By {
    Key,
    Entry,
    Function,
    FunctionName,
    Tag,
    ArgumentTag,
    ValueTag,
    Event,
    Clear,
}

pub(crate) const ALL: [By; 9] = [
    By::Key,
    By::Entry,
    By::Function,
    By::FunctionName,
    By::Tag,
    By::ArgumentTag,
    By::ValueTag,
    By::Event,
    By::Clear,
];

impl By {
    /// Invalidates it on the cache of the scope, which is `cache`.
    pub(crate) async fn apply(self, cache: &Cache) {
        match self {
            Self::Key => cache.invalidate("user:1").await,
            Self::Entry => user::entry(1).invalidate().await,
            Self::Function => user::invalidate_all().await,
            Self::FunctionName => assert!(cache.invalidate_function(USER).await),
            Self::Tag => cache.invalidate_tags(["users"]).await,
            Self::ArgumentTag => cache.invalidate_tags(["team:1"]).await,
            Self::ValueTag => cache.invalidate_tags(["shard:0"]).await,
            Self::Event => cache.emit("user.changed").await,
            Self::Clear => cache.clear().await,
        }
    }

    /// Invalidates it softly.
    pub(crate) async fn soften(self, cache: &Cache) {
        let soft = cache.invalidation().soft();
        match self {
            Self::Key => soft.keys(["user:1"]).await,
            Self::Entry => user::entry(1).expire().await,
            Self::Function => user::expire_all().await,
            Self::FunctionName => soft.functions([USER]).await,
            Self::Tag => soft.tags(["users"]).await,
            Self::ArgumentTag => soft.tags(["team:1"]).await,
            Self::ValueTag => soft.tags(["shard:0"]).await,
            Self::Event => soft.events(["user.changed"]).await,
            Self::Clear => soft.everything().await,
        }
    }
}
