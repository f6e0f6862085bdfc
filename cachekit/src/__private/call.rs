//! Functions by which the code of annotated functions calls the cache.

use std::pin::Pin;
use std::sync::Arc;

use crate::api::entry::{Entry, typed_entry};
use crate::api::function_handle::{FunctionHandle, function_handle};
use crate::base::clock::Tick;
use crate::base::trace;
use crate::coordination::frame::Surroundings;
use crate::core::entry_key::Target;
use crate::core::in_frame::InFrame;
use crate::core::observing::uncached_frame;
use crate::core::state::{Cache, Core};
use crate::global;
use crate::invalidate::request::{Invalidation, On};
use crate::key::Key;
use crate::key::buf::KeyBuf;
use crate::key::function_path::is_nameless;
use crate::model::entry::MemoryEntry;
use crate::model::function_spec::{FnSpec, MemoryChoice};
use crate::model::source::SourceTier;
use crate::model::tags::EntryTags;
use crate::read::call::{Call, Miss};
use crate::read::call_mode::{CallMode, in_mode, in_mode_blocking, take_mode};
use crate::read::compute_detached::compute_detachable as compute_call_detachable;
use crate::read::hit::{return_value, value_in};
use crate::return_type::erased_ops::ValueOps;
use crate::return_type::shape::{ReturnOps, ReturnType};

/// Source from which an annotated function gets its cache.
pub trait Source {
    /// Calls `f` with the cache that the function uses, and returns the result of `f`.
    fn with<T>(&self, f: impl FnOnce(&Cache) -> T) -> T;

    /// Returns the cache if all calls of the function use the same cache. Returns `None` if the
    /// cache depends on the current task or on the time of the call.
    fn fixed_cache(&self) -> Option<Cache>;
}

/// Source that gives the current cache: in a test the cache of the current task, otherwise the
/// global cache.
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

/// Return value of a closure that has written a key. A user's expression in the key cannot make
/// this value, so a `return` in such an expression, even from a macro, does not compile.
#[derive(Debug, Clone, Copy)]
pub struct KeyWritten;

/// Looks up, in memory, the key that `write` writes. Returns the value of the function's call if
/// memory has a usable entry.
///
/// # Errors
///
/// Returns a [`Miss`] if memory has no usable entry, or if the call bypasses the cache. The caller
/// passes the miss to `compute`.
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
        // The mode is taken even if the call bypasses the cache, because the mode must not apply to
        // calls inside this call.
        let mode = take_mode(spec.id());
        if mode == CallMode::Uncached || !when || !core.is_enabled() {
            return Err(bypass(core, spec));
        }
        let mut arg_words = KeyBuf::arg_words();
        let KeyWritten = write(&mut arg_words);
        let mut asked = None;
        if mode == CallMode::Cached
            && let Some(core) = core.core_in_memory_of(spec)
        {
            let probe = core.lookup_key(spec, &arg_words);
            let now = Tick::coarse(&*core.clock);
            asked = Some(now);
            let key = || spec.key(&arg_words);
            if let Some(hit) = core.hit_on_thread(&return_ops, &probe, spec.id(), now, key) {
                return Ok(hit);
            }
        }
        try_hit_slow(core, spec, &arg_words, (mode, asked), &return_ops)
    })
}

/// Counts a bypass in the statistics of the cached function `spec`. Returns the miss with which
/// `compute` runs the function's body without the cache.
#[cold]
fn bypass(core: &Core, spec: &'static FnSpec) -> Miss {
    core.note_bypass(&core.owner(spec));
    Miss(None)
}

