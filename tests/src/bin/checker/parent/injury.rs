//! The faults that are injected: which, how often, and when they were.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::args::Settings;
use cachekit_tests::clock;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Injury {
    /// Another program removes entries.
    DelEntry,
    /// Versions are lost, as by eviction.
    DelVersion,
    DelGuard,
    /// The server ends connections that listen, or all others.
    KillPubsub,
    KillNormal,
    /// The server is killed, and comes back empty.
    Restart,
    /// The server stands still.
    Freeze,
    ScriptFlush,
    FlushAll,
    /// Commands of one node are slow.
    Delay,
    /// Nothing gets through to one node, or from it, or both.
    Hole,
    /// A reply is lost with its connection.
    Swallow,
    /// A node's word that it has applied an invalidation is lost with its connection; right after
    /// others have waited for it, nothing gets through to it for a moment.
    LoseAck,
    /// A node hears nothing and may not compute, while Redis answers it.
    Deafen,
    /// Commands run twice.
    Repeat,
    /// Connections of one node end.
    Close,
    /// Another program writes a row, removes its entry and says so as nobody else does.
    Foreign,
    /// Commands run again and again.
    RepeatAll,
}

const NAMES: &[(Injury, &str)] = &[
    (Injury::DelEntry, "del-entry"),
    (Injury::DelVersion, "del-version"),
    (Injury::DelGuard, "del-guard"),
    (Injury::KillPubsub, "kill-pubsub"),
    (Injury::KillNormal, "kill-normal"),
    (Injury::Restart, "restart"),
    (Injury::Freeze, "freeze"),
    (Injury::ScriptFlush, "script-flush"),
    (Injury::FlushAll, "flush-all"),
    (Injury::Delay, "delay"),
    (Injury::Hole, "hole"),
    (Injury::Swallow, "swallow"),
    (Injury::LoseAck, "lose-ack"),
    (Injury::Deafen, "deafen"),
    (Injury::Repeat, "repeat"),
    (Injury::Close, "close"),
    (Injury::Foreign, "foreign"),
    (Injury::RepeatAll, "repeat-all"),
];

/// Those that are not in `all`.
const APART: &[Injury] = &[Injury::Foreign, Injury::RepeatAll];

/// Reads `all`, `none` or names between commas.
pub(crate) fn injuries(list: &str) -> Result<Vec<Injury>, String> {
    let all = NAMES.iter().map(|(injury, _)| *injury);
    match list {
        "none" => return Ok(vec![]),
        "all" => return Ok(all.filter(|injury| !APART.contains(injury)).collect()),
        _ => {}
    }
    let find = |word: &str| {
        let found = NAMES.iter().find(|(_, name)| *name == word.trim());
        found.map(|(injury, _)| *injury).ok_or_else(|| {
            let names: Vec<_> = NAMES.iter().map(|(_, name)| *name).collect();
            format!(
                "--faults {word}: expected all, none or some of {}",
                names.join(", ")
            )
        })
    };
    list.split(',').map(find).collect()
}

/// What is injected, and what was.
pub(super) struct Injuries {
    chosen: Vec<Injury>,
    log: Mutex<Vec<(u64, Injury, String)>>,
    /// Held while the server cannot answer.
    server: Mutex<()>,
}

impl Injuries {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            chosen: settings.injuries.clone(),
            log: Mutex::default(),
            server: Mutex::default(),
        }
    }

    pub(super) fn has(&self, injury: Injury) -> bool {
        self.chosen.contains(&injury)
    }

    /// One of those `among` that are chosen, each as often as it stands there.
    pub(super) fn draw(&self, among: &[Injury], random: &mut fastrand::Rng) -> Option<Injury> {
        let chosen: Vec<_> = among.iter().filter(|injury| self.has(**injury)).collect();
        random.choice(chosen).copied()
    }

    /// Notes that one was injected.
    pub(super) fn note(&self, injury: Injury, what: String) {
        lock(&self.log).push((clock::now(), injury, what));
    }

    /// The server answers for as long as this is held; who keeps it from that takes it too.
    pub(super) fn answering(&self) -> MutexGuard<'_, ()> {
        lock(&self.server)
    }

    /// How many there were of each kind, by name.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for (_, injury, _) in lock(&self.log).iter() {
            *counts.entry(name(*injury)).or_default() += 1;
        }
        counts
    }

    /// Those in a span of time, in words; without what goes on all the time.
    pub(super) fn between(&self, from: u64, to: u64) -> Vec<(u64, String)> {
        let log = lock(&self.log);
        let within = log
            .iter()
            .filter(|(time, injury, _)| *injury != Injury::RepeatAll && (from..=to).contains(time));
        let words = |(time, injury, what): &(u64, Injury, String)| {
            (*time, format!("{} {what}", name(*injury)))
        };
        within.map(words).collect()
    }
}

fn name(injury: Injury) -> &'static str {
    let found = NAMES.iter().find(|(other, _)| *other == injury);
    found.map_or("", |(_, name)| name)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
