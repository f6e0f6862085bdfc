//! The step of a miss that looks for the newest value of an entry in a queue of writes.

use std::sync::Arc;

use crate::base::durations::from_now;
use crate::base::fault::removed;
use crate::base::runtime::has_timer;
use crate::base::trace;
use crate::core::queued_payload::arguments;
use crate::core::queues::queue_of;
use crate::model::deferred_drop::DeferredDrop;
use crate::model::miss_cause::MissCause;
use crate::model::queue_spec::QueueSpec;
use crate::read::call::Call;
use crate::read::running::Computation;
use crate::store::failure::Failure;
use crate::store::write_queue::{QueuedItem, WriteQueue as _};

/// Error of a look into a queue that could not be asked, or whose answer could not be read. The
/// value of the function's body may be older than a queued write.
struct NotSeen;

impl Computation {
    /// Looks for a queued write of the entry. If there is a queued write, its value takes the place
    /// of the body's value, and the call is counted by that cause. Otherwise counts a computation.
    pub(crate) async fn with_queued_value(mut self: Box<Self>) -> Box<Self> {
        if let Some(queue) = queue_of(self.call.owner.id) {
            match self.call.queued_value(queue).await {
                Ok(queued) => self.queued = queued,
                Err(NotSeen) => self.dependencies.entry_tags.do_not_store = true,
            }
            self.is_queued = self.queued.is_some();
        }
        if self.is_queued {
            self.call.count_cause(MissCause::QUEUED);
            return self;
        }
        self.counted()
    }

    /// Counts a computation whose body is about to run.
    pub(crate) fn counted(self: Box<Self>) -> Box<Self> {
        self.call.count_computation();
        let call = &self.call;
        call.core.call_log().runs(&call.owner.name, &call.key);
        self
    }

    /// Takes out the value of a queued write. Returns `None` if the body is to run.
    pub(crate) fn take_queued(&mut self) -> Option<DeferredDrop> {
        self.queued.take()
    }
}

impl Call {
    /// Returns the value that a write-behind function has queued for the key of this call. The
    /// source of the function's values does not have that value yet. Returns `None` if no write is
    /// queued.
    ///
    /// The call asks the queue after it has the right to store the value. So the value is not
    /// stored if a write is queued later.
    ///
    /// # Errors
    ///
    /// Returns an error if it is unknown whether a write is queued. Then the value of the body must
    /// not be stored.
    async fn queued_value(
        &self,
        queue: &'static QueueSpec,
    ) -> Result<Option<DeferredDrop>, NotSeen> {
        if removed!(self.core, IgnoreQueuedValue) {
            return Ok(None);
        }
        let newest = self.ask_queue(queue.name()).await.map_err(|failure| {
            trace::redis_failed(&failure);
            NotSeen
        })?;
        // A replayed write may be older than the value that the source has.
        let Some(item) = newest.filter(|item| !item.is_replayed) else {
            return Ok(None);
        };
        let args = arguments(queue, &item.payload).map_err(|reason| {
            trace::queue::queued_write_unreadable(queue.name(), &reason);
            NotSeen
        })?;
        self.value_of(queue, &args).map(Some).ok_or(NotSeen)
    }

    /// Returns the write that the queue `name` has for the key of this call. With Redis, the call
    /// waits for what is left of its time.
    async fn ask_queue(&self, name: &str) -> Result<Option<QueuedItem>, Failure> {
        let key = self.key.as_bytes();
        let Some(l2) = &self.core.l2 else {
            let until = from_now(self.core.config.lock_timeout);
            return self.core.queues.process.newest(name, key, until).await;
        };
        let left = self.store_time(l2.settings.timeout);
        if left.is_zero() || !has_timer() {
            return Err(Failure::Unavailable);
        }
        l2.store.newest_queued(name, key, from_now(left)).await
    }

    /// Returns the value of the entry, which the user's expression makes from the arguments `args`
    /// of the queued write. Returns `None` if the expression panics.
    fn value_of(&self, queue: &QueueSpec, args: &DeferredDrop) -> Option<DeferredDrop> {
        let make = queue.value?;
        let value: Arc<_> = self.catch_panic(|| make(&**args.shared())).flatten()?;
        Some(DeferredDrop::new(value))
    }
}
