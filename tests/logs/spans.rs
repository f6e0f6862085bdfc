//! Spans of look-ups, stores and invalidations.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cachekit::testing::ManualClock;
use cachekit::{Cache, Capacity, Policy, Spans, cached, invalidates, write_through};
use cachekit_tests::redis::Redis;
use cachekit_tests::{settle, until};
use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber, subscriber};
use tracing_core::span::Current;

/// A span, with its fields as text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    name: &'static str,
    metadata: &'static Metadata<'static>,
    fields: BTreeMap<&'static str, String>,
    /// Index of the span that it is in.
    parent: Option<usize>,
    references: usize,
}

/// A subscriber that keeps the spans of the cache, and of the tests.
#[derive(Debug, Clone, Default)]
struct Keeper(Arc<Mutex<(Vec<Seen>, Vec<usize>)>>);

impl Keeper {
    fn lock(&self) -> MutexGuard<'_, (Vec<Seen>, Vec<usize>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over the spans since the last look, all of which must have ended.
    fn take(&self) -> Vec<Seen> {
        let mut state = self.lock();
        assert!(state.1.is_empty(), "none is entered");
        let seen = std::mem::take(&mut state.0);
        assert!(seen.iter().all(|span| span.references == 0), "{seen:?}");
        seen
    }
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

fn index(id: &Id) -> usize {
    usize::try_from(id.into_u64()).expect("small") - 1
}

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && ["cachekit::span", "outside"].contains(&metadata.target())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        assert_eq!(*span.metadata().level(), Level::INFO);
        let mut state = self.lock();
        let mut seen = Seen {
            name: span.metadata().name(),
            metadata: span.metadata(),
            fields: BTreeMap::new(),
            parent: state.1.last().copied(),
            references: 1,
        };
        span.record(&mut Fields(&mut seen.fields));
        state.0.push(seen);
        Id::from_u64(state.0.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.lock().0[index(id)].fields));
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.lock().0[index(id)].references += 1;
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let references = &mut self.lock().0[index(&id)].references;
        *references -= 1;
        *references == 0
    }

    fn enter(&self, id: &Id) {
        self.lock().1.push(index(id));
    }

    fn exit(&self, id: &Id) {
        assert_eq!(self.lock().1.pop(), Some(index(id)));
    }

    fn current_span(&self) -> Current {
        let state = self.lock();
        let Some(index) = state.1.last() else {
            return Current::none();
        };
        let id = Id::from_u64(*index as u64 + 1);
        Current::new(id, state.0[*index].metadata)
    }

    fn event(&self, _: &Event<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
}

