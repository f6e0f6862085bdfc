//! The runs for the keys that a worker claimed: one run for each write, or one run for many writes.

use tokio::task::yield_now;

use crate::core::queued_payload::arguments;
use crate::store::write_queue::ClaimedKey;
use crate::write_behind::attempts::Attempts;
use crate::write_behind::carry_out::{ClaimedWork, ClaimedWrite, NotRun};

/// The number of workers that died while they carried out a write, or could not reach the queue
/// afterwards, from which on the write is put aside.
const MOST_LOST: u32 = 10;

/// The number of such workers from which on a write is suspected to end them, and carried out while
/// nothing else is.
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
            let mut keys = keys.into_iter();
            while !self.runner.ends()
                && let Some(key) = keys.next()
            {
                all.extend(self.readable(key).await.into_iter().flatten());
            }
            // The run hands everything back if the worker ends.
            all.extend(keys.flat_map(claimed_writes));
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
        let work = async { drop(self.run_claimed(key).await) };
        self.renewing(&names, work).await;
    }

    /// Carries out the writes of `keys`, whose workers died more than once, key after key, and beside
    /// no other run of a worker of this cache. If the process dies again, only the one write that it
    /// was carrying out is suspected.
    pub(crate) async fn run_suspects(mut self, keys: Vec<ClaimedKey>) {
        self.runs_alone = true;
        let names: Vec<_> = keys.iter().map(|it| it.key.clone()).collect();
        let work = async {
            // The other runs of the claim go first: if the process dies, they wait for the end of it.
            yield_now().await;
            let mut keys = keys.into_iter();
            while !self.runner.ends()
                && let Some(key) = keys.next()
            {
                if let Err(NotRun::NotClaimed) = self.run_claimed(key).await {
                    break;
                }
            }
            let rest = keys.filter_map(|key| claimed_writes(key).into_iter().next());
            let rest: Vec<_> = rest.collect();
            self.hand_back(&rest.iter().collect::<Vec<_>>()).await;
        };
        self.renewing(&names, work).await;
    }

    async fn run_claimed(&self, key: ClaimedKey) -> Result<(), NotRun> {
        match self.readable(key).await {
            Some(writes) if self.runner.spec.is_batched => self.run_first(writes).await,
            Some(writes) => self.run_in_order(writes).await,
            None => Ok(()),
        }
    }

    /// Runs the first of the writes of one key alone, and then the others together.
    async fn run_first(&self, mut writes: Vec<ClaimedWrite>) -> Result<(), NotRun> {
        let mut others = writes.split_off(1);
        let first = &writes[0];
        if !self.run_one(first, !others.is_empty()).await? {
            return Ok(());
        }
        for write in &mut others {
            write.attempts = Attempts::default();
        }
        if let Err(NotRun::Failed(error)) = self.run(&others, false).await {
            self.run_apart(others, error).await;
        }
        Ok(())
    }

    /// Carries out `write` by a run of its own. Returns `true` if the claim continues for further
    /// writes of the key. If the run fails, ends the attempt.
    async fn run_one(&self, write: &ClaimedWrite, keeps_claim: bool) -> Result<bool, NotRun> {
        let result = self.run(std::slice::from_ref(write), keeps_claim).await;
        if let Err(NotRun::Failed(error)) = &result {
            self.fail(write, error).await;
        }
        result
    }

    /// Runs each key of the failed batch `all` alone. The batch failed because of `error`. If
    /// [`FAILED_IN_A_ROW`] keys fail one after the other, the source is probably at fault, and the
    /// remaining keys are handed back without an attempt. So they are if a key is no longer claimed.
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
        let mut by_key = by_key.into_iter();
        while failed_in_a_row < FAILED_IN_A_ROW
            && let Some(writes) = by_key.next()
        {
            match self.run_in_order(writes).await {
                Ok(()) => failed_in_a_row = 0,
                Err(NotRun::Failed(_)) => failed_in_a_row += 1,
                Err(NotRun::NotClaimed) => break,
            }
        }
        let rest: Vec<_> = by_key.as_slice().iter().flatten().collect();
        self.hand_back(&rest).await;
    }

    /// Carries out the writes of one key one by one, up to the first that fails, or until the worker
    /// ends or its claim does.
    async fn run_in_order(&self, writes: Vec<ClaimedWrite>) -> Result<(), NotRun> {
        let last = writes.len().saturating_sub(1);
        for (index, mut write) in writes.into_iter().enumerate() {
            if index > 0 {
                write.attempts = Attempts::default();
            }
            if !self.run_one(&write, index < last).await? {
                break;
            }
        }
        Ok(())
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
    items
        .into_iter()
        .map(|item| ClaimedWrite {
            key: key.clone(),
            attempts: Attempts::of(attempts),
            item,
        })
        .collect()
}
