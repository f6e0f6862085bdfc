//! The names of one write take effect as one: nothing that is computed between two of them
//! survives (C5).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cachekit::testing::Fault;
use cachekit::{Cache, Engine, cached, invalidates};
use cachekit_tests::Source;

use crate::world::{built, now, quick};

/// What destructors compute with.
#[derive(Debug, Clone)]
struct Stage {
    cache: Cache,
    source: Source,
    /// Whether the next destructor computes the page anew.
    is_armed: Arc<AtomicBool>,
}

/// A page whose destructor calls its function, as soon as an invalidation removes it.
#[derive(Debug)]
struct Page {
    version: u64,
    stage: Stage,
}

impl Drop for Page {
    fn drop(&mut self) {
        if self.stage.is_armed.swap(false, Ordering::SeqCst) {
            now(page(&self.stage, 1));
        }
    }
}

#[cached(
    name = "gaps_user",
    key = "gaps:user:{id}",
    tags = ["users"],
    cache = stage.cache,
    tier = memory
)]
async fn user(stage: &Stage, id: u64) -> u64 {
    stage.source.read().await
}

#[cached(name = "gaps_page", key = "gaps:page:{id}", cache = stage.cache, tier = memory)]
async fn page(stage: &Stage, id: u64) -> Arc<Page> {
    let version = user(stage, id).await;
    let stage = stage.clone();
    Arc::new(Page { version, stage })
}

#[invalidates(page(_, id), user(_, id), cache = stage.cache)]
async fn outer_first(stage: &Stage, id: u64) {
    stage.source.write(1);
}

#[invalidates(user(_, id), page(_, id), cache = stage.cache)]
async fn inner_first(stage: &Stage, id: u64) {
    stage.source.write(1);
}

#[invalidates(tags = ["users"], page(_, id), cache = stage.cache)]
async fn tag_and_key(stage: &Stage, id: u64) {
    stage.source.write(1);
}

#[invalidates(user(..), page(_, id), cache = stage.cache)]
async fn function_and_key(stage: &Stage, id: u64) {
    stage.source.write(1);
}

#[invalidates(page(_, id), cache = stage.cache)]
#[invalidates(user(_, id), cache = stage.cache)]
async fn outer_above(stage: &Stage, id: u64) {
    stage.source.write(1);
}

#[invalidates(user(_, id), cache = stage.cache)]
#[invalidates(page(_, id), cache = stage.cache)]
async fn inner_above(stage: &Stage, id: u64) {
    stage.source.write(1);
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Write {
    OuterFirst,
    InnerFirst,
    TagAndKey,
    FunctionAndKey,
    OuterAbove,
    InnerAbove,
}

const ALL: [Write; 6] = [
    Write::OuterFirst,
    Write::InnerFirst,
    Write::TagAndKey,
    Write::FunctionAndKey,
    Write::OuterAbove,
    Write::InnerAbove,
];

impl Write {
    async fn run(self, stage: &Stage) {
        match self {
            Self::OuterFirst => outer_first(stage, 1).await,
            Self::InnerFirst => inner_first(stage, 1).await,
            Self::TagAndKey => tag_and_key(stage, 1).await,
            Self::FunctionAndKey => function_and_key(stage, 1).await,
            Self::OuterAbove => outer_above(stage, 1).await,
            Self::InnerAbove => inner_above(stage, 1).await,
        }
    }
}

/// The page after a write between two names of which it was computed anew.
async fn computed_between_two_names(write: Write, fault: Option<Fault>) -> u64 {
    // This engine drops what it removes at once.
    let builder = Cache::builder().engine(Engine::QuickCache);
    let stage = Stage {
        cache: built(builder, fault).await,
        source: quick(),
        is_armed: Arc::default(),
    };
    assert_eq!(page(&stage, 1).await.version, 0);
    stage.is_armed.store(true, Ordering::SeqCst);
    write.run(&stage).await;
    let was_run = !stage.is_armed.swap(false, Ordering::SeqCst);
    assert!(was_run, "the step in between was taken");
    page(&stage, 1).await.version
}

#[tokio::test]
async fn c5_what_is_computed_between_two_names_of_one_write_does_not_survive() {
    let mut wrong = vec![];
    for write in ALL {
        if computed_between_two_names(write, None).await != 1 {
            wrong.push(write);
        }
    }
    assert_eq!(wrong, []);
}
