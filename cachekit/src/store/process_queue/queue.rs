//! The queue of one write-behind function in the memory of this process.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::base::durations::from_now;
use crate::model::queue_spec::QueueKind;
use crate::store::write_queue::{
    Claim, ClaimRequest, Claimed, ClaimedKey, DeadItem, Enqueued, Failed, NewWrite, Part, Payload,
    QueueState, QueuedItem, Retry, Written,
};

/// The largest number of dead writes that one queue keeps. If a queue gets more, it drops its
/// oldest dead write.
const MAX_DEAD: usize = 10_000;

/// The queue of one function.
pub(crate) struct Queue {
    /// The time of the queue's creation.
    start: Instant,
    /// The time of the queue's creation, in microseconds since the Unix epoch.
    start_micros: u64,
    pub(crate) keys: HashMap<Vec<u8>, Waiting>,
    /// Each key with the time at which it is due, or at which its claim ends.
    due: BTreeSet<(Instant, Vec<u8>)>,
    /// Each key with the version of its first write, also if a newer one has replaced it. Two keys may
    /// have one version.
    firsts: BTreeSet<(u64, Vec<u8>)>,
    pub(crate) writes: u64,
    version: u64,
    /// Writes up to this version do not wait for further ones.
    flushed: u64,
    pub(crate) dead: VecDeque<DeadItem>,
    dead_so_far: u64,
    /// Writes that are no longer needed. Their destructors run after the lock is released.
    pub(crate) dropped: Vec<QueuedItem>,
}

/// The writes of one key.
pub(crate) struct Waiting {
    due: Instant,
    /// The version under which the key is in `firsts`.
    since: u64,
    attempts: u32,
    /// The version of the write that a worker began to carry out.
    pub(crate) begun: Option<u64>,
    /// The number of claims that were not ended after that.
    lost: u32,
    claim: Option<Box<str>>,
    pub(crate) items: VecDeque<QueuedItem>,
}

impl Waiting {
    fn first(&self) -> Option<u64> {
        self.items.front().map(|item| item.version)
    }

    /// Returns the first writes of the key: at most `most` writes, with at most `bytes` bytes in
    /// all. The first write is returned even if it is larger. Subtracts the size of the returned
    /// writes from `bytes`, and sets `bytes` to 0 if a further write does not fit.
    fn take(&self, most: usize, bytes: &mut usize) -> Vec<QueuedItem> {
        let mut taken = Vec::new();
        for item in self.items.iter().take(most) {
            let size = match &item.payload {
                Payload::Encoded(encoded) => encoded.len(),
                Payload::Shared(_) => 0,
            };
            if size > *bytes && !taken.is_empty() {
                *bytes = 0;
                break;
            }
            *bytes = bytes.saturating_sub(size);
            taken.push(item.clone());
        }
        taken
    }

    fn forget_attempts(&mut self) {
        (self.attempts, self.begun, self.lost) = (0, None, 0);
    }
}

impl Queue {
    pub(crate) fn new() -> Self {
        // Versions are times, so they are greater than the versions of an earlier process.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        let micros = since_epoch.map_or(0, |time| time.as_micros());
        Self {
            start: Instant::now(),
            start_micros: u64::try_from(micros).unwrap_or(0),
            keys: HashMap::new(),
            due: BTreeSet::new(),
            firsts: BTreeSet::new(),
            writes: 0,
            version: 0,
            flushed: 0,
            dead: VecDeque::new(),
            dead_so_far: 0,
            dropped: Vec::new(),
        }
    }

    /// Returns the present time in microseconds since the Unix epoch.
    fn now(&self) -> u64 {
        let micros = self.start.elapsed().as_micros();
        self.start_micros
            .saturating_add(u64::try_from(micros).unwrap_or(0))
    }

    fn next_version(&mut self) -> u64 {
        self.version = self.now().max(self.version + 1);
        self.version
    }

    pub(crate) fn enqueue(&mut self, write: &NewWrite<'_>) -> Enqueued {
        let version = self.next_version();
        let known = self.keys.get(write.key);
        let replaces = known.is_some() && write.kind == QueueKind::Newest;
        if self.writes >= write.capacity && !replaces {
            let has_older = known.is_some();
            return Enqueued::Full { version, has_older };
        }
        let item = QueuedItem {
            version,
            payload: write.payload.clone(),
            is_replayed: false,
        };
        self.add((write.key, write.kind), item, version, write.delay);
        Enqueued::Accepted(version)
    }

