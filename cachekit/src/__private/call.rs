//! From an annotated function into the cache.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::api::entry::{Entry, typed_entry};
use crate::api::function_handle::{FunctionHandle, function_handle};
use crate::base::trace;
use crate::core::entry_key::Target;
use crate::core::state::{Cache, Core};
use crate::global;
use crate::invalidate::request::{Invalidation, On};
use crate::key::buf::KeyBuf;
use crate::key::function_path::is_nameless;
use crate::model::entry::MemoryEntry;
use crate::model::function_spec::{FnSpec, MemoryChoice};
use crate::model::tags::EntryTags;
use crate::read::call::Call;
use crate::read::call_mode::{CallMode, in_mode, in_mode_blocking, take_mode};
use crate::read::compute_detached::compute_detachable as compute_call_detachable;
use crate::read::hit::return_value;
use crate::read::typed_call::{
    CallFuture, Started, compute as compute_call, compute_blocking as compute_call_blocking,
    start_blocking,
};
use crate::return_type::erased_ops::ValueOps;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// Where a function finds its cache.
pub trait Source {
    /// Calls `f` with it.
    fn with<T>(&self, f: impl FnOnce(&Cache) -> T) -> T;

    /// It, if it does not depend on who asks, and when.
    fn fixed_cache(&self) -> Option<Cache>;
}

/// The task's cache, else the global one.
#[derive(Debug, Clone, Copy)]
pub struct Current;

impl Source for Current {
    fn with<T>(&self, f: impl FnOnce(&Cache) -> T) -> T {
        global::with_current(f)
    }

    fn fixed_cache(&self) -> Option<Cache> {
        None
    }
}

impl Source for Cache {
    fn with<T>(&self, f: impl FnOnce(&Cache) -> T) -> T {
        f(self)
    }

    fn fixed_cache(&self) -> Option<Cache> {
        Some(self.clone())
    }
}

/// What a key ends with when it is whole: a `return` in an expression of the key, out of a macro
/// perhaps, is of another type.
#[derive(Debug, Clone, Copy)]
pub struct KeyWritten;

/// A call that memory did not answer.
///
/// Boxed: a hit is not to be the size of a miss. `None`: the call goes past the cache, because `when`
/// was false, it is an `uncached` one, or the cache is off.
pub struct Miss(Option<Box<Call>>);

impl fmt::Debug for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Miss")
    }
}

/// Looks into memory.
///
/// # Errors
///
/// What is needed to compute, if memory has no answer.
#[inline]
pub fn try_hit<S, C, W>(
    source: &C,
    spec: &'static FnSpec,
    return_ops: impl Fn() -> ReturnOps<S>,
    when: bool,
    write: W,
) -> Result<S::Ret, Miss>
where
    S: ReturnType,
    C: Source,
    W: FnOnce(&mut KeyBuf) -> KeyWritten,
    S::Value: Clone + Send + Sync + 'static,
{
    source.with(|cache| {
        let core = cache.core();
        // Taken also by a call that goes past the cache: it is not for a call inside it.
        let mode = take_mode(spec.id());
        if mode == CallMode::Uncached || !when || !core.is_enabled() {
            return Err(bypass(core, spec));
        }
        let mut arg_words = KeyBuf::arg_words();
        let KeyWritten = write(&mut arg_words);
        if mode == CallMode::Cached
            && let Some(core) = core.core_in_memory_of(spec)
        {
            let probe = core.lookup_key(spec, &arg_words);
            if let Some(hit) =
                core.hit_on_thread(&return_ops, &probe, spec.id(), || spec.key(&arg_words))
            {
                return Ok(hit);
            }
        }
        try_hit_slow(core, spec, &arg_words, mode, &return_ops())
    })
}

/// The call goes past the cache.
#[cold]
fn bypass(core: &Core, spec: &'static FnSpec) -> Miss {
    core.owner(spec).counts.bypassed.bump();
    Miss(None)
}

/// What is not at hand.
#[cold]
#[inline(never)]
fn try_hit_slow<S>(
    core: &Arc<Core>,
    spec: &'static FnSpec,
    arg_words: &KeyBuf,
    mode: CallMode,
    return_ops: &ReturnOps<S>,
) -> Result<S::Ret, Miss>
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
{
    let stored = entry_or_miss(core, spec, arg_words, mode, &return_ops.value_ops())?;
    Ok(return_value(return_ops, &stored))
}

/// The entry in memory, or what is needed to compute.
fn entry_or_miss(
    core: &Arc<Core>,
    spec: &'static FnSpec,
    arg_words: &KeyBuf,
    mode: CallMode,
    ops: &ValueOps,
) -> Result<Arc<MemoryEntry>, Miss> {
    let (core, id) = (core.core_of(spec), spec.id());
    let key = spec.key(arg_words);
    let missed = if mode == CallMode::Refresh {
        core.forced_miss(key.as_bytes(), id)
    } else if spec.memory_choice() == MemoryChoice::None {
        core.miss_without_memory(key.as_bytes(), id)
    } else {
        match core.hit_in_memory(ops, &core.lookup_key(spec, arg_words), id, key.as_bytes()) {
            Ok(stored) => return Ok(stored),
            Err(missed) => missed,
        }
    };
    let owner = core.owner(spec);
    let mut call = Call::after_miss(Arc::clone(core), owner, missed, spec.options());
    call.force_refresh = mode == CallMode::Refresh;
    Err(Miss(Some(Box::new(call))))
}