/// A span as it is expected.
fn span(name: &str, fields: &[(&'static str, &str)]) -> (String, BTreeMap<&'static str, String>) {
    let fields = fields
        .iter()
        .map(|(field, value)| (*field, (*value).to_owned()));
    (name.to_owned(), fields.collect())
}

fn shown(seen: Vec<Seen>) -> Vec<(String, BTreeMap<&'static str, String>)> {
    let seen = seen.into_iter();
    seen.map(|span| (span.name.to_owned(), span.fields))
        .collect()
}

/// A look-up of the function `part`.
fn get(
    hit: &str,
    source: &str,
    more: &[(&'static str, &str)],
) -> (String, BTreeMap<&'static str, String>) {
    let fields = [
        ("otel.name", "cache.get part"),
        ("function", "part"),
        ("cache.hit", hit),
        ("cache.source", source),
        ("cache.stale", "false"),
    ];
    span("cache.get", &[&fields[..], more].concat())
}

#[cached(name = "part", key = "part:{id}", cache = cache, skip(cache))]
async fn part(cache: &Cache, id: u64) -> Arc<u64> {
    Arc::new(id)
}

#[cached(name = "whole", key = "whole:{id}", cache = cache, skip(cache))]
async fn whole(cache: &Cache, id: u64) -> u64 {
    tokio::task::yield_now().await;
    *part(cache, id).await
}

#[invalidates(part(_, id), cache = cache)]
async fn drop_part(cache: &Cache, id: u64) {}

#[write_through(part(cache, id))]
async fn write_part(cache: &Cache, id: u64) -> Arc<u64> {
    Arc::new(id + 1)
}

async fn cache(spans: Spans) -> (Keeper, subscriber::DefaultGuard, Cache) {
    let keeper = Keeper::default();
    let guard = subscriber::set_default(keeper.clone());
    let cache = cachekit_tests::builder().spans(spans).build().await;
    (keeper, guard, cache.expect("a valid set-up"))
}

#[tokio::test]
async fn a_look_up_is_one() {
    let (keeper, _guard, cache) = cache(Spans::On).await;
    part(&cache, 7).await;
    assert_eq!(shown(keeper.take()), [get("false", "computed", &[])]);
    for _ in 0..3 {
        part(&cache, 7).await;
        assert_eq!(shown(keeper.take()), [get("true", "memory", &[])]);
    }
    cachekit::bypass(part(&cache, 7)).await;
    assert_eq!(shown(keeper.take()), [get("false", "bypassed", &[])]);
    assert_eq!(part::entry(&cache, 8).get().await, None);
    assert_eq!(shown(keeper.take()), [get("false", "none", &[])]);
}

#[tokio::test]
async fn the_body_runs_inside() {
    let (keeper, _guard, cache) = cache(Spans::On).await;
    let outside = tracing::info_span!(target: "outside", "outside");
    tracing::Instrument::instrument(whole(&cache, 1), outside).await;
    let seen = keeper.take();
    let found: Vec<_> = seen.iter().map(|it| (it.name, it.parent)).collect();
    assert_eq!(
        found,
        [
            ("outside", None),
            ("cache.get", Some(0)),
            ("cache.get", Some(1))
        ]
    );
    assert_eq!(seen[1].fields["function"], "whole");
    assert_eq!(seen[2].fields["function"], "part");
}

/// Lets the refresh go on.
static REFRESH: Notify = Notify::const_new();

/// Lets the detached computation go on.
static REST: Notify = Notify::const_new();

#[cached(name = "old", key = "old:{id}", cache = cache, skip(cache), ttl = 1, stale = 60)]
async fn old(cache: Cache, id: u64) -> u64 {
    if id == 2 && part::entry(&cache, 2).get().await.is_some() {
        REFRESH.notified().await;
    }
    *part(&cache, id).await
}

#[cached(name = "left", key = "left:{id}", cache = cache, skip(cache), detach)]
async fn left(cache: Cache, id: u64) -> u64 {
    REST.notified().await;
    *part(&cache, id).await
}

#[cached(name = "around", key = "around:{id}:{is_left}", cache = cache, skip(cache))]
async fn around(cache: &Cache, id: u64, is_left: bool) -> u64 {
    if is_left {
        left(cache.clone(), id).await
    } else {
        old(cache.clone(), id).await
    }
}

/// The refresh waits, and the spans of the calls that it was begun in have ended.
#[tokio::test]
async fn a_refresh_in_the_background_keeps_no_span_open() {
    let keeper = Keeper::default();
    let _guard = subscriber::set_default(keeper.clone());
    let clock = ManualClock::new();
    let builder = cachekit_tests::builder().clock(clock.clone());
    let cache = builder.spans(Spans::On).build().await;
    let cache = cache.expect("a valid set-up");
    old(cache.clone(), 2).await;
    clock.advance(Duration::from_secs(2));
    keeper.take();
    around(&cache, 2, false).await;
    settle().await;
    assert_eq!(cache.stats().background.running, 1);
    let seen = keeper.take();
    let names: Vec<_> = seen.iter().map(|it| &*it.fields["function"]).collect();
    assert_eq!(names, ["around", "old", "part"], "{seen:#?}");
    REFRESH.notify_one();
    until("it ends", || cache.stats().background.running == 0).await;
    let seen = keeper.take();
    assert!(seen.iter().all(|it| it.parent.is_none()), "{seen:#?}");
}

#[tokio::test]
async fn a_detached_computation_keeps_no_span_open() {
    let (keeper, _guard, cache) = cache(Spans::On).await;
    {
        let mut call = std::pin::pin!(around(&cache, 3, true));
        assert!(cachekit_tests::poll_once(call.as_mut()).is_pending());
    }
    settle().await;
    assert_eq!(cache.stats().background.running, 1);
    let seen = keeper.take();
    let names: Vec<_> = seen.iter().map(|it| &*it.fields["function"]).collect();
    assert_eq!(names, ["around", "left"], "{seen:#?}");
    REST.notify_one();
    until("it ends", || cache.stats().background.running == 0).await;
    let seen = keeper.take();
    assert!(seen.len() == 1 && seen[0].parent.is_none(), "{seen:#?}");
}

#[tokio::test]
async fn a_dropped_call_ends_its_span() {
    let (keeper, _guard, cache) = cache(Spans::On).await;
    {
        let mut call = std::pin::pin!(whole(&cache, 2));
        assert!(cachekit_tests::poll_once(call.as_mut()).is_pending());
    }
    let seen = keeper.take();
    assert!(
        seen.len() == 1 && !seen[0].fields.contains_key("cache.hit"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn stores_and_invalidations_are() {
    let (keeper, _guard, cache) = cache(Spans::On).await;
    let remove = |what: &str| {
        let name = format!("cache.remove {what}");
        span("cache.remove", &[("otel.name", &name), ("function", what)])
    };
    let put = |owner: &str| {
        let name = format!("cache.put {owner}");
        span("cache.put", &[("otel.name", &name), ("function", owner)])
    };
    write_part(&cache, 7).await;
    assert_eq!(shown(keeper.take()), [put("part")]);
    drop_part(&cache, 7).await;
    assert_eq!(shown(keeper.take()), [remove("part")]);
    part::entry(&cache, 7).invalidate().await;
    assert_eq!(shown(keeper.take()), [remove("part")]);
    cache.invalidate("part:7").await;
    assert_eq!(shown(keeper.take()), [remove("keys")]);
    cache.emit("part.changed").await;
    assert_eq!(shown(keeper.take()), [remove("events")]);
    cache.invalidate_tags(["a", "b"]).await;
    assert_eq!(shown(keeper.take()), [remove("tags")]);
    part::invalidate_all(&cache).await;
    assert_eq!(shown(keeper.take()), [remove("part")]);
    cache.clear().await;
    assert_eq!(shown(keeper.take()), [remove("everything")]);
    cache.put("key", 7_u64, &Policy::new()).await;
    let seen = shown(keeper.take());
    assert!(seen.len() == 1 && seen[0].0 == "cache.put", "{seen:?}");
}

#[tokio::test]
async fn keys_are_there_where_they_are_asked_for() {
    let (keeper, _guard, cache) = cache(Spans::WithKeys).await;
    let key = [("cache.key", "part:7")];
    part(&cache, 7).await;
    part(&cache, 7).await;
    assert_eq!(
        shown(keeper.take()),
        [get("false", "computed", &key), get("true", "memory", &key)]
    );
    drop_part(&cache, 7).await;
    write_part(&cache, 7).await;
    let seen = keeper.take();
    assert!(
        seen.iter().all(|span| span.fields["cache.key"] == "part:7"),
        "{seen:?}"
    );
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn the_size_is_there_where_entries_are_weighed() {
    let keeper = Keeper::default();
    let _guard = subscriber::set_default(keeper.clone());
    let builder = cachekit_tests::builder().spans(Spans::On);
    let cache = builder
        .memory_capacity(Capacity::bytes(1 << 20))
        .build()
        .await;
    let cache = cache.expect("a valid set-up");
    part(&cache, 7).await;
    part(&cache, 7).await;
    let seen = keeper.take();
    let size = seen[1].fields["cache.item_size"].parse::<u32>();
    assert!(size.is_ok_and(|size| size > 8), "{seen:?}");
}

#[tokio::test]
async fn redis_is_named_as_the_source() {
    let redis = Redis::start();
    let keeper = Keeper::default();
    let _guard = subscriber::set_default(keeper.clone());
    let builder = || {
        cachekit_tests::builder()
            .redis(redis.url())
            .spans(Spans::On)
    };
    let one = builder().build().await.expect("a valid set-up");
    part(&one, 7).await;
    until("it is stored", || one.stats().redis.stores == 1).await;
    let other = builder().build().await.expect("a valid set-up");
    part(&other, 7).await;
    let seen = shown(keeper.take());
    assert_eq!(
        seen,
        [get("false", "computed", &[]), get("true", "redis", &[])]
    );
}

#[tokio::test]
async fn by_default_there_is_none() {
    let (keeper, _guard, cache) = cache(Spans::Off).await;
    part(&cache, 7).await;
    part(&cache, 7).await;
    drop_part(&cache, 7).await;
    write_part(&cache, 7).await;
    assert_eq!(keeper.take(), []);
}
