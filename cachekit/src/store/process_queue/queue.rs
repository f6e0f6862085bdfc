//! The queue of one write-behind function in the memory of this process.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::base::durations::from_now;
use crate::model::queue_spec::QueueKind;
use crate::store::write_queue::{
    Claim, ClaimRequest, Claimed, ClaimedKey, DeadItem, Enqueued, Failed, NewWrite, Payload,
    QueueState, QueuedItem, Retry, Written,
};

/// The largest number of dead writes that one queue keeps. Beyond it, the oldest is dropped.
const MAX_DEAD: usize = 10_000;

/// The queue of one function.
pub(crate) struct Queue {
    /// The time of the queue's creation.
    start: Instant,
    /// That time in microseconds since the Unix epoch.
    start_micros: u64,
    pub(crate) keys: HashMap<Vec<u8>, Waiting>,
    /// The keys by the time at which they are due, or at which their claim ends.
    due: BTreeSet<(Instant, Vec<u8>)>,
    /// The version of the first write of each key.
    firsts: BTreeSet<u64>,
    pub(crate) writes: u64,
    version: u64,
    pub(crate) dead: VecDeque<DeadItem>,
    dead_so_far: u64,
    /// Writes that are no longer needed. Their destructors run after the lock is released.
    pub(crate) dropped: Vec<QueuedItem>,
}

/// The writes of one key.
pub(crate) struct Waiting {
    due: Instant,
    attempts: u32,
    lost: u32,
    claim: Option<Box<str>>,
    pub(crate) items: VecDeque<QueuedItem>,
}

impl Waiting {
    fn first(&self) -> Option<u64> {
        self.items.front().map(|item| item.version)
    }

    /// Returns the first writes: at most `most`, and of at most `bytes`, which are counted down, but
    /// for the first.
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
        (self.attempts, self.lost) = (0, 0);
    }
}

impl Queue {
    pub(crate) fn new() -> Self {
        // Versions are times, so they go on from those of an earlier process.
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
            dead: VecDeque::new(),
            dead_so_far: 0,
            dropped: Vec::new(),
        }
    }

    /// Returns the time in microseconds since the Unix epoch.
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
        self.add(write.key, write.kind, item, write.delay);
        Enqueued::Accepted(version)
    }

    fn add(&mut self, key: &[u8], kind: QueueKind, item: QueuedItem, delay: Duration) {
        let due = from_now(delay);
        let waiting = self.keys.entry(key.to_vec()).or_insert_with(|| {
            self.due.insert((due, key.to_vec()));
            Waiting {
                due,
                attempts: 0,
                lost: 0,
                claim: None,
                items: VecDeque::new(),
            }
        });
        if kind == QueueKind::Newest {
            self.writes -= waiting.items.len() as u64;
            if let Some(first) = waiting.first() {
                self.firsts.remove(&first);
            }
            self.dropped.extend(waiting.items.drain(..));
            // The attempts were those of the write that is replaced.
            waiting.attempts = 0;
        }
        if waiting.items.is_empty() {
            self.firsts.insert(item.version);
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
            waiting.lost += u32::from(waiting.claim.is_some());
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
            waiting.claim = None;
        }
        self.set_due(key, from_now(pause));
    }

    pub(crate) fn finish(
        &mut self,
        claim: Claim<'_>,
        written: &Written,
        every: Duration,
        keeps: bool,
    ) {
        let taken = self.take_up_to(written);
        self.dropped.extend(taken);
        self.go_on(claim, &written.key, every, keeps);
    }

    /// Ends `claim` after writes of `key` were removed. What is left waits from its acceptance on.
    fn go_on(&mut self, claim: Claim<'_>, key: &[u8], every: Duration, keeps: bool) {
        let now = self.now();
        let Some(waiting) = self.claimed(claim, key) else {
            return;
        };
        waiting.forget_attempts();
        let accepted = waiting.first().unwrap_or(now);
        let waited = Duration::from_micros(now.saturating_sub(accepted));
        if !keeps {
            self.release(key, every.saturating_sub(waited));
        }
    }

    /// Takes out the writes of a key up to a version. Forgets the key if it has no further writes.
    fn take_up_to(&mut self, written: &Written) -> Vec<QueuedItem> {
        let Some(waiting) = self.keys.get_mut(&written.key) else {
            return Vec::new();
        };
        let first = waiting.first();
        let is_done = |item: &QueuedItem| item.version <= written.version;
        let end = waiting.items.partition_point(is_done);
        let taken: Vec<_> = waiting.items.drain(..end).collect();
        self.writes -= taken.len() as u64;
        if let Some(first) = first {
            self.firsts.remove(&first);
        }
        if let Some(first) = waiting.first() {
            self.firsts.insert(first);
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
            let attempts = i64::from(waiting.attempts).saturating_add(retry.attempts);
            waiting.attempts = u32::try_from(attempts).unwrap_or(0);
            self.release(key, retry.pause);
        } else {
            self.go_on(claim, key, Duration::ZERO, false);
        }
    }

    pub(crate) fn bury(&mut self, claim: Claim<'_>, failed: &Failed<'_>) -> bool {
        let written = failed.write;
        let Some(waiting) = self.claimed(claim, &written.key) else {
            return false;
        };
        let is_it = waiting.first() == Some(written.version);
        if is_it {
            for item in self.take_up_to(written) {
                self.keep_dead(item, failed);
            }
        }
        self.go_on(claim, &written.key, Duration::ZERO, false);
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
            self.drop_later(dead);
        }
    }

    fn drop_later(&mut self, dead: DeadItem) {
        self.dropped.push(replayed(dead));
    }

    pub(crate) fn hasten(&mut self) {
        let waits = |it: &Waiting| it.claim.is_none() && it.attempts == 0;
        let waiting = self.keys.iter().filter(|(_, it)| waits(it));
        let keys: Vec<_> = waiting.map(|(key, _)| key.clone()).collect();
        let now = Instant::now();
        for key in keys {
            self.set_due(&key, now);
        }
    }

    pub(crate) fn state(&self) -> QueueState {
        QueueState {
            writes: self.writes,
            dead: self.dead.len() as u64,
            now: self.now(),
            last: self.version.max(self.start_micros),
            oldest: self.firsts.first().copied(),
        }
    }

    /// Takes out the dead write `id`, and queues it again if `revives`. Returns its key.
    pub(crate) fn take_dead(
        &mut self,
        kind: QueueKind,
        id: &str,
        revives: bool,
    ) -> Option<Vec<u8>> {
        let at = self.dead.iter().position(|dead| dead.id == id)?;
        let mut dead = self.dead.remove(at)?;
        let key = dead.key.clone();
        let is_replaced = kind == QueueKind::Newest && self.keys.contains_key(&dead.key);
        if !revives || is_replaced {
            self.drop_later(dead);
            return Some(key);
        }
        if kind == QueueKind::Each {
            dead.version = self.next_version();
        }
        self.add(&key, kind, replayed(dead), Duration::ZERO);
        Some(key)
    }
}

/// Returns a dead write that is queued again.
fn replayed(dead: DeadItem) -> QueuedItem {
    QueuedItem {
        version: dead.version,
        payload: dead.payload,
        is_replayed: true,
    }
}
