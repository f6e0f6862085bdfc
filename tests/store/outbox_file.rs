//! Invalidations that survive the process in a file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cachekit::testing::{FakeStore, Op, Trouble};
use cachekit::{Cache, Policy};
use cachekit_tests::capture::Capture;
use cachekit_tests::until;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tracing::Level;

use crate::world::settings;

const HEADER: &[u8] = b"cachekit outbox 1\ncachekit\n";

/// A folder for the file, and a store that all processes share.
struct World {
    folder: TempDir,
    store: FakeStore,
}

fn runtime() -> Runtime {
    let builder = Builder::new_current_thread().enable_all().build();
    builder.expect("a runtime")
}

impl World {
    /// Two entries are in the store, one of them with a tag.
    fn new() -> Self {
        let world = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            store: FakeStore::new(),
        };
        world.alone(async |other| {
            other.put("a", 1_u64, &Policy::new().tag("tag")).await;
            other.put("b", 2_u64, &Policy::new()).await;
        });
        world
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("outbox")
    }

    fn content(&self) -> Vec<u8> {
        fs::read(self.path()).expect("the file")
    }

    /// Runs `work` on a process without a file.
    fn alone(&self, work: impl AsyncFnOnce(&Cache)) {
        runtime().block_on(async {
            let cache = settings(&self.store).build().await.expect("right");
            work(&cache).await;
            cache.shutdown().await;
        });
    }

    /// Runs `work` on a process with the file, which dies afterwards: its tasks end at once.
    fn process<T>(&self, work: impl AsyncFnOnce(&Cache) -> T) -> T {
        runtime().block_on(async {
            let builder = settings(&self.store).outbox_file(self.path());
            let cache = builder.build().await.expect("right");
            work(&cache).await
        })
    }

    /// Runs `work` on a process with the file that dies with what it could not send.
    fn dies(&self, work: impl AsyncFnOnce(&Cache)) {
        self.store.always(Op::Invalidate, Trouble::Unavailable);
        self.process(work);
        self.store.heal();
    }

    /// Starts a process that sends what is in the file.
    fn restarts(&self) {
        self.process(async |cache| {
            until("it is sent", || {
                cache.stats().redis.queued_invalidations == 0
            })
            .await;
        });
    }

    fn has(&self) -> (bool, bool) {
        (self.store.has("k:a"), self.store.has("k:b"))
    }
}

fn error_of(built: Result<Cache, cachekit::BuildError>) -> String {
    built.expect_err("it is refused").to_string()
}

#[test]
fn what_was_not_accepted_is_sent_after_a_restart() {
    let world = World::new();
    world.dies(async |cache| cache.invalidate("a").await);
    assert_eq!(world.has(), (true, true), "the process could not send it");
    world.restarts();
    assert_eq!(world.has(), (false, true));
    assert_eq!(world.content(), HEADER, "it is empty when all is sent");
    world.restarts();
    assert_eq!(world.has(), (false, true));
}

/// Control: without the file it is lost.
#[test]
fn without_a_file_it_is_lost() {
    let world = World::new();
    world.store.always(Op::Invalidate, Trouble::Unavailable);
    runtime().block_on(async {
        let cache = settings(&world.store).build().await.expect("right");
        cache.invalidate("a").await;
    });
    world.store.heal();
    world.restarts();
    assert_eq!(world.has(), (true, true));
}

/// Between the start and the answer, nothing that the file names is read.
#[test]
fn until_it_is_accepted_the_store_is_not_used_for_it() {
    let world = World::new();
    world.dies(async |cache| cache.invalidate("a").await);
    world.store.always(Op::Invalidate, Trouble::Unavailable);
    world.process(async |cache| {
        assert_eq!(cache.get::<u64>("a").await, None);
        assert_eq!(cache.get::<u64>("b").await, Some(2));
    });
    world.store.heal();
    world.dies(async |cache| cache.invalidate_tags(["tag"]).await);
    world.store.always(Op::Invalidate, Trouble::Unavailable);
    world.process(async |cache| {
        assert_eq!(
            cache.get::<u64>("b").await,
            None,
            "the tag may be any entry's"
        );
    });
    world.store.heal();
    world.restarts();
    world.process(async |cache| assert_eq!(cache.get::<u64>("b").await, Some(2)));
}

#[test]
fn all_kinds_of_names_and_dropped_writes_are_kept() {
    let world = World::new();
    world.dies(async |cache| {
        cache.invalidate_tags(["tag"]).await;
        let mut dropped = Box::pin(cache.invalidate("b"));
        let _ = cachekit_tests::poll_once(dropped.as_mut());
        drop(dropped);
    });
    world.restarts();
    world.process(async |cache| {
        assert_eq!(cache.get::<u64>("a").await, None);
        assert_eq!(cache.get::<u64>("b").await, None);
    });
}

/// A process that dies while it sends has the rest still in its file.
#[test]
fn a_second_death_loses_nothing() {
    let world = World::new();
    world.dies(async |cache| cache.invalidate("a").await);
    world.dies(async |cache| cache.invalidate("b").await);
    assert_eq!(world.has(), (true, true));
    world.restarts();
    assert_eq!(world.has(), (false, false));
}