/// The call, past the cache if one of `types` has no name of its own: its key is another's too.
#[must_use]
pub fn bypass_if_nameless(miss: Miss, spec: &'static FnSpec, types: &[Option<&str>]) -> Miss {
    let nameless = types.iter().flatten().find(|it| is_nameless(it));
    if let (Some(nameless), Some(call)) = (nameless, &miss.0) {
        trace::nameless_type(spec.name(), nameless);
        call.owner.counts.bypassed.bump();
        return Miss(None);
    }
    miss
}

/// Computes, or waits for another's computation.
#[inline]
pub fn compute<S, P, A, Fut>(
    miss: Miss,
    return_ops: P,
    entry_tags: EntryTags,
    after: A,
    body: Fut,
) -> Pin<Box<CallFuture<S, P, A, Fut>>>
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
    P: Fn() -> ReturnOps<S>,
    A: FnOnce(&S::Value, &mut EntryTags),
    Fut: Future<Output = S::Ret>,
{
    compute_call(miss.0, return_ops, entry_tags, after, body)
}

/// Runs `code` with a place on the stack of its own, which is free again when it returns.
#[inline(never)]
pub fn outlined<T>(code: impl FnOnce() -> T) -> T {
    code()
}

/// [`compute`] for a body that owns what it needs: it may go on without this call, which is
/// answered with an old value then.
pub async fn compute_detachable<S, P, A, Fut>(
    miss: Miss,
    return_ops: P,
    entry_tags: EntryTags,
    after: A,
    body: Fut,
) -> S::Ret
where
    S: ReturnType + 'static,
    S::Ret: Send + 'static,
    S::Value: Clone + Send + Sync + 'static,
    S::Error: Send + 'static,
    P: Fn() -> ReturnOps<S> + Send + 'static,
    A: FnOnce(&S::Value, &mut EntryTags) + Send + 'static,
    Fut: Future<Output = S::Ret> + Send + 'static,
{
    match miss.0 {
        Some(call) => {
            Box::pin(compute_call_detachable(
                call,
                return_ops,
                entry_tags,
                after,
                body,
                global::carried,
            ))
            .await
        }
        None => body.await,
    }
}

/// Begins to compute, or waits for another's computation, on this thread.
#[inline]
pub fn begin_blocking<S>(
    miss: Miss,
    return_ops: impl Fn() -> ReturnOps<S>,
    entry_tags: EntryTags,
) -> Started
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
{
    start_blocking(miss.0, return_ops, entry_tags)
}

/// Goes on with that.
#[inline]
pub fn compute_blocking<S, P, A>(
    begun: Started,
    return_ops: P,
    after: A,
    body: impl FnOnce() -> S::Ret,
) -> S::Ret
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
    P: Fn() -> ReturnOps<S>,
    A: FnOnce(&S::Value, &mut EntryTags),
{
    compute_call_blocking(begun, return_ops, after, body)
}

/// A companion's `entry`.
pub fn entry<S, A>(
    source: &impl Source,
    spec: &'static FnSpec,
    return_ops: ReturnOps<S>,
    target: Target,
    entry_tags: EntryTags,
    after: A,
) -> Entry<S::Ret>
where
    S: ReturnType + 'static,
    S::Value: 'static,
    A: Fn(&S::Value, &mut EntryTags) + Send + Sync + 'static,
{
    source.with(|cache| typed_entry(cache, spec, return_ops, target, entry_tags, after))
}

/// What a reference to one entry of `spec` names.
pub fn target(_spec: &'static FnSpec, write: impl FnOnce(&mut KeyBuf) -> KeyWritten) -> Target {
    Target::new(|key| {
        let KeyWritten = write(key);
    })
}

/// A companion's whole function.
pub fn function(source: &impl Source, spec: &'static FnSpec) -> FunctionHandle {
    source.with(|cache| function_handle(cache, spec))
}

/// What is to be waited for after an invalidation: until it is accepted. Nothing happens before it is
/// polled.
pub type Accepted = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A companion's `invalidate_all`. Boxed: each function would have a future of its own to be compiled.
pub fn invalidate_all(source: &impl Source, spec: &'static FnSpec) -> Accepted {
    let given = source.fixed_cache();
    Box::pin(async move { handle(given, spec).invalidate_all().await })
}

/// A companion's `expire_all`.
pub fn expire_all(source: &impl Source, spec: &'static FnSpec) -> Accepted {
    let given = source.fixed_cache();
    Box::pin(async move { handle(given, spec).expire_all().await })
}

/// In the cache of the task that asks, if none is given.
fn handle(given: Option<Cache>, spec: &'static FnSpec) -> FunctionHandle {
    match given {
        Some(cache) => function(&cache, spec),
        None => function(&Current, spec),
    }
}

/// Runs `call`, a call of `spec`, so that it recomputes.
pub async fn refresh<F: Future>(spec: &'static FnSpec, call: F) -> F::Output {
    in_mode(CallMode::Refresh, spec.id(), call).await
}

/// Calls `call`, a call of `spec`, so that it recomputes.
pub fn refresh_blocking<T>(spec: &'static FnSpec, call: impl FnOnce() -> T) -> T {
    in_mode_blocking(CallMode::Refresh, spec.id(), call)
}

/// Runs `call`, a call of `spec`, past the cache.
pub async fn uncached<F: Future>(spec: &'static FnSpec, call: F) -> F::Output {
    in_mode(CallMode::Uncached, spec.id(), call).await
}

/// Calls `call`, a call of `spec`, past the cache.
pub fn uncached_blocking<T>(spec: &'static FnSpec, call: impl FnOnce() -> T) -> T {
    in_mode_blocking(CallMode::Uncached, spec.id(), call)
}

impl Invalidation {
    /// Nothing yet, in the cache of `source`.
    pub fn new(source: &impl Source, on: On) -> Self {
        Self::of(source.with(Clone::clone), on)
    }
}
