//! The participants of a search: callers of one key, its invalidations, a memory and a source. The
//! callers follow `read/miss.rs`, without a second tier.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU64 as Count, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::base::fault::{Fault, Faults};
use crate::base::sync::{AtomicBool, AtomicU64, Mutex, Ordering, step};
use crate::coordination::single_flight::Entered;
use crate::coordination::single_flight::table::{Flights, Leadership};
use crate::coordination::single_flight::waiter::{Leader, Woken};
use crate::invariants::{Laws, Run, Taken};
use crate::key::Key;
use crate::model::epoch::{Epochs, SequenceNumber};
use crate::model::owner::OwnerId;

/// Who most calls are of.
pub(crate) const OWNER: OwnerId = OwnerId(1);

/// What a computation gave.
#[derive(Debug)]
pub(crate) struct Value {
    owner: OwnerId,
    /// The source's when the computation began.
    version: u64,
    dead: AtomicBool,
}

/// A value, or an error that can be shared.
type Outcome = Option<Arc<Value>>;

/// How a computation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Value,
    Error,
    /// With one that cannot be shared.
    OwnError,
    Panic,
    Never,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Value(u64),
    Error,
    Panicked,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) flights: Arc<Flights<Outcome>>,
    faults: Faults,
    key: Key,
    memory: Mutex<Option<Arc<Value>>>,
    source: AtomicU64,
    /// The version that the last invalidation that returned was about.
    invalidated: Count,
    pub(crate) laws: Laws,
}

impl World {
    pub(crate) fn new(fault: Option<Fault>) -> Arc<Self> {
        let faults = Faults(fault);
        let evict = |outcome: &Outcome| {
            if let Some(value) = outcome {
                value.dead.store(true, Ordering::SeqCst);
            }
        };
        let mut flights = Flights::new(evict);
        flights.faults = faults;
        Arc::new(Self {
            flights: Arc::new(flights),
            faults,
            key: Key::new(b"key"),
            memory: Mutex::new(None),
            source: AtomicU64::new(0),
            invalidated: Count::new(0),
            laws: Laws::default(),
        })
    }

    /// Changes the source, then takes the key out of use, as `Core::drop_found` does.
    pub(crate) fn write(&self) {
        let version = self.source.fetch_add(1, Ordering::SeqCst) + 1;
        self.laws.grounding();
        self.flights.retire(self.key.as_bytes());
        self.memory().take();
        self.laws.detached();
        self.invalidated.fetch_max(version, SeqCst);
    }

    /// A call whose own computation, if it comes to one, ends like `end`. It waits for others at
    /// most `limit`.
    pub(crate) async fn call(self: Arc<Self>, end: End, limit: Duration) -> Ended {
        self.call_of(OWNER, end, limit).await
    }

    /// The same of one who has the key in common with others.
    pub(crate) async fn call_of(
        self: Arc<Self>,
        owner: OwnerId,
        end: End,
        limit: Duration,
    ) -> Ended {
        // What was invalidated when the call began must not answer it.
        let floor = self.invalidated.load(SeqCst);
        let ended = self.answer(owner, end, limit).await;
        if let Ended::Value(version) = ended {
            assert!(
                version >= floor,
                "a call got version {version} after {floor} was invalidated"
            );
        }
        ended
    }

    async fn answer(&self, owner: OwnerId, end: End, limit: Duration) -> Ended {
        if let Some(value) = self.look(owner) {
            return Ended::Value(value.version);
        }
        let taken = OnceLock::new();
        let leadership = || {
            // Once: who leads does not come back.
            let _ = taken.set(self.laws.take());
            leadership()
        };
        let ahead = |lead| {
            let taken = taken.get().copied();
            self.lead(owner, (lead, taken.expect("it leads")), end)
        };
        let entered = || {
            let epochs = Epochs::default();
            let spot = (&self.key, owner);
            self.flights.enter(spot, &epochs, leadership, |_| true)
        };
        loop {
            let waiter = match entered() {
                Entered::Leader(lead) => return ahead(lead).await,
                Entered::Wait(waiter) => waiter,
            };
            match waiter.wait(Some(limit), leadership).await {
                Woken::Leader(lead) => return ahead(lead).await,
                Woken::Settled(Some(value), _) => {
                    assert!(
                        value.owner == owner,
                        "a call got the value of another owner"
                    );
                    return Ended::Value(value.version);
                }
                Woken::Settled(None, _) => return Ended::Error,
                Woken::Retired => {}
                Woken::TimedOut(waiter) => {
                    let replaced = self.flights.replace(&waiter, leadership);
                    drop(waiter);
                    return match replaced {
                        Some(lead) => ahead(lead).await,
                        None => self.alone().await,
                    };
                }
            }
        }
    }

    async fn lead(
        &self,
        owner: OwnerId,
        (lead, taken): (Leader<Outcome>, Taken),
        end: End,
    ) -> Ended {
        if !self.faults.has(Fault::NoSecondLook)
            && let Some(value) = self.look(owner)
        {
            let version = value.version;
            lead.settle(Some(value), || {});
            return Ended::Value(version);
        }
        let run = self.laws.begin(taken);
        let version = self.source.load(Ordering::SeqCst);
        shuttle::future::yield_now().await;
        match end {
            End::Value => {
                self.land(owner, lead, run, version);
                Ended::Value(version)
            }
            End::Error => {
                run.failed();
                lead.settle(None, || {});
                Ended::Error
            }
            End::OwnError => {
                run.failed();
                lead.retry_wider();
                Ended::Error
            }
            End::Panic => {
                let unwinding = AssertUnwindSafe(move || {
                    let _held = (run, lead);
                    // Without the hook: nothing is to be printed.
                    resume_unwind(Box::new("the function panicked"))
                });
                let unwound: Result<(), _> = std::panic::catch_unwind(unwinding);
                assert!(unwound.is_err());
                Ended::Panicked
            }
            End::Never => std::future::pending().await,
        }
    }

    fn land(&self, owner: OwnerId, lead: Leader<Outcome>, run: Run<'_>, version: u64) {
        let value = Arc::new(Value {
            owner,
            version,
            dead: AtomicBool::new(false),
        });
        let stored = Arc::clone(&value);
        lead.settle(Some(value), || {
            step();
            *self.memory() = Some(stored);
        });
        run.finished();
    }

    /// A computation for one caller, whose value is not stored.
    async fn alone(&self) -> Ended {
        let version = self.source.load(Ordering::SeqCst);
        shuttle::future::yield_now().await;
        Ended::Value(version)
    }

    /// What memory has, if it may be served to `owner`.
    fn look(&self, owner: OwnerId) -> Option<Arc<Value>> {
        let value = self.memory().clone()?;
        (value.owner == owner && !value.dead.load(Ordering::SeqCst)).then_some(value)
    }

    fn memory(&self) -> crate::base::sync::MutexGuard<'_, Option<Arc<Value>>> {
        self.memory.lock()
    }
}

fn leadership() -> Leadership {
    Leadership {
        number: SequenceNumber::default(),
        start: Instant::now(),
        computes: true,
        refresh_scope: 0,
    }
}
