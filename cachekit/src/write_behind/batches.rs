//! The runs for the keys that a worker claimed: one run for each write, or one run for many writes.

use crate::core::queued_payload::arguments;
use crate::store::write_queue::ClaimedKey;
use crate::write_behind::attempts::Attempts;
use crate::write_behind::carry_out::{ClaimedWork, ClaimedWrite, NotRun};

/// The number of workers that died while they carried out a write, or could not reach the queue
/// afterwards, from which on the write is put aside.
const MOST_LOST: u32 = 10;

/// The number of such workers from which on a write is carried out alone.
pub(crate) const SUSPECT: u32 = 2;

/// The number of keys that fail one after the other before the source is taken to be at fault.
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

    /// Carries out the writes of one key, in their order. If one run can take many writes, the
    /// first write has a run of its own, because an earlier attempt at that write may have failed,
    /// or ended its worker.
    pub(crate) async fn run_key(self, key: ClaimedKey) {
        let names = [key.key.clone()];
        self.renewing(&names, self.run_claimed(key)).await;
    }

    /// Carries out the writes of `keys`, whose workers died more than once, key after key. If the
    /// process dies again, only the one write that it was carrying out is suspected further. So the
    /// keys wait if this process carries out another such key.
    pub(crate) async fn run_suspects(self, keys: Vec<ClaimedKey>) {
        let names: Vec<_> = keys.iter().map(|it| it.key.clone()).collect();
        let work = async {
            let alone = self.runner.core.queues.suspects.try_lock();
            for key in keys {
                if alone.is_ok() && !self.runner.ends() {
                    self.run_claimed(key).await;
                } else if let Some(first) = claimed_writes(key).first() {
                    self.release(first).await;
                }
            }
        };
        self.renewing(&names, work).await;
    }

    async fn run_claimed(&self, key: ClaimedKey) {
        match self.readable(key).await {
            Some(writes) if self.runner.spec.is_batched => self.run_first(writes).await,
            Some(writes) => drop(self.run_in_order(writes).await),
            None => {}
        }
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

    /// Runs each key of the failed batch `all` alone. The batch failed because of `error`. If
    /// [`FAILED_IN_A_ROW`] keys fail one after the other, the source is probably at fault, and the
    /// remaining keys are released without an attempt.
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
    /// ends. Returns `true` if no write failed.
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

    /// Returns the writes of `key` that are to be carried out. Puts the first write aside if its
    /// claims were lost too often. If the arguments of the first write cannot be read, ends an
    /// attempt at that write: another version of the program may be able to read them.
    async fn readable(&self, key: ClaimedKey) -> Option<Vec<ClaimedWrite>> {
        let lost = key.lost;
        let writes = claimed_writes(key);
        let first = writes.first()?;
        if lost >= MOST_LOST {
            let reason = "its workers ended while they carried it out";
            self.put_aside(first, first.attempts.failed() + lost, reason)
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

/// Returns the claimed writes of `key`.
fn claimed_writes(key: ClaimedKey) -> Vec<ClaimedWrite> {
    let ClaimedKey {
        key,
        attempts,
        items,
        ..
    } = key;
    let items = items.into_iter().enumerate();
    items
        .map(|(index, item)| ClaimedWrite {
            key: key.clone(),
            attempts: Attempts::of(attempts),
            is_first: index == 0,
            item,
        })
        .collect()
}