/// A name that waits already is not written again, and neither are names of reads.
#[test]
fn the_file_has_each_name_once_and_only_those_of_writes() {
    let world = World::new();
    world.dies(async |cache| {
        for _ in 0..100 {
            cache.invalidate("a").await;
        }
    });
    let once = world.content();
    assert_eq!(once.len(), HEADER.len() + 12 + "k:a".len());
    for op in [Op::Read, Op::ReadOrAcquire, Op::Acquire, Op::Fill] {
        world.store.always(op, Trouble::Lost);
    }
    world.dies(async |cache| {
        let compute = || async { 3_u64 };
        cache.get_or_compute("c", &Policy::new(), compute).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(cache.stats().redis.queued_invalidations > 1);
    });
    assert_eq!(world.content(), once);
}

/// Damages `good` in one way; what is left cannot be told from names that are lost.
fn damages(good: &[u8]) -> Vec<Vec<u8>> {
    let mut damaged: Vec<Vec<u8>> = (HEADER.len() + 1..good.len())
        .map(|end| good[..end].to_vec())
        .collect();
    for at in HEADER.len()..good.len() {
        let mut flipped = good.to_vec();
        flipped[at] ^= 1 << (at % 8);
        damaged.push(flipped);
    }
    damaged.push([good, &[0]].concat());
    damaged.push([good, &u32::MAX.to_le_bytes(), &[0; 100]].concat());
    damaged
}

#[test]
fn a_damaged_file_stands_for_everything() {
    let world = World::new();
    world.dies(async |cache| cache.invalidate("a").await);
    let good = world.content();
    for (n, damaged) in damages(&good).into_iter().enumerate() {
        let world = World::new();
        fs::write(world.path(), &damaged).expect("written");
        let log = Capture::default();
        tracing::subscriber::with_default(log.clone(), || world.restarts());
        let warns = |line: &cachekit_tests::capture::Line| {
            line.level == Level::WARN && line.text.contains("outbox file is damaged")
        };
        assert_eq!(
            log.take().into_iter().filter(warns).count(),
            1,
            "damage {n}"
        );
        assert_eq!(world.content(), HEADER, "damage {n}");
        world.process(async |cache| {
            assert_eq!(cache.get::<u64>("b").await, None, "damage {n}");
        });
    }
}

/// Before everything is sent, another restart still knows of the damage.
#[test]
fn a_damaged_file_is_rewritten_at_once() {
    let world = World::new();
    world.dies(async |cache| cache.invalidate("a").await);
    let good = world.content();
    fs::write(world.path(), &good[..good.len() - 1]).expect("written");
    world.dies(async |_| {});
    assert_eq!(world.content().len(), HEADER.len() + 12 + "all".len());
    world.restarts();
    world.process(async |cache| assert_eq!(cache.get::<u64>("b").await, None));
}

#[test]
fn a_header_that_was_cut_short_is_a_new_file() {
    for end in 0..HEADER.len() {
        let world = World::new();
        fs::write(world.path(), &HEADER[..end]).expect("written");
        world.dies(async |cache| cache.invalidate("a").await);
        world.restarts();
        assert_eq!(world.has(), (false, true));
    }
}

/// More names than an outbox has become one removal of everything.
#[test]
fn the_file_is_bounded() {
    let world = World::new();
    world.dies(async |cache| {
        let keys = |from: u32| (from..from + 60_000).map(|n| n.to_string());
        cache.invalidation().keys(keys(0)).await;
        assert!(world.content().len() > 60_000);
        cache.invalidation().keys(keys(60_000)).await;
    });
    assert_eq!(world.content().len(), HEADER.len() + 12 + "all".len());
    world.restarts();
    world.process(async |cache| assert_eq!(cache.get::<u64>("b").await, None));
}

#[test]
fn two_processes_do_not_share_a_file() {
    let world = World::new();
    world.process(async |_| {
        let builder = settings(&world.store).outbox_file(world.path());
        let error = error_of(builder.build().await);
        assert!(
            error.contains("outbox_file") && error.contains("used by another"),
            "{error}"
        );
    });
    world.restarts();
}

#[test]
fn files_that_are_of_no_use_are_refused() {
    let world = World::new();
    let refused = |path: &Path, words: &str| {
        runtime().block_on(async {
            let builder = settings(&world.store).outbox_file(path);
            let error = error_of(builder.build().await);
            assert!(
                error.starts_with("outbox_file: ") && error.contains(words),
                "{error}"
            );
        });
    };
    refused(
        &world.folder.path().join("no/such/folder"),
        "cannot be used",
    );
    refused(world.folder.path(), "cannot be used");
    fs::write(world.path(), "a letter to my aunt").expect("written");
    refused(&world.path(), "is no outbox file");
    assert_eq!(world.content(), b"a letter to my aunt");
    fs::write(world.path(), "cachekit outbox 1\nanother\n").expect("written");
    refused(&world.path(), "another namespace");
    runtime().block_on(async {
        let builder = cachekit_tests::builder().outbox_file(world.path());
        assert!(error_of(builder.build().await).contains("no Redis"));
    });
}

/// Only its owner reads the keys in it.
#[test]
fn the_file_is_private() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new();
    world.restarts();
    let mode = fs::metadata(world.path())
        .expect("it is there")
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}
