//! What happens around the body of a function that writes.

use std::fmt;
use std::time::Duration;

use crate::api::entry::Target;
use crate::core::state::Cache;
use crate::invalidate::apply::{Ack, Invalidating};
use crate::invalidate::deferred;
use crate::key::Key;
use crate::key::buf::KeyBuf;
use crate::l2::invalidation_targets::Doomed;
use crate::model::function_spec::FnSpec;
use crate::model::invalidation_mode::Manner;
use crate::model::tags::Tag;
use crate::return_type::shape::{Plan, Shape, Split};
use crate::write::pending::PendingWrite;

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
    ack: Option<Ack>,
    manner: Manner,
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
            ack: None,
            manner: Manner::Hard,
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

    /// Where the text of a key is written.
    pub fn key_text(&self) -> KeyBuf {
        KeyBuf::new()
    }

    /// Where the text of a tag or an event is written.
    pub fn text(&self) -> KeyBuf {
        KeyBuf::verbatim()
    }

    /// One entry, by a key that is known.
    pub fn key_of(&mut self, text: &str) {
        self.keys.push(Key::new(text.as_bytes()));
    }

    /// A tag whose text is known.
    pub fn tag_of(&mut self, text: &str) {
        self.tags.push(Tag::of(text));
    }

    /// An event whose name is known.
    pub fn event_of(&mut self, text: &str) {
        self.tags.push(Tag::event(text));
    }

    /// One entry, by its key.
    pub fn key(&mut self, written: &KeyBuf) {
        self.keys.push(Key::new(written.as_bytes()));
    }

    /// Entries, by their keys.
    pub fn keys<T: fmt::Display>(&mut self, keys: impl IntoIterator<Item = T>) {
        self.keys.extend(
            keys.into_iter()
                .map(|key| Key::new(key.to_string().as_bytes())),
        );
    }

    /// A tag.
    pub fn tag(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::of(&written.to_text()));
    }

    /// Tags from a sequence.
    pub fn tags<T: fmt::Display>(&mut self, tags: impl IntoIterator<Item = T>) {
        self.tags
            .extend(tags.into_iter().map(|tag| Tag::of(&tag.to_string())));
    }

    /// An event.
    pub fn event(&mut self, written: &KeyBuf) {
        self.tags.push(Tag::event(&written.to_text()));
    }

    /// `ack`: the call returns when every process has applied it; or after so long.
    pub fn ack(&mut self, within: Option<Duration>) {
        self.ack = Some(within.map_or(Ack::Certain, Ack::Within));
    }

    /// `soft`: what it names is not fresh any more, and may be served where old values are.
    pub fn soft(&mut self) {
        self.manner = Manner::Soft;
    }

    /// `if = EXPR`.
    pub fn only_if(&mut self, condition: bool) {
        self.wanted &= condition;
    }

    /// What takes place of it, in which cache.
    pub(crate) fn doomed(self) -> (Cache, Doomed, Option<Ack>) {
        let mut doomed = Doomed::default().by(self.manner);
        if self.wanted {
            doomed.keys = self.keys;
            doomed.tags = self.tags;
            doomed.functions = self
                .functions
                .iter()
                .map(|spec| spec.name().into())
                .collect();
        }
        (self.cache, doomed, self.ack)
    }

    /// Carries it out on this node; the rest is to be waited for, or told later.
    pub(crate) fn begin(self) -> Invalidating {
        let (cache, doomed, ack) = self.doomed();
        cache.core().invalidate(doomed).acknowledged(ack)
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
    /// With `on = before`, what is to be waited for first.
    fn begin(invalidation: Invalidation) -> (Self, Option<Invalidating>) {
        let before = (invalidation.on == On::Before).then(|| invalidation.clone().begin());
        (Self(Some(invalidation)), before)
    }

    /// The body returned `ret`: what is to be waited for now.
    fn end<S: Shape>(
        mut self,
        ret: &S::Ret,
        after: impl FnOnce(&S::Value, &mut Invalidation),
    ) -> Option<Invalidating> {
        // Here until all is named: if `after` panics, what is named so far is still due.
        let invalidation = self.0.as_mut()?;
        match S::peek(ret) {
            Split::Some(value) => after(value, invalidation),
            Split::Err(_) if invalidation.on == On::Ok => {
                self.0 = None;
                return None;
            }
            Split::None | Split::Err(_) => {}
        }
        deferred::or_now(self.0.take()?)
    }
}

impl Drop for Due {
    fn drop(&mut self) {
        if let Some(invalidation) = self.0.take() {
            drop(deferred::or_now(invalidation));
        }
    }
}

/// Waits for what is to be waited for.
async fn accepted(invalidating: Option<Invalidating>) {
    if let Some(invalidating) = invalidating {
        Box::pin(invalidating.accepted()).await;
    }
}

/// Runs `body`, and `invalidation` around it. `after` adds what depends on the value.
///
/// # Cancel safety
///
/// If the future is dropped, or `body` panics, after it began, the invalidation takes
/// place: the write may have happened.
pub async fn invalidate_around<S, A, Fut>(
    _plan: Plan<S>,
    invalidation: Invalidation,
    after: A,
    body: Fut,
) -> S::Ret
where
    S: Shape,
    A: FnOnce(&S::Value, &mut Invalidation),
    Fut: Future<Output = S::Ret>,
{
    let (due, before) = Due::begin(invalidation);
    accepted(before).await;
    let ret = body.await;
    accepted(due.end::<S>(&ret, after)).await;
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
    // A thread cannot wait here: what others have to be told of is told in the background.
    let (due, before) = Due::begin(invalidation);
    drop(before);
    let ret = body();
    drop(due.end::<S>(&ret, after));
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
pub async fn write_through<S, V, A, Fut>(
    _plan: Plan<S>,
    mut pending: PendingWrite<'_, V>,
    store: A,
    body: Fut,
) -> S::Ret
where
    S: Shape,
    V: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, &mut PendingWrite<'_, V>),
    Fut: Future<Output = S::Ret>,
{
    // Boxed: the caller's future holds only the body's state.
    Box::pin(pending.begin()).await;
    let ret = body.await;
    if let Some(rest) = end_write::<S, V>(&mut pending, &ret, store) {
        Box::pin(pending.finish(rest)).await;
    }
    accepted(pending.leave()).await;
    ret
}

/// [`write_through`] for a synchronous function.
pub fn write_through_blocking<S, V, A>(
    _plan: Plan<S>,
    mut pending: PendingWrite<'_, V>,
    store: A,
    body: impl FnOnce() -> S::Ret,
) -> S::Ret
where
    S: Shape,
    V: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, &mut PendingWrite<'_, V>),
{
    pending.begin_here();
    let ret = body();
    if let Some(value) = end_write::<S, V>(&mut pending, &ret, store) {
        pending.finish_here(value);
    }
    drop(pending.leave());
    ret
}

/// The value to be stored, if there is one; what there is to leave is left to `pending`.
fn end_write<S, V>(
    pending: &mut PendingWrite<'_, V>,
    ret: &S::Ret,
    store: impl FnOnce(&S::Value, &mut PendingWrite<'_, V>),
) -> Option<V>
where
    S: Shape,
    V: Clone + Send + Sync + 'static,
{
    match S::peek(ret) {
        Split::Some(written) => store(written, pending),
        Split::None => {}
        Split::Err(_) => pending.cancel(),
    }
    pending.take_value()
}