/// Looks up a key after the thread's own table (L0) did not answer: the table has no usable entry,
/// or the call is inside of a computation, where the table is lent. A call that the table answers
/// skips this check. `asked` is the time of the look-up in the table, if there was one.
#[cold]
#[inline(never)]
fn try_hit_slow<S>(
    core: &Arc<Core>,
    spec: &'static FnSpec,
    arg_words: &KeyBuf,
    (mode, asked): (CallMode, Option<Tick>),
    return_ops: &dyn Fn() -> ReturnOps<S>,
) -> Result<S::Ret, Miss>
where
    S: ReturnType,
    S::Value: Clone + Send + Sync + 'static,
{
    let surroundings = core.surroundings();
    if surroundings.bypasses() {
        return Err(bypass(core, spec));
    }
    let mode = if mode == CallMode::Cached
        && surroundings.refreshes()
        && surroundings.is_refresh_due(spec.id(), spec.key(arg_words).as_bytes())
    {
        CallMode::Refresh
    } else {
        mode
    };
    if surroundings.is_inside()
        && mode == CallMode::Cached
        && let Some(now) = asked
        && let Some((core, stored)) = entry_inside(core, spec, arg_words, (now, surroundings))
        && let Some(ret) = value_in::<S>(&stored)
    {
        core.record_hit(&|| key(spec, arg_words), &stored);
        let key = || spec.key(arg_words);
        core.observe_hit(surroundings, SourceTier::Memory, key, &stored);
        return Ok(ret);
    }
    let return_ops = return_ops();
    let ops = return_ops.value_ops();
    let stored = entry_or_miss(core, spec, arg_words, (mode, surroundings), &ops)?;
    Ok(return_value(&return_ops, &stored))
}

/// Returns the entry that this thread's table (L0) has for a call, and the entry's core. The call
/// is inside of a computation or a scope, where the table is lent. Returns `None` if the table has
/// no entry, or its entry lacks what the computation needs.
fn entry_inside<'a>(
    core: &'a Arc<Core>,
    spec: &'static FnSpec,
    arg_words: &KeyBuf,
    (now, surroundings): (Tick, Surroundings),
) -> Option<(&'a Core, Arc<MemoryEntry>)> {
    let core = core.core_in_memory_of(spec)?;
    let lookup = core.lookup_key(spec, arg_words);
    let stored = core.entry_on_thread(&lookup, spec.id(), now, || spec.key(arg_words))?;
    let is_usable = !surroundings.is_recorded() || !core.lacks_lineage(&stored);
    is_usable.then_some((core, stored))
}

/// Returns the key of a call of the function `spec`.
#[cold]
fn key(spec: &'static FnSpec, arg_words: &KeyBuf) -> Key {
    Key::new(spec.key(arg_words).as_bytes())
}

/// Returns the entry in memory (L1) that answers the call, or else the miss, as the input of
/// `compute`.
fn entry_or_miss(
    core: &Arc<Core>,
    spec: &'static FnSpec,
    arg_words: &KeyBuf,
    (mode, surroundings): (CallMode, Surroundings),
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
            Ok(stored) if surroundings.is_recorded() && core.lacks_lineage(&stored) => {
                Core::miss_without_lineage(key.as_bytes())
            }
            Ok(stored) => {
                core.record_taken(|| Key::new(key.as_bytes()), &stored);
                core.observe_hit(surroundings, SourceTier::Memory, || &key, &stored);
                return Ok(stored);
            }
            Err(missed) => missed,
        }
    };
    let owner = core.owner(spec);
    let options = owner.options();
    if !options.is_enabled {
        return Err(bypass(core, spec));
    }
    let mut call = Call::after_miss(Arc::clone(core), owner, missed, options, surroundings);
    call.force_refresh = mode == CallMode::Refresh;
    Err(Miss(Some(Box::new(call))))
}

/// Turns `miss` into a bypass of the cache if one of `types`, the names of the types in the key, is
/// `None`: a type without a unique name could have the same key as another type.
#[must_use]
pub fn bypass_if_nameless(miss: Miss, spec: &'static FnSpec, types: &[Option<&str>]) -> Miss {
    let nameless = types.iter().flatten().find(|it| is_nameless(it));
    if let (Some(nameless), Some(call)) = (nameless, &miss.0) {
        trace::nameless_type(spec.name(), nameless);
        call.note_bypass();
        return Miss(None);
    }
    miss
}

