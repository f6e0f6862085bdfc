//! The content of one entry in Redis, as the public types that `Cache::inspect` returns.

use std::fmt;
use std::time::Duration;

/// An entry in Redis, read without the type of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Inspection {
    /// Key of the entry, without the namespace.
    pub key: String,
    /// Number of the copy that was found, of an entry with `replicas`. Zero for the first or only one.
    pub copy: u8,
    /// Size of the entry in Redis, in bytes.
    pub bytes: usize,
    /// Time for which Redis still keeps the entry.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize")
    )]
    pub left: Duration,
    /// Time after which the lease of the process that computes the entry ends, unless the process
    /// renews it. `None`: no process computes the entry.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize_option")
    )]
    pub lease: Option<Duration>,
    /// Content of the entry.
    pub content: Content,
}

/// Content of an [`Inspection`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Content {
    /// The entry has a value, or remembers a `None`.
    Value(Box<StoredValue>),
    /// The entry has no value yet: a process asked for the right to compute it.
    Vacant,
    /// The bytes cannot be read as an entry, for this reason. For a call, such an entry is a miss.
    Unreadable(String),
}

/// The value of an entry in Redis, with everything that Redis knows about the value.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct StoredValue {
    /// Name of the function or of the region that stored the value.
    pub function: String,
    /// Codec of the value, such as `bincode`. A codec that this build does not know is its number.
    pub codec: String,
    /// Fingerprint of the value's type. For a function whose type has another fingerprint, the
    /// entry is a miss.
    pub fingerprint: u64,
    /// `true` if the function returned `None`, so that there is no value.
    pub is_none: bool,
    /// `true` if the value is compressed in Redis.
    pub is_compressed: bool,
    /// Time since the value was stored. After a soft invalidation, the time since that
    /// invalidation.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize")
    )]
    pub age: Duration,
    /// Time for which the value is still fresh. Zero: the value is stale, also because a name that it
    /// depends on was softly invalidated.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize")
    )]
    pub fresh_for: Duration,
    /// Time for which the value may be served as a stale value after it was fresh.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize")
    )]
    pub stale_for: Duration,
    /// Time that the computation of the value took.
    #[cfg_attr(
        feature = "serde",
        serde(serialize_with = "crate::base::durations::seconds::serialize")
    )]
    pub computed_in: Duration,
    /// Order of the write that stored the value (`order_by`). `None`: a computation stored it, or a
    /// write without an order.
    pub order: Option<u64>,
    /// Names that the value depends on, each with the state of its version.
    pub dependencies: Vec<Dependency>,
    /// Encoded value, without compression. Empty for a `None`, and for a value whose compression
    /// this build cannot undo.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub payload: Vec<u8>,
}

impl StoredValue {
    /// Returns `true` if a call would be served the value now: the value is fresh, and no name that
    /// it depends on was invalidated since its computation began.
    pub fn is_fresh(&self) -> bool {
        let is_current = |it: &Dependency| it.state == DependencyState::Current;
        !self.fresh_for.is_zero() && self.dependencies.iter().all(is_current)
    }
}

impl fmt::Debug for StoredValue {
    /// Formats the value's facts without the value itself, which may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredValue")
            .field("function", &self.function)
            .field("codec", &self.codec)
            .field("age", &self.age)
            .field("fresh_for", &self.fresh_for)
            .field("dependencies", &self.dependencies)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// A name that an entry depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Dependency {
    /// Kind of the name.
    pub kind: DependencyKind,
    /// Text of the tag or event, key of the other entry, or name of the function. Empty for
    /// [`DependencyKind::Namespace`].
    pub name: String,
    /// State of the name's version.
    pub state: DependencyState,
}

/// Kind of a name that an entry depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum DependencyKind {
    /// All entries of the namespace: `clear` invalidates them.
    Namespace,
    /// All entries of one function.
    Function,
    /// A tag.
    Tag,
    /// An event.
    Event,
    /// Another entry that the value was computed from.
    Entry,
    /// All tags with one prefix, in place of tags that were not known yet.
    TagPrefix,
}

impl fmt::Display for DependencyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Namespace => "namespace",
            Self::Function => "function",
            Self::Tag => "tag",
            Self::Event => "event",
            Self::Entry => "entry",
            Self::TagPrefix => "tag prefix",
        })
    }
}

/// State of the version of a name that an entry depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum DependencyState {
    /// The name was not invalidated since the computation of the value began.
    Current,
    /// The name was softly invalidated since: the value counts as stale.
    SoftInvalidated,
    /// The name was invalidated since, or Redis has lost its version: the value is not served.
    Invalidated,
}

impl fmt::Display for DependencyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Current => "current",
            Self::SoftInvalidated => "softly invalidated",
            Self::Invalidated => "invalidated",
        })
    }
}
