//! The injected faults: their kinds, their frequency and their times.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::args::Settings;
use crate::topology::Topology;
use cachekit_tests::clock;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Disruption {
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
    /// A node gets no answer to questions for versions, while Redis answers all others.
    Unversioned,
    /// Commands run twice.
    Repeat,
    /// Connections of one node end.
    Close,
    /// Another program writes a row, removes its entry and says so as nobody else does.
    Foreign,
    /// Commands run again and again.
    RepeatAll,
    /// Another server becomes the master: as it or the sentinels are told, because the old one was
    /// killed, or because it hangs.
    FailOver,
    KillMaster,
    StopMaster,
    /// A slot of a cluster is moved to another master.
    MoveSlot,
}

const NAMES: &[(Disruption, &str)] = &[
    (Disruption::DelEntry, "del-entry"),
    (Disruption::DelVersion, "del-version"),
    (Disruption::DelGuard, "del-guard"),
    (Disruption::KillPubsub, "kill-pubsub"),
    (Disruption::KillNormal, "kill-normal"),
    (Disruption::Restart, "restart"),
    (Disruption::Freeze, "freeze"),
    (Disruption::ScriptFlush, "script-flush"),
    (Disruption::FlushAll, "flush-all"),
    (Disruption::Delay, "delay"),
    (Disruption::Hole, "hole"),
    (Disruption::Swallow, "swallow"),
    (Disruption::LoseAck, "lose-ack"),
    (Disruption::Deafen, "deafen"),
    (Disruption::Unversioned, "unversioned"),
    (Disruption::Repeat, "repeat"),
    (Disruption::Close, "close"),
    (Disruption::Foreign, "foreign"),
    (Disruption::RepeatAll, "repeat-all"),
    (Disruption::FailOver, "fail-over"),
    (Disruption::KillMaster, "kill-master"),
    (Disruption::StopMaster, "stop-master"),
    (Disruption::MoveSlot, "move-slot"),
];

/// The faults of a set with sentinels.
const OF_SET: &[Disruption] = &[
    Disruption::DelEntry,
    Disruption::DelVersion,
    Disruption::DelGuard,
    Disruption::KillPubsub,
    Disruption::KillNormal,
    Disruption::ScriptFlush,
    Disruption::FlushAll,
    Disruption::FailOver,
    Disruption::KillMaster,
    Disruption::StopMaster,
];

/// The faults of a cluster: each server may also come back empty, or stand still for less than the
/// time after which another one takes its place.
const OF_CLUSTER: &[Disruption] = &[
    Disruption::DelEntry,
    Disruption::DelVersion,
    Disruption::DelGuard,
    Disruption::KillPubsub,
    Disruption::KillNormal,
    Disruption::ScriptFlush,
    Disruption::FlushAll,
    Disruption::Restart,
    Disruption::Freeze,
    Disruption::FailOver,
    Disruption::KillMaster,
    Disruption::StopMaster,
    Disruption::MoveSlot,
];

/// Those that are not in `all`.
const ONLY_BY_NAME: &[Disruption] = &[
    Disruption::Foreign,
    Disruption::RepeatAll,
    Disruption::FailOver,
    Disruption::KillMaster,
    Disruption::StopMaster,
    Disruption::MoveSlot,
];

/// Whether a fault can be injected in this set-up.
pub(crate) fn is_possible(disruption: Disruption, topology: Topology) -> bool {
    let of_set_only = [
        Disruption::FailOver,
        Disruption::KillMaster,
        Disruption::StopMaster,
        Disruption::MoveSlot,
    ];
    match topology {
        Topology::One => !of_set_only.contains(&disruption),
        Topology::Sentinel => OF_SET.contains(&disruption),
        Topology::Cluster => OF_CLUSTER.contains(&disruption),
    }
}

/// Reads `all`, `none` or names between commas.
pub(crate) fn disruptions(list: &str, topology: Topology) -> Result<Vec<Disruption>, String> {
    let all = NAMES.iter().map(|(disruption, _)| *disruption);
    match list {
        "none" => return Ok(vec![]),
        "all" if topology == Topology::Sentinel => return Ok(OF_SET.to_vec()),
        "all" if topology == Topology::Cluster => return Ok(OF_CLUSTER.to_vec()),
        "all" => {
            return Ok(all
                .filter(|disruption| !ONLY_BY_NAME.contains(disruption))
                .collect());
        }
        _ => {}
    }
    let find = |word: &str| {
        let found = NAMES.iter().find(|(_, name)| *name == word.trim());
        found.map(|(disruption, _)| *disruption).ok_or_else(|| {
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
pub(super) struct Disruptions {
    chosen: Vec<Disruption>,
    log: Mutex<Vec<(u64, Disruption, String)>>,
    /// Held while the server cannot answer.
    server: Mutex<()>,
}

impl Disruptions {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            chosen: settings.disruptions.clone(),
            log: Mutex::default(),
            server: Mutex::default(),
        }
    }

    pub(super) fn has(&self, disruption: Disruption) -> bool {
        self.chosen.contains(&disruption)
    }

    /// One of those `among` that are chosen, each as often as it stands there.
    pub(super) fn draw(
        &self,
        among: &[Disruption],
        random: &mut fastrand::Rng,
    ) -> Option<Disruption> {
        let chosen: Vec<_> = among
            .iter()
            .filter(|disruption| self.has(**disruption))
            .collect();
        random.choice(chosen).copied()
    }

    /// Notes that one was injected.
    pub(super) fn note(&self, disruption: Disruption, what: String) {
        lock(&self.log).push((clock::now(), disruption, what));
    }

    /// The server answers for as long as this is held; who keeps it from that takes it too.
    pub(super) fn answering(&self) -> MutexGuard<'_, ()> {
        lock(&self.server)
    }

    /// How many there were of each kind, by name.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for (_, disruption, _) in lock(&self.log).iter() {
            *counts.entry(name(*disruption)).or_default() += 1;
        }
        counts
    }

    /// Those in a span of time, in words; without what goes on all the time.
    pub(super) fn between(&self, from: u64, to: u64) -> Vec<(u64, String)> {
        let log = lock(&self.log);
        let within = log.iter().filter(|(time, disruption, _)| {
            *disruption != Disruption::RepeatAll && (from..=to).contains(time)
        });
        let words = |(time, disruption, what): &(u64, Disruption, String)| {
            (*time, format!("{} {what}", name(*disruption)))
        };
        within.map(words).collect()
    }
}

fn name(disruption: Disruption) -> &'static str {
    let found = NAMES.iter().find(|(other, _)| *other == disruption);
    found.map_or("", |(_, name)| name)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