/// Runs `code` in a separate stack frame, so that the local variables of `code` do not occupy the
/// stack afterwards.
#[inline(never)]
pub fn outlined<T>(code: impl FnOnce() -> T) -> T {
    code()
}

/// Computes the value of a call after a miss, like [`compute`](crate::read::typed_call::compute).
/// The body owns its arguments, so the computation may continue after the call was answered with a
/// stale value, or after the call's future was dropped.
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
        None => InFrame::new(uncached_frame(), body).await,
    }
}

/// Returns a handle to the entry of the function `spec` under the key `target`. The companion's
/// `entry` calls this function.
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

/// Returns the key of one entry of a function, as the closure `write` writes the key.
pub fn target(spec: &'static FnSpec, write: impl FnOnce(&mut KeyBuf) -> KeyWritten) -> Target {
    let target = Target::new(|key| {
        let KeyWritten = write(key);
    });
    target.of(spec)
}

/// Returns a handle to the cached function `spec`, in the cache that `source` gives.
pub fn function(source: &impl Source, spec: &'static FnSpec) -> FunctionHandle {
    source.with(|cache| function_handle(cache, spec))
}

/// Future of an invalidation. The invalidation begins when the future is first polled, and the
/// future completes when the invalidation is accepted.
pub type Accepted = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Removes every entry of the function `spec`. The companion's `invalidate_all` calls this
/// function. The future is boxed, so that its code is compiled once and not for each cached
/// function.
pub fn invalidate_all(source: &impl Source, spec: &'static FnSpec) -> Accepted {
    let given = source.fixed_cache();
    Box::pin(async move { handle(given, spec).invalidate_all().await })
}

/// Marks every entry of the function `spec` as stale. The companion's `expire_all` calls this
/// function.
pub fn expire_all(source: &impl Source, spec: &'static FnSpec) -> Accepted {
    let given = source.fixed_cache();
    Box::pin(async move { handle(given, spec).expire_all().await })
}

/// Returns a handle to the function `spec` in the cache `given`, or in the current cache if `given`
/// is `None`.
fn handle(given: Option<Cache>, spec: &'static FnSpec) -> FunctionHandle {
    match given {
        Some(cache) => function(&cache, spec),
        None => function(&Current, spec),
    }
}

/// Runs `call`, the future of a call of the function `spec`. The call ignores an existing entry,
/// runs the function's body and stores the value.
pub async fn refresh<F: Future>(spec: &'static FnSpec, call: F) -> F::Output {
    in_mode(CallMode::Refresh, spec.id(), call).await
}

/// Runs `call`, a closure with a call of the function `spec`. The call ignores an existing entry,
/// runs the function's body and stores the value.
pub fn refresh_blocking<T>(spec: &'static FnSpec, call: impl FnOnce() -> T) -> T {
    in_mode_blocking(CallMode::Refresh, spec.id(), call)
}

/// Runs `call`, the future of a call of the function `spec`, without the cache (a bypass).
pub async fn uncached<F: Future>(spec: &'static FnSpec, call: F) -> F::Output {
    in_mode(CallMode::Uncached, spec.id(), call).await
}

/// Runs `call`, a closure with a call of the function `spec`, without the cache (a bypass).
pub fn uncached_blocking<T>(spec: &'static FnSpec, call: impl FnOnce() -> T) -> T {
    in_mode_blocking(CallMode::Uncached, spec.id(), call)
}

impl Invalidation {
    /// Creates an invalidation in the cache of `source` that does not name any entry, tag or event
    /// yet. `on` tells when the annotated function invalidates.
    pub fn new(source: &impl Source, on: On) -> Self {
        Self::of(source.with(Clone::clone), on)
    }
}
