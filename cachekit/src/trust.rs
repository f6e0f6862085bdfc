//! Whether this node's memory may be served: only while the messages of other nodes'
//! invalidations are known to come through.
//!
//! A node sends itself a message every so often, by way of the server. When it comes back,
//! everything that was published before it was sent has arrived, for it travels the same
//! way. So memory is trusted for a fixed time from the *sending* of the last such echo, by
//! this node's own clock. An interruption shows by the missing echo; a message that was
//! lost without one, by the number of invalidations that its sender says it has sent.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Tick;
use crate::remote::bulletin::NodeId;

/// More speakers than this are forgotten, and begin anew.
const MOST_SPEAKERS: usize = 10_000;

/// What a node knows of its messages.
#[derive(Debug)]
pub(crate) struct Trust {
    timeout: Duration,
    /// Memory may be served until here.
    until: AtomicU64,
    /// The subscription whose echoes count; zero: none.
    subscription: AtomicU64,
    speakers: Mutex<HashMap<NodeId, Speaker>>,
}

#[derive(Debug, Default)]
struct Speaker {
    /// How many of its invalidations arrived.
    arrived: u64,
    /// How many it had sent before the first that arrived, once that is known.
    before: Option<u64>,
}

impl Trust {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            until: AtomicU64::new(0),
            subscription: AtomicU64::new(0),
            speakers: Mutex::default(),
        }
    }

    /// Whether memory may be served at `now`.
    pub(crate) fn covers(&self, now: Tick) -> bool {
        now < self.until()
    }

    /// Until when memory may be served, or could have been.
    pub(crate) fn until(&self) -> Tick {
        Tick::from_nanos(self.until.load(Ordering::Acquire))
    }

    /// The subscription whose echoes count.
    pub(crate) fn subscription(&self) -> u64 {
        self.subscription.load(Ordering::Acquire)
    }

    /// Messages come by this subscription from here on. What was in memory before is to be
    /// taken out of use by the caller, first.
    pub(crate) fn begin(&self, subscription: u64) {
        self.subscription.store(subscription, Ordering::Release);
        self.lock().clear();
    }

    /// An echo that was sent at `sent` on `subscription` came back.
    pub(crate) fn confirm(&self, subscription: u64, sent: Tick) {
        if subscription == self.subscription() {
            let until = sent.after(self.timeout).nanos();
            self.until.fetch_max(until, Ordering::AcqRel);
        }
    }

    /// An invalidation of `from` arrived.
    pub(crate) fn heard(&self, from: NodeId) {
        let mut speakers = self.lock();
        if speakers.len() >= MOST_SPEAKERS && !speakers.contains_key(&from) {
            speakers.clear();
        }
        speakers.entry(from).or_default().arrived += 1;
    }

    /// `from` says how many it has sent. Whether one of them did not arrive.
    pub(crate) fn is_missing(&self, from: NodeId, sent: u64) -> bool {
        let mut speakers = self.lock();
        if speakers.len() >= MOST_SPEAKERS && !speakers.contains_key(&from) {
            speakers.clear();
        }
        let speaker = speakers.entry(from).or_default();
        let before = *speaker
            .before
            .get_or_insert_with(|| sent.saturating_sub(speaker.arrived));
        let is_missing = before + speaker.arrived < sent;
        if is_missing {
            // Told once.
            speaker.before = Some(sent - speaker.arrived);
        }
        is_missing
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<NodeId, Speaker>> {
        self.speakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn trust_lasts_from_the_sending_of_the_last_echo() {
        let trust = Trust::new(Duration::from_millis(100));
        assert!(!trust.covers(at(0)), "nothing has come back yet");
        trust.begin(1);
        trust.confirm(1, at(10));
        assert!(trust.covers(at(109)) && !trust.covers(at(110)));
        trust.confirm(1, at(5));
        assert!(trust.covers(at(109)), "an older echo takes nothing away");
        trust.begin(2);
        trust.confirm(1, at(200));
        assert!(!trust.covers(at(200)), "of a subscription that is gone");
    }

    #[test]
    fn a_missing_message_is_noticed_once_and_one_on_its_way_is_none() {
        let trust = Trust::new(Duration::from_secs(1));
        let node = NodeId([1; 16]);
        trust.heard(node);
        assert!(!trust.is_missing(node, 41), "who listens late begins late");
        trust.heard(node);
        trust.heard(node);
        assert!(
            !trust.is_missing(node, 42),
            "one more came than was counted yet"
        );
        assert!(!trust.is_missing(node, 43));
        assert!(trust.is_missing(node, 44));
        assert!(!trust.is_missing(node, 44));
    }
}
