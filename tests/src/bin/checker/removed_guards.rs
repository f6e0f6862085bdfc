//! The guards that may be removed from every node.

mod nested;

use std::time::Duration;

use cachekit::testing::{Fault, Point};

use crate::mix::{self, Mix};
use crate::parent::Disruption;

/// One guard, and what shows that it is gone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RemovedGuard {
    pub(crate) name: &'static str,
    pub(crate) fault: Fault,
    /// The mix of calls that shows it soon.
    pub(crate) mix: Mix,
    /// The faults that it takes.
    pub(crate) disruptions: &'static [Disruption],
    /// What makes the moment longer in which it shows.
    pub(crate) step_in: fn(Point),
}

/// Now and then a call stands still between two steps, as under load.
pub(crate) fn stumble(_: Point) {
    if fastrand::u32(..64) == 0 {
        std::thread::sleep(Duration::from_micros(fastrand::u64(..2_000)));
    }
}

/// Other calls get ahead of the word to Redis.
fn hesitate(point: Point) {
    if matches!(point, Point::BeforeRemoval | Point::BeforeFill) {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Invalidations get ahead of what is stored.
fn dawdle(point: Point) {
    if point == Point::BeforeFill {
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// Messages get ahead of what a call does with an answer.
fn ponder(point: Point) {
    if point == Point::BeforeEntry {
        std::thread::sleep(Duration::from_millis(20));
    }
}

const USUAL: &[RemovedGuard] = &[
    RemovedGuard {
        name: "fill-without-token",
        fault: Fault::FillWithoutToken,
        mix: mix::BY_KEY,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "ignore-order",
        fault: Fault::IgnoreOrder,
        mix: mix::ORDERED,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "fill-older",
        fault: Fault::FillOlder,
        mix: mix::LATE_WRITES,
        disruptions: &[Disruption::DelEntry],
        step_in: stumble,
    },
    RemovedGuard {
        name: "forget-answer",
        fault: Fault::ForgetAnswer,
        mix: mix::MISSED_MESSAGES,
        disruptions: &[Disruption::Deafen],
        step_in: stumble,
    },
    RemovedGuard {
        name: "unannounced-write",
        fault: Fault::WriteUntold,
        mix: mix::PUTS,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "ignore-generation",
        fault: Fault::IgnoreGeneration,
        mix: mix::ORDERED,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "fill-without-versions",
        fault: Fault::FillWithoutVersions,
        mix: mix::BY_VALUE,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "versions-after-compute",
        fault: Fault::VersionsAfterCompute,
        mix: mix::BY_TAG,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "missing-tag-is-zero",
        fault: Fault::MissingTagIsZero,
        mix: mix::BY_TAG,
        disruptions: &[Disruption::DelVersion],
        step_in: stumble,
    },
    RemovedGuard {
        name: "no-heartbeat",
        fault: Fault::NoHeartbeat,
        mix: mix::FEW_WRITES,
        disruptions: &[Disruption::Hole],
        step_in: stumble,
    },
    RemovedGuard {
        name: "no-epoch",
        fault: Fault::NoEpoch,
        mix: mix::USUAL,
        disruptions: &[Disruption::Close],
        step_in: stumble,
    },
    RemovedGuard {
        name: "repeat-lease",
        fault: Fault::ClientMadeVersions,
        mix: mix::SELDOM_READ,
        disruptions: &[Disruption::RepeatAll, Disruption::Swallow],
        step_in: stumble,
    },
    RemovedGuard {
        name: "no-second-bump",
        fault: Fault::NoSecondBump,
        mix: mix::BY_KEY,
        disruptions: &[],
        step_in: hesitate,
    },
    RemovedGuard {
        name: "value-tag-after-store",
        fault: Fault::RetTagLate,
        mix: mix::BY_VALUE,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "no-ack-wait",
        fault: Fault::NoAckWait,
        mix: mix::ACKNOWLEDGED,
        disruptions: &[Disruption::Delay, Disruption::Hole],
        step_in: stumble,
    },
    RemovedGuard {
        name: "forget-silent-node",
        fault: Fault::ForgetSilent,
        mix: mix::ACKNOWLEDGED,
        disruptions: &[Disruption::LoseAck],
        step_in: stumble,
    },
    RemovedGuard {
        name: "ignore-unknown-message",
        fault: Fault::IgnoreUnknownMessage,
        mix: mix::FEW_WRITES,
        disruptions: &[Disruption::Foreign],
        step_in: stumble,
    },
    RemovedGuard {
        name: "skip-replicas",
        fault: Fault::SpareCopies,
        mix: mix::REPLICAS,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "keep-region-memory",
        fault: Fault::KeepRegionMemory,
        mix: mix::REGIONS,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "soft-keeps-token",
        fault: Fault::SoftKeepsToken,
        mix: mix::SOFT_BY_KEY,
        disruptions: &[],
        step_in: stumble,
    },
    RemovedGuard {
        name: "ignore-soft-half",
        fault: Fault::IgnoreSoftHalf,
        mix: mix::SOFT_BY_TAG,
        disruptions: &[],
        step_in: stumble,
    },
];

impl RemovedGuard {
    /// What is removed from the node of this number.
    pub(crate) fn of_node(&self, number: u8) -> &[Fault] {
        match self.fault {
            // Somebody has to say what the others do not understand.
            Fault::IgnoreUnknownMessage if number == 0 => &[Fault::SpeakUnknown],
            // Who hears of an invalidation gives its writes up by itself.
            Fault::IgnoreGeneration => &[Fault::IgnoreGeneration, Fault::Deaf],
            Fault::SoftKeepsToken => &[Fault::SoftKeepsToken, Fault::Deaf],
            _ => std::slice::from_ref(&self.fault),
        }
    }

    /// Whether nodes hear of one another: who hears of an invalidation does not even try
    /// to store what a guard would refuse.
    pub(crate) fn wants_bus(&self) -> bool {
        !matches!(
            self.fault,
            Fault::ClientMadeVersions
                | Fault::IgnoreGeneration
                | Fault::SoftKeepsToken
                | Fault::IgnoreSoftHalf
        )
    }
}

fn all() -> impl Iterator<Item = &'static RemovedGuard> {
    USUAL.iter().chain(nested::ALL)
}

/// The names of all, one a line.
pub(crate) fn names() -> String {
    let names: Vec<_> = all().map(|broken| broken.name).collect();
    names.join("\n")
}

/// The one of this name.
pub(crate) fn find(name: &str) -> Result<RemovedGuard, String> {
    let found = all().find(|broken| broken.name == name).copied();
    found.ok_or_else(|| {
        let names: Vec<_> = all().map(|broken| broken.name).collect();
        format!("--break {name}: expected one of {}", names.join(", "))
    })
}
