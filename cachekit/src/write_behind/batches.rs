//! The runs for the keys that a worker claimed: one for each write, or one for many.

use crate::core::queued_payload::arguments;
use crate::store::write_queue::ClaimedKey;
use crate::write_behind::attempts::Attempts;
use crate::write_behind::carry_out::{ClaimedWork, ClaimedWrite, NotRun};

/// The number of claims of a write that may be lost, because their workers died or could not reach
/// the queue, before the write is put aside.
const MOST_LOST: u32 = 10;

/// The number of keys that fail one after the other before the fault is taken for that of the source.
const FAILED_IN_A_ROW: usize = 2;

impl ClaimedWork {
    /// Carries out the writes of `keys` by as few runs of the body as possible.
    ///
    /// A run that fails is repeated for each key alone, so that the write which fails is found and
    /// the others are carried out.
    pub(crate) async fn run_together(self, keys: Vec<ClaimedKey>) {
        let names: Vec<_> = keys.iter().map(|it| it.key.clone()).collect();
        let work = async {
            let mut all = Vec::new();
            for key in keys {
                all.extend(self.readable(key).await.into_iter().flatten());
            }
            if all.is_empty() {
                return;
            }
            if let Err(NotRun::Failed(error)) = self.run(&all, false).await {
                self.run_apart(all, error).await;
            }
        };
        self.renewing(&names, work).await;
    }

    /// Carries out the writes of one key, in their order. If one run takes many writes, the first one
    /// has a run of its own, because it may have failed, or been the end of its worker.
    pub(crate) async fn run_key(self, key: ClaimedKey) {
        let names = [key.key.clone()];
        let work = async {
            match self.readable(key).await {
                Some(writes) if self.runner.spec.is_batched => self.run_first(writes).await,
                Some(writes) => drop(self.run_in_order(writes).await),
                None => {}
            }
        };
        self.renewing(&names, work).await;
    }

    /// Runs the first of the writes of one key alone, and then the others together.
    async fn run_first(&self, mut writes: Vec<ClaimedWrite>) {
        let mut others = writes.split_off(1);
        match self.run(&writes, !others.is_empty()).await {
            Ok(()) => {}
            Err(NotRun::Failed(error)) => return self.fail(&writes[0], &error).await,
            Err(NotRun::HandedBack) => return,
        }
        for write in &mut others {
            write.attempts = Attempts::default();
        }
        if others.is_empty() {
            return;
        }
        if let Err(NotRun::Failed(error)) = self.run(&others, false).await {
            self.run_apart(others, error).await;
        }
    }

    /// Runs each key of the failed batch `all` alone. The batch failed because of `error`. If some
    /// keys fail one after the other, the fault is probably that of the source, and the others wait
    /// without having been tried.
    async fn run_apart(&self, all: Vec<ClaimedWrite>, error: String) {
        if let [write] = &all[..] {
            return self.fail(write, &error).await;
        }
        let mut by_key: Vec<Vec<ClaimedWrite>> = Vec::new();
        for write in all {
            match by_key.last_mut() {
                Some(last) if last[0].key == write.key => last.push(write),
                _ => by_key.push(vec![write]),
            }
        }
        let mut failed_in_a_row = 0;
        for writes in by_key {
            if failed_in_a_row >= FAILED_IN_A_ROW {
                self.release(&writes[0]).await;
            } else if self.run_in_order(writes).await {
                failed_in_a_row = 0;
            } else {
                failed_in_a_row += 1;
            }
        }
    }

    /// Carries out the writes of one key one by one, up to the first that fails or until the worker
    /// ends. Returns `true` if none failed.
    async fn run_in_order(&self, writes: Vec<ClaimedWrite>) -> bool {
        let last = writes.len().saturating_sub(1);
        for (index, mut write) in writes.into_iter().enumerate() {
            if index > 0 {
                write.attempts = Attempts::default();
            }
            match self.run(std::slice::from_ref(&write), index < last).await {
                Ok(()) => {}
                Err(NotRun::Failed(error)) => {
                    self.fail(&write, &error).await;
                    return false;
                }
                Err(NotRun::HandedBack) => return true,
            }
        }
        true
    }

    /// Returns the writes of `key` that are to be carried out. Puts the first one aside if its claims
    /// were lost too often. Ends an attempt at the first one if its arguments cannot be read: another
    /// version of the program may be able to read them.
    async fn readable(&self, key: ClaimedKey) -> Option<Vec<ClaimedWrite>> {
        let ClaimedKey {
            key,
            attempts,
            lost,
            items,
        } = key;
        let attempts = Attempts::of(attempts);
        let write = |item| ClaimedWrite {
            key: key.clone(),
            attempts,
            item,
        };
        let writes: Vec<_> = items.into_iter().map(write).collect();
        let first = writes.first()?;
        if lost > MOST_LOST {
            let reason = "its workers ended while they carried it out";
            self.put_aside(first, attempts.failed() + lost, reason)
                .await;
            return None;
        }
        let spec = self.runner.spec;
        let unreadable = |write: &ClaimedWrite| arguments(spec, &write.item.payload).err();
        if let Some(reason) = unreadable(first) {
            self.fail(first, &reason).await;
            return None;
        }
        let readable = writes.into_iter();
        Some(
            readable
                .take_while(|write| unreadable(write).is_none())
                .collect(),
        )
    }
}
