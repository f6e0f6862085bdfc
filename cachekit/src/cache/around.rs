//! What happens around the body of a function that writes.

use std::fmt;

use super::entry::PendingWrite;
use super::{Cache, Target, deferred};
use crate::function::FnSpec;
use crate::key::{Key, KeyBuf};
use crate::labels::{Tag, text};
use crate::plan::{Plan, Shape, Split};

/// When an invalidation takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// After the body, if it returned `Ok` or did not finish.
    Ok,
    /// After the body, whatever it returned.
    Always,
    /// Before the body and after it.
    Before,
}

/// What a function that writes invalidates.
#[derive(Debug, Clone)]
pub struct Invalidation {
    cache: Cache,
    on: On,
    wanted: bool,
    keys: Vec<Key>,
    tags: Vec<Tag>,
    functions: Vec<&'static FnSpec>,
}

impl Invalidation {
    /// Nothing yet.
    pub(crate) fn of(cache: Cache, on: On) -> Self {
        Self {
            cache,
            on,
            wanted: true,
            keys: vec![],
            tags: vec![],
            functions: vec![],
        }
    }

    /// One entry of a cached function.
    pub fn target(&mut self, target: Target) {
        self.keys.push(target.key);
    }

    /// Every entry of a cached function.
    pub fn function(&mut self, spec: &'static FnSpec) {
        self.functions.push(spec);
    }

    /// One entry, by its key.
    pub fn key(&mut self, write: impl FnOnce(&mut KeyBuf)) {
        self.target(Target::new(write));
    }

    /// Entries, by their keys.
    pub fn keys<T: fmt::Display>(&mut self, keys: impl IntoIterator<Item = T>) {
        self.keys.extend(
            keys.into_iter()
                .map(|key| Key::new(key.to_string().as_bytes())),
        );
    }

    /// A tag.
    pub fn tag(&mut self, write: impl FnOnce(&mut KeyBuf)) {
        self.tags.push(Tag::of(&text(write)));
    }

    /// Tags from a sequence.
    pub fn tags<T: fmt::Display>(&mut self, tags: impl IntoIterator<Item = T>) {
        self.tags
            .extend(tags.into_iter().map(|tag| Tag::of(&tag.to_string())));
    }

    /// An event.
    pub fn event(&mut self, write: impl FnOnce(&mut KeyBuf)) {
        self.tags.push(Tag::event(&text(write)));
    }

    /// `if = EXPR`.
    pub fn only_if(&mut self, condition: bool) {
        self.wanted &= condition;
    }

    pub(super) fn apply(&self) {
        if !self.wanted {
            return;
        }
        let core = self.cache.core();
        for key in &self.keys {
            core.invalidate_key(key.as_bytes());
        }
        for tag in &self.tags {
            core.invalidate_tag(tag);
        }
        for spec in &self.functions {
            core.invalidate_function(spec);
        }
    }
}

impl<S: Shape> Plan<S> {
    /// `closure`, with the type of `ret` fixed.
    pub fn after_write<F: FnOnce(&S::Value, &mut Invalidation)>(self, closure: F) -> F {
        closure
    }
}

/// The duty to invalidate. Dropped before it was done or found needless, it does it: a
/// body that did not finish may have written.
struct Due(Option<Invalidation>);

impl Due {
    fn begin(invalidation: Invalidation) -> Self {
        if invalidation.on == On::Before {
            invalidation.apply();
        }
        Self(Some(invalidation))
    }

    /// The body returned `ret`.
    fn end<S: Shape>(mut self, ret: &S::Ret, after: impl FnOnce(&S::Value, &mut Invalidation)) {
        let Some(invalidation) = &mut self.0 else {
            return;
        };
        match S::peek(ret) {
            Split::Some(value) => after(value, invalidation),
            Split::Err(_) if invalidation.on == On::Ok => self.0 = None,
            Split::None | Split::Err(_) => {}
        }
    }
}

impl Drop for Due {
    fn drop(&mut self) {
        if let Some(invalidation) = self.0.take() {
            deferred::or_now(invalidation);
        }
    }
}

/// Runs `body`, and `invalidation` around it. `after` adds what depends on the value.
///
/// # Cancel safety
///
/// If the future is dropped, or `body` panics, after it began, the invalidation takes
/// place: the write may have happened.
pub async fn invalidate_around<S, A, F, Fut>(
    _plan: Plan<S>,
    invalidation: Invalidation,
    after: A,
    body: F,
) -> S::Ret
where
    S: Shape,
    A: FnOnce(&S::Value, &mut Invalidation),
    F: FnOnce() -> Fut,
    Fut: Future<Output = S::Ret>,
{
    let due = Due::begin(invalidation);
    let ret = body().await;
    due.end::<S>(&ret, after);
    ret
}

/// [`invalidate_around`] for a synchronous function.
pub fn invalidate_around_blocking<S, A>(
    _plan: Plan<S>,
    invalidation: Invalidation,
    after: A,
    body: impl FnOnce() -> S::Ret,
) -> S::Ret
where
    S: Shape,
    A: FnOnce(&S::Value, &mut Invalidation),
{
    let due = Due::begin(invalidation);
    let ret = body();
    due.end::<S>(&ret, after);
    ret
}

/// Runs `body` and lets `store` store what it makes of the result.
///
/// After `Err` nothing is stored; after `Ok(None)` the entry is invalidated.
///
/// # Cancel safety
///
/// If the future is dropped, or `body` panics, the entry is left empty: the write may have
/// happened.
pub async fn write_through<S, V, A, F, Fut>(
    _plan: Plan<S>,
    pending: PendingWrite<'_, V>,
    store: A,
    body: F,
) -> S::Ret
where
    S: Shape,
    V: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, PendingWrite<'_, V>),
    F: FnOnce() -> Fut,
    Fut: Future<Output = S::Ret>,
{
    let ret = body().await;
    end_write::<S, V>(pending, &ret, store);
    ret
}

/// [`write_through`] for a synchronous function.
pub fn write_through_blocking<S, V, A>(
    _plan: Plan<S>,
    pending: PendingWrite<'_, V>,
    store: A,
    body: impl FnOnce() -> S::Ret,
) -> S::Ret
where
    S: Shape,
    V: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, PendingWrite<'_, V>),
{
    let ret = body();
    end_write::<S, V>(pending, &ret, store);
    ret
}

fn end_write<S, V>(
    pending: PendingWrite<'_, V>,
    ret: &S::Ret,
    store: impl FnOnce(&S::Value, PendingWrite<'_, V>),
) where
    S: Shape,
    V: Clone + Send + Sync + 'static,
{
    match S::peek(ret) {
        Split::Some(written) => store(written, pending),
        Split::None => drop(pending),
        Split::Err(_) => pending.cancel(),
    }
}