    /// Adds a write that waits since the time of the version `since`.
    fn add(
        &mut self,
        (key, kind): (&[u8], QueueKind),
        item: QueuedItem,
        since: u64,
        delay: Duration,
    ) {
        let due = from_now(delay);
        let waiting = self.keys.entry(key.to_vec()).or_insert_with(|| {
            self.due.insert((due, key.to_vec()));
            self.firsts.insert((since, key.to_vec()));
            Waiting {
                due,
                since,
                attempts: 0,
                begun: None,
                lost: 0,
                claim: None,
                items: VecDeque::new(),
            }
        });
        if kind == QueueKind::Newest {
            self.writes -= waiting.items.len() as u64;
            self.dropped.extend(waiting.items.drain(..));
            // They were those of the write that is replaced.
            (waiting.attempts, waiting.lost) = (0, 0);
        }
        waiting.items.push_back(item);
        self.writes += 1;
    }

    pub(crate) fn claim(&mut self, request: &ClaimRequest<'_>) -> Claimed {
        let now = Instant::now();
        let (mut room, mut bytes) = (request.most, request.most_bytes);
        let mut claimed = Claimed::default();
        while room > 0
            && bytes > 0
            && let Some((due, key)) = self.due.first()
            && *due <= now
        {
            let key = key.clone();
            let Some(waiting) = self.keys.get_mut(&key) else {
                self.due.pop_first();
                continue;
            };
            let begun = waiting.begun.take();
            waiting.lost += u32::from(begun.is_some() && begun == waiting.first());
            waiting.claim = Some(request.claim.id.into());
            let items = waiting.take(room, &mut bytes);
            room -= items.len();
            claimed.keys.push(ClaimedKey {
                key: key.clone(),
                attempts: waiting.attempts,
                lost: waiting.lost,
                items,
            });
            self.set_due(&key, from_now(request.lease));
        }
        let next = self.due.first();
        claimed.next_due = next.map(|(due, _)| due.saturating_duration_since(now));
        claimed.state = self.state();
        claimed
    }

    pub(crate) fn set_due(&mut self, key: &[u8], due: Instant) {
        if let Some(waiting) = self.keys.get_mut(key) {
            self.due.remove(&(waiting.due, key.to_vec()));
            waiting.due = due;
            self.due.insert((due, key.to_vec()));
        }
    }

    /// Returns the writes of `key` if `claim` holds the key.
    pub(crate) fn claimed(&mut self, claim: Claim<'_>, key: &[u8]) -> Option<&mut Waiting> {
        let waiting = self.keys.get_mut(key)?;
        (waiting.claim.as_deref() == Some(claim.id)).then_some(waiting)
    }

    fn release(&mut self, key: &[u8], pause: Duration) {
        if let Some(waiting) = self.keys.get_mut(key) {
            (waiting.claim, waiting.begun) = (None, None);
        }
        self.set_due(key, from_now(pause));
    }

    pub(crate) fn finish(
        &mut self,
        claim: Claim<'_>,
        written: &Written,
        every: Duration,
        keeps: bool,
    ) -> bool {
        let taken = self.take_up_to(claim.kind, written);
        let is_removed = !taken.is_empty();
        self.dropped.extend(taken);
        let (now, flushed) = (self.now(), self.flushed);
        let Some(waiting) = self.claimed(claim, &written.key) else {
            return false;
        };
        // A repetition that is late does not forget the attempt at the next write.
        if is_removed || !keeps {
            waiting.forget_attempts();
        }
        // What is left waits from its acceptance on. A flush may wait for a write that it replaced.
        let accepted = waiting.first().unwrap_or(now);
        let waited = Duration::from_micros(now.saturating_sub(accepted));
        let pause = if waiting.since <= flushed {
            Duration::ZERO
        } else {
            every.saturating_sub(waited)
        };
        if !keeps {
            self.release(&written.key, pause);
        }
        keeps
    }

    /// Ends the claim of `key` after its write was removed or replaced.
    fn go_on(&mut self, key: &[u8], pause: Duration) {
        if let Some(waiting) = self.keys.get_mut(key) {
            waiting.forget_attempts();
        }
        self.release(key, pause);
    }

    /// Removes and returns the writes of a key up to a version. Forgets the key if it has no
    /// further writes.
    ///
    /// An earlier run of the same operation may have removed them. Where the newest wins, the write
    /// that is left may have replaced writes that were accepted right after that version.
    fn take_up_to(&mut self, kind: QueueKind, written: &Written) -> Vec<QueuedItem> {
        let Some(waiting) = self.keys.get_mut(&written.key) else {
            return Vec::new();
        };
        let is_done = |item: &QueuedItem| item.version <= written.version;
        let end = waiting.items.partition_point(is_done);
        let taken: Vec<_> = waiting.items.drain(..end).collect();
        self.writes -= taken.len() as u64;
        self.firsts.remove(&(waiting.since, written.key.clone()));
        if let Some(first) = waiting.first() {
            waiting.since = match kind {
                QueueKind::Each => first,
                QueueKind::Newest => waiting.since.max(written.version.saturating_add(1)),
            };
            self.firsts.insert((waiting.since, written.key.clone()));
        } else {
            self.due.remove(&(waiting.due, written.key.clone()));
            self.keys.remove(&written.key);
        }
        taken
    }

