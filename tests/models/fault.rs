//! The guards that can be removed.

/// Of those in `cachekit/src/fault.rs`, the ones about flights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    RemoveBeforeOutcome,
    RemoveAnyFlight,
    SpareOutcome,
    LeadGrounded,
    JoinAnother,
    /// Of the caller, which the model plays.
    NoSecondLook,
}

/// At most one guard.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults(pub(crate) Option<Fault>);

impl Faults {
    pub(crate) fn has(self, fault: Fault) -> bool {
        self.0 == Some(fault)
    }
}
