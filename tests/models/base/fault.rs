//! The guards that can be removed.

/// Of those in `cachekit/src/base/fault/guards.rs`, the ones about flights, and about who serves from memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    RemoveBeforeOutcome,
    RemoveAnyFlight,
    SpareOutcome,
    LeadGrounded,
    JoinAnother,
    /// Of the caller, which the model plays.
    NoSecondLook,
    NoHello,
    HelloUnanswered,
    SeldomHello,
    NoOwnMessage,
    AnyOwnMessage,
    OldWindow,
    WaitFromSending,
    ForgetSilent,
    EchoBetween,
    TrustAfterGoodbye,
    /// Of the server, which the model plays.
    EchoWithoutWrite,
}

/// At most one guard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Faults(pub(crate) Option<Fault>);

impl Faults {
    pub(crate) fn has(self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }
}

/// As in `cachekit/src/base/fault.rs`.
macro_rules! guard {
    ($owner:expr, $fault:ident: $condition:expr) => {
        ($condition || $owner.faults.has($crate::base::fault::Fault::$fault))
    };
}

/// As there.
macro_rules! removed {
    ($owner:expr, $fault:ident) => {
        $owner.faults.has($crate::base::fault::Fault::$fault)
    };
}

pub(crate) use {guard, removed};
