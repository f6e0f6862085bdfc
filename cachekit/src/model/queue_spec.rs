//! The constant data of a write-behind function, which the attribute provides at compile time.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::base::durations::cut;
use crate::encoding::codec::Codec;
use crate::encoding::codec::type_codec::Wire;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::function_spec::FnSpec;
use crate::model::provided::Provided;
use crate::model::queued_write::QueuedWrite;

/// The kind of a queue, which decides what happens to a queued write when another write of its key
/// comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueueKind {
    /// The newer write replaces the older one.
    Newest,
    /// Each write is carried out, in the order in which the writes came.
    Each,
}

impl QueueKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Each => "each",
        }
    }
}

/// The behaviour of a call whose queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// The call waits for room, for `lock_timeout` of the cache at most.
    Wait,
    /// The call returns an error at once.
    Fail,
    /// The call carries the write out itself. If older writes of the key are queued, the call waits
    /// as for `Wait`.
    Write,
}

/// The arguments of one write, and its version and attempt.
#[derive(Debug)]
pub struct QueuedCall {
    /// The arguments as an `Option` of a tuple.
    pub(crate) args: DeferredDrop,
    /// The version and the attempt of the write.
    pub write: QueuedWrite,
}

impl QueuedCall {
    /// Returns a copy of the arguments of the write, which have the type `A`. Returns `None` if
    /// they have another type.
    pub fn args<A: Clone + 'static>(&self) -> Option<A> {
        self.args.shared().downcast_ref::<Option<A>>()?.clone()
    }
}

/// The future of a run of the function's body in a worker. An error is the text of the body's
/// error.
pub type BodyFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// The code that runs the function's body for queued writes.
type RunBody = fn(Arc<Provided>, Vec<QueuedCall>) -> BodyFuture;

/// The code that makes the value of the cached function's entry from the arguments of a write.
type MakeValue = fn(&(dyn Any + Send + Sync)) -> Option<Arc<dyn Any + Send + Sync>>;

/// A value that the function's body takes and that is not in the queue, such as a pool of
/// connections. Workers are given it by its type.
#[derive(Clone, Copy)]
pub struct Need {
    pub(crate) argument: &'static str,
    pub(crate) type_name: fn() -> &'static str,
    pub(crate) type_id: fn() -> TypeId,
}

impl Need {
    /// Creates the need for a value of the type `T`, for the argument with the name `argument`.
    pub const fn of<T: 'static>(argument: &'static str) -> Self {
        Self {
            argument,
            type_name: type_name::<T>,
            type_id: TypeId::of::<T>,
        }
    }
}

/// Constant data of a write-behind function: its name, options and code. Each `#[write_behind]`
/// expands to one `static` of this type.
pub struct QueueSpec {
    pub(crate) function: FnSpec,
    pub(crate) kind: QueueKind,
    /// `true` if one run of the body carries out several writes.
    pub(crate) is_batched: bool,
    /// The largest number of writes that a worker takes from the queue at once.
    pub(crate) batch: usize,
    pub(crate) every: Duration,
    pub(crate) retries: u32,
    pub(crate) timeout: Duration,
    pub(crate) capacity: u64,
    pub(crate) when_full: WhenFull,
    pub(crate) codec: Option<Codec>,
    pub(crate) entry: Option<fn() -> &'static FnSpec>,
    pub(crate) value: Option<MakeValue>,
    pub(crate) wire: fn() -> Option<Wire>,
    pub(crate) needs: &'static [Need],
    pub(crate) run: RunBody,
}

impl QueueSpec {
    /// Creates the data of a function of which only the newest write of each key is carried out.
    /// `function` has the function's name and place.
    pub const fn new(function: FnSpec, wire: fn() -> Option<Wire>, run: RunBody) -> Self {
        Self {
            function,
            kind: QueueKind::Newest,
            is_batched: false,
            batch: 100,
            every: Duration::from_secs(1),
            retries: 10,
            timeout: Duration::from_secs(30),
            capacity: 100_000,
            when_full: WhenFull::Wait,
            codec: None,
            entry: None,
            value: None,
            wire,
            needs: &[],
            run,
        }
    }

    /// Makes workers carry out every write, not only the newest write of a key: `each(..)`.
    pub const fn each(mut self) -> Self {
        self.kind = QueueKind::Each;
        self
    }

    /// Lets one run of the body carry out several writes, because the body takes a `Vec`.
    pub const fn batched(mut self) -> Self {
        self.is_batched = true;
        self
    }

    /// Sets the number of writes that a worker takes at once, at least 1: `batch = ..`.
    pub const fn batch(mut self, writes: u32) -> Self {
        self.batch = writes as usize;
        self
    }

    /// Sets the time for which a key waits before its write is carried out: `every = ..`.
    pub const fn every(mut self, time: Duration) -> Self {
        self.every = cut(time);
        self
    }

    /// Sets the number of times that a failed write is repeated: `retries = ..`.
    pub const fn retries(mut self, times: u32) -> Self {
        self.retries = times;
        self
    }

    /// Sets the longest time that one run of the body may take: `timeout = ..`.
    pub const fn timeout(mut self, time: Duration) -> Self {
        self.timeout = cut(time);
        self
    }

    /// Sets the largest number of queued writes, at least 1: `capacity = ..`.
    pub const fn capacity(mut self, writes: u64) -> Self {
        self.capacity = writes;
        self
    }

    /// Sets the behaviour of calls whose queue is full: `when_full = ..`.
    pub const fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// Sets the encoding of queued arguments: `codec = ..`.
    pub const fn codec(mut self, codec: Codec) -> Self {
        self.codec = Some(codec);
        self
    }

    /// Names the cached function whose entries the writes replace.
    pub const fn entry(mut self, spec: fn() -> &'static FnSpec) -> Self {
        self.entry = Some(spec);
        self
    }

    /// Sets the code that makes the value of the entry from queued arguments: `value = ..`.
    pub const fn value(mut self, make: MakeValue) -> Self {
        self.value = Some(make);
        self
    }

    /// Sets the values that the body takes and that are not queued: `skip(..)`.
    pub const fn needs(mut self, needs: &'static [Need]) -> Self {
        self.needs = needs;
        self
    }

    /// Returns the function's name, which is the name of its queue too.
    pub(crate) fn name(&self) -> &str {
        self.function.name()
    }
}

impl fmt::Debug for QueueSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueSpec")
            .field("name", &self.name())
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.argument, (self.type_name)())
    }
}
