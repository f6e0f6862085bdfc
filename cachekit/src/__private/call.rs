//! From an annotated function into the cache.

use std::fmt;
use std::sync::Arc;

use crate::cache::{
    Cache, Core, Entry, FunctionHandle, Invalidation, Job, Missed, Mode, On, Target,
    compute as compute_job, compute_apart as compute_job_apart,
    compute_blocking as compute_job_blocking, function_handle, in_mode, in_mode_blocking,
    take_mode, typed_entry,
};
use crate::event;
use crate::function::{FnSpec, Room};
use crate::global;
use crate::key::{KeyBuf, is_nameless};
use crate::labels::Labels;
use crate::owner::Owner;
use crate::plan::{Plan, Shape};

/// Where a function finds its cache.
pub trait Source {
    /// Calls `f` with it.
    fn with<T>(&self, f: impl FnOnce(&Cache) -> T) -> T;
}

/// The task's cache, else the global one.
#[derive(Debug, Clone, Copy)]
pub struct Current;

impl Source for Current {
    fn with<T>(&self, f: impl FnOnce(&Cache) -> T) -> T {
        global::with_current(f)
    }
}

impl Source for Cache {
    fn with<T>(&self, f: impl FnOnce(&Cache) -> T) -> T {
        f(self)
    }
}

/// What `_` in a reference to a cached function becomes.
#[derive(Debug, Clone, Copy)]
pub struct NotInKey;

/// A call that memory did not answer.
pub struct Miss(Kind);

enum Kind {
    /// Boxed: a hit is not to be the size of a miss.
    Call(Box<Job>),
    /// Past the cache: `when` was false, the call is an `uncached` one, or the cache is off.
    Bypass(Arc<Owner>),
}

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
pub fn look<S, C, W>(
    source: &C,
    spec: &'static FnSpec,
    plan: impl Fn() -> Plan<S>,
    when: bool,
    write: W,
) -> Result<S::Ret, Miss>
where
    S: Shape,
    C: Source,
    W: FnOnce(&mut KeyBuf),
    S::Value: Clone + Send + Sync + 'static,
{
    source.with(|cache| {
        let core = cache.core();
        // Taken also by a call that goes past the cache: it is not for a call inside it.
        let mode = take_mode(spec.id());
        if mode == Mode::Uncached || !when || !core.is_enabled() {
            return Err(Miss(Kind::Bypass(core.owner(spec))));
        }
        let mut tokens = KeyBuf::tokens();
        write(&mut tokens);
        if mode == Mode::Refresh {
            let core = core.at_home(spec);
            let missed = core.unlooked(spec.key(&tokens).as_bytes(), spec.id());
            return Err(miss(core, spec, missed, true));
        }
        let core = match spec.room() {
            Room::Shared => core,
            Room::Own(_) => core.at_home(spec),
            Room::None => {
                let missed = core.never_in_memory(spec.key(&tokens).as_bytes(), spec.id());
                return Err(miss(core, spec, missed, false));
            }
        };
        let probe = core.probe(spec, &tokens);
        core.hit(plan, &probe, spec.id(), || spec.key(&tokens))
            .map_err(|missed| miss(core, spec, missed, false))
    })
}

#[cold]
fn miss(core: &Arc<Core>, spec: &'static FnSpec, missed: Missed, fresh: bool) -> Miss {
    let core = Arc::clone(core);
    let owner = core.owner(spec);
    let mut job = Job::missed(core, owner, missed, spec.lives());
    job.fresh = fresh;
    Miss(Kind::Call(Box::new(job)))
}

/// The call, past the cache if one of `types` has no name of its own: its key is another's too.
#[must_use]
pub fn named(miss: Miss, spec: &'static FnSpec, types: &[Option<&str>]) -> Miss {
    let nameless = types.iter().flatten().find(|it| is_nameless(it));
    match (nameless, miss.0) {
        (Some(nameless), Kind::Call(job)) => {
            event::nameless_type(spec.name(), nameless);
            Miss(Kind::Bypass(Arc::clone(&job.owner)))
        }
        (_, kind) => Miss(kind),
    }
}

