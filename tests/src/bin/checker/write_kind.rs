//! The kinds of writes.

/// A way to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteKind {
    /// `Cache::invalidate`.
    Key,
    /// `entry(..).invalidate()`.
    Entry,
    /// A tag made from arguments.
    Tag,
    /// A tag made from the value.
    ValueTag,
    Event,
    /// Every entry of a function.
    Function,
    Clear,
    /// `Cache::put`.
    Put,
    /// `#[write_through]`.
    Through,
    /// `#[write_through]` with `order_by`.
    Ordered,
    /// One that has its number long before it begins, and a newer one of its node returned
    /// meanwhile.
    Delayed,
    /// `#[invalidates]`, of entries.
    Annotated,
    /// `#[invalidates]`, of tags and events.
    Regrouped,
    /// Several annotated functions in one `deferred`.
    Deferred,
    /// `Cache::invalidation().acknowledged()`, of a key.
    AckedKey,
    /// The same of a tag made from arguments, of one made from the value, and of a function.
    AckedTag,
    AckedValueTag,
    AckedFunction,
    /// What may be served old stays for a while.
    Soft(SoftKind),
    /// Nobody is told.
    Unsaid,
}

/// A way to invalidate softly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SoftKind {
    /// Of `Cache::invalidation().soft()`.
    Key,
    Tag,
    ValueTag,
    Event,
    /// `entry(..).expire()`.
    Entry,
    /// `expire_all()`.
    Function,
    /// `#[invalidates(.., soft)]`, of entries.
    Annotated,
    /// The same of a tag and an event.
    Regrouped,
    /// Of `Cache::invalidation().acknowledged()`, of a key and of a tag.
    AckedKey,
    AckedTag,
}