    pub(crate) fn retry(&mut self, claim: Claim<'_>, retry: &Retry<'_>) {
        let key = &retry.write.key;
        let Some(waiting) = self.claimed(claim, key) else {
            return;
        };
        if waiting.first() == Some(retry.write.version) {
            if retry.attempts != 0 {
                let attempts = i64::from(waiting.attempts).saturating_add(retry.attempts);
                waiting.attempts = u32::try_from(attempts).unwrap_or(0);
                // The worker outlived the attempt.
                waiting.lost = 0;
            }
            self.release(key, retry.pause);
        } else {
            // A newer write replaced it. The source may be what is at fault.
            self.go_on(key, retry.pause);
        }
    }

    pub(crate) fn bury(&mut self, claim: Claim<'_>, failed: &Failed<'_>) -> bool {
        let written = failed.write;
        let Some(waiting) = self.claimed(claim, &written.key) else {
            return false;
        };
        let is_it = waiting.first() == Some(written.version);
        if is_it {
            for item in self.take_up_to(claim.kind, written) {
                self.keep_dead(item, failed);
            }
            self.go_on(&written.key, Duration::ZERO);
        } else {
            self.go_on(&written.key, failed.pause);
        }
        is_it
    }

    fn keep_dead(&mut self, item: QueuedItem, failed: &Failed<'_>) {
        self.dead_so_far += 1;
        self.dead.push_back(DeadItem {
            id: self.dead_so_far.to_string(),
            key: failed.write.key.clone(),
            version: item.version,
            attempts: failed.attempts,
            reason: failed.reason.to_owned(),
            payload: item.payload,
        });
        if self.dead.len() > MAX_DEAD
            && let Some(dead) = self.dead.pop_front()
        {
            self.dropped.push(replayed(dead));
        }
    }

    pub(crate) fn hasten(&mut self, part: Part) -> Option<u64> {
        self.flushed = self.flushed.max(part.upto);
        let start = (part.after.saturating_add(1), Vec::new());
        let firsts = self.firsts.range(start..);
        let firsts = firsts.take_while(|(first, _)| *first <= part.upto);
        let firsts: Vec<_> = firsts.take(Part::MOST).cloned().collect();
        let now = Instant::now();
        for (_, key) in &firsts {
            let waits = |it: &Waiting| it.claim.is_none() && it.attempts == 0 && it.due > now;
            if self.keys.get(key).is_some_and(waits) {
                self.set_due(key, now);
            }
        }
        let last = firsts.last().filter(|_| firsts.len() == Part::MOST)?;
        // The last key of a part is the first of the next one, because two keys may have one version.
        Some(last.0 - 1)
    }

    pub(crate) fn state(&self) -> QueueState {
        QueueState {
            writes: self.writes,
            dead: self.dead.len() as u64,
            now: self.now(),
            last: self.version.max(self.start_micros),
            oldest: self.firsts.first().map(|(first, _)| *first),
        }
    }

    /// Removes the dead write `id`, and queues it again if `revives`. Returns the key of the write.
    pub(crate) fn take_dead(
        &mut self,
        kind: QueueKind,
        id: &str,
        revives: bool,
    ) -> Option<Vec<u8>> {
        let at = self.dead.iter().position(|dead| dead.id == id)?;
        let mut dead = self.dead.remove(at)?;
        let key = dead.key.clone();
        let queued = self.keys.get(&dead.key).and_then(Waiting::first);
        let has_newer = queued.is_some_and(|queued| queued >= dead.version);
        if !revives || (kind == QueueKind::Newest && has_newer) {
            self.dropped.push(replayed(dead));
            return Some(key);
        }
        let since = self.next_version();
        if kind == QueueKind::Each {
            dead.version = since;
        }
        self.add((&key, kind), replayed(dead), since, Duration::ZERO);
        Some(key)
    }
}

/// Converts a dead write into a write that can be queued again.
fn replayed(dead: DeadItem) -> QueuedItem {
    QueuedItem {
        version: dead.version,
        payload: dead.payload,
        is_replayed: true,
    }
}