/// Computes, or waits for another's computation.
pub async fn compute<S, A, F, Fut>(
    miss: Miss,
    plan: Plan<S>,
    labels: Labels,
    after: A,
    body: F,
) -> S::Ret
where
    S: Shape,
    S::Value: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, &mut Labels),
    F: FnOnce() -> Fut,
    Fut: Future<Output = S::Ret>,
{
    match miss.0 {
        // Boxed, so that the function's own future carries nothing of a miss.
        Kind::Call(job) => Box::pin(compute_job(job, plan, labels, after, body)).await,
        Kind::Bypass(owner) => {
            owner.counts.bypassed.bump();
            body().await
        }
    }
}

/// [`compute`] for a body that owns what it needs: it may go on without this call, which is
/// answered with an old value then.
pub async fn compute_apart<S, A, F, Fut>(
    miss: Miss,
    plan: Plan<S>,
    labels: Labels,
    after: A,
    body: F,
) -> S::Ret
where
    S: Shape + 'static,
    S::Ret: Send + 'static,
    S::Value: Clone + Send + Sync + 'static,
    S::Error: Send + 'static,
    A: FnOnce(&S::Value, &mut Labels) + Send + 'static,
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output = S::Ret> + Send + 'static,
{
    match miss.0 {
        Kind::Call(job) => {
            Box::pin(compute_job_apart(
                job,
                plan,
                labels,
                after,
                body,
                global::carried,
            ))
            .await
        }
        Kind::Bypass(owner) => {
            owner.counts.bypassed.bump();
            body().await
        }
    }
}

/// Computes, or waits for another's computation, on this thread.
pub fn compute_blocking<S, A>(
    miss: Miss,
    plan: Plan<S>,
    labels: Labels,
    after: A,
    body: impl FnOnce() -> S::Ret,
) -> S::Ret
where
    S: Shape,
    S::Value: Clone + Send + Sync + 'static,
    A: FnOnce(&S::Value, &mut Labels),
{
    match miss.0 {
        Kind::Call(job) => compute_job_blocking(&job, plan, labels, after, body),
        Kind::Bypass(owner) => {
            owner.counts.bypassed.bump();
            body()
        }
    }
}

/// A companion's `entry`.
pub fn entry<S, A>(
    source: &impl Source,
    spec: &'static FnSpec,
    plan: Plan<S>,
    target: Target,
    labels: Labels,
    after: A,
) -> Entry<S::Ret>
where
    S: Shape + 'static,
    S::Value: 'static,
    A: Fn(&S::Value, &mut Labels) + Send + Sync + 'static,
{
    source.with(|cache| typed_entry(cache, spec, plan, target, labels, after))
}

/// What a reference to one entry of `spec` names.
pub fn target(_spec: &'static FnSpec, write: impl FnOnce(&mut KeyBuf)) -> Target {
    Target::new(write)
}

/// A companion's whole function.
pub fn function(source: &impl Source, spec: &'static FnSpec) -> FunctionHandle {
    source.with(|cache| function_handle(cache, spec))
}

/// Runs `call`, a call of `spec`, so that it recomputes.
pub async fn refresh<F: Future>(spec: &'static FnSpec, call: F) -> F::Output {
    in_mode(Mode::Refresh, spec.id(), call).await
}

/// Calls `call`, a call of `spec`, so that it recomputes.
pub fn refresh_blocking<T>(spec: &'static FnSpec, call: impl FnOnce() -> T) -> T {
    in_mode_blocking(Mode::Refresh, spec.id(), call)
}

/// Runs `call`, a call of `spec`, past the cache.
pub async fn uncached<F: Future>(spec: &'static FnSpec, call: F) -> F::Output {
    in_mode(Mode::Uncached, spec.id(), call).await
}

/// Calls `call`, a call of `spec`, past the cache.
pub fn uncached_blocking<T>(spec: &'static FnSpec, call: impl FnOnce() -> T) -> T {
    in_mode_blocking(Mode::Uncached, spec.id(), call)
}

impl Invalidation {
    /// Nothing yet, in the cache of `source`.
    pub fn new(source: &impl Source, on: On) -> Self {
        Self::of(source.with(Clone::clone), on)
    }
}
