//! Entry points of annotated functions into the cache.

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

/// Source of the cache of a function.
pub trait Source {
    /// Calls `f` with the cache.
    fn with<T>(&self, f: impl FnOnce(&Cache) -> T) -> T;

    /// Returns the cache, unless it depends on the task that asks, or on the moment.
    fn fixed_cache(&self) -> Option<Cache>;
}

/// The current cache: the task's, or else the global one.
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

/// Marker that a key is complete. A `return` in an expression of the key, perhaps from a macro, has
/// another type and does not compile.
#[derive(Debug, Clone, Copy)]
pub struct KeyWritten;

/// Call that memory did not answer.
///
/// The call is boxed, so that a hit does not have the size of a miss. `None` is a bypass: `when` was
/// false, the call is an `uncached` one, or the cache is off.
pub struct Miss(Option<Box<Call>>);

impl fmt::Debug for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Miss")
    }
}

/// Looks the key up in memory.
///
/// # Errors
///
/// If memory has no usable entry; the error holds the input of the computation.
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
        // A bypass takes the mode too: it is not meant for calls inside this one.
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

/// Counts a bypass.
#[cold]
fn bypass(core: &Core, spec: &'static FnSpec) -> Miss {
    core.owner(spec).counts.bypassed.bump();
    Miss(None)
}

/// Looks the key up in memory, after the thread's table (L0) had no entry.
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

/// Returns the entry in memory, or else the input of the computation.
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

/// Makes the miss a bypass if one of `types` has no unique name: the key would be shared with another
/// type.
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

/// Computes the value, or waits for another call's computation of it.
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

/// Runs `code` in a stack frame of its own, which is free again when `code` returns.
#[inline(never)]
pub fn outlined<T>(code: impl FnOnce() -> T) -> T {
    code()
}

/// Computes the value, like [`compute`], with a body that owns its arguments. The computation may
/// continue after this call was answered with a stale value.
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

/// Starts a computation on this thread, or waits for another call's.
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

/// Completes a computation that [`begin_blocking`] has started.
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

/// Returns an entry of `spec`: the companion's `entry`.
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

/// Returns the key of one entry of `spec`.
pub fn target(_spec: &'static FnSpec, write: impl FnOnce(&mut KeyBuf) -> KeyWritten) -> Target {
    Target::new(|key| {
        let KeyWritten = write(key);
    })
}

/// Returns the handle of a cached function.
pub fn function(source: &impl Source, spec: &'static FnSpec) -> FunctionHandle {
    source.with(|cache| function_handle(cache, spec))
}

/// Future of an invalidation, which completes when the invalidation is accepted. It does nothing
/// until it is polled.
pub type Accepted = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Drops every entry of a function: the companion's `invalidate_all`. The future is boxed, so that it is
/// compiled once and not for each function.
pub fn invalidate_all(source: &impl Source, spec: &'static FnSpec) -> Accepted {
    let given = source.fixed_cache();
    Box::pin(async move { handle(given, spec).invalidate_all().await })
}

/// Marks every entry of a function as stale: the companion's `expire_all`.
pub fn expire_all(source: &impl Source, spec: &'static FnSpec) -> Accepted {
    let given = source.fixed_cache();
    Box::pin(async move { handle(given, spec).expire_all().await })
}

/// Returns the handle in the given cache, or else in the current one.
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

/// Runs `call`, a call of `spec`, as a bypass.
pub async fn uncached<F: Future>(spec: &'static FnSpec, call: F) -> F::Output {
    in_mode(CallMode::Uncached, spec.id(), call).await
}

/// Calls `call`, a call of `spec`, as a bypass.
pub fn uncached_blocking<T>(spec: &'static FnSpec, call: impl FnOnce() -> T) -> T {
    in_mode_blocking(CallMode::Uncached, spec.id(), call)
}

impl Invalidation {
    /// Creates an empty invalidation in the cache of `source`.
    pub fn new(source: &impl Source, on: On) -> Self {
        Self::of(source.with(Clone::clone), on)
    }
}
