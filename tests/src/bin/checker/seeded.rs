//! The guards that may be removed from every node.

use cachekit::testing::Fault;

use crate::mix::{self, Mix};
use crate::parent::Injury;

/// One guard, and what shows that it is gone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Broken {
    pub(crate) name: &'static str,
    pub(crate) fault: Fault,
    /// The mix of calls that shows it soon.
    pub(crate) mix: Mix,
    /// The faults that it takes.
    pub(crate) injuries: &'static [Injury],
}

const ALL: &[Broken] = &[
    Broken {
        name: "fill-without-token",
        fault: Fault::FillWithoutToken,
        mix: mix::BY_KEY,
        injuries: &[],
    },
    Broken {
        name: "fill-without-versions",
        fault: Fault::FillWithoutVersions,
        mix: mix::BY_VALUE,
        injuries: &[],
    },
    Broken {
        name: "versions-after-compute",
        fault: Fault::VersionsAfterCompute,
        mix: mix::BY_TAG,
        injuries: &[],
    },
    Broken {
        name: "missing-tag-is-zero",
        fault: Fault::MissingTagIsZero,
        mix: mix::BY_TAG,
        injuries: &[Injury::DelVersion],
    },
    Broken {
        name: "no-heartbeat",
        fault: Fault::NoHeartbeat,
        mix: mix::USUAL,
        injuries: &[Injury::Hole],
    },
    Broken {
        name: "no-epoch",
        fault: Fault::NoEpoch,
        mix: mix::USUAL,
        injuries: &[Injury::Close],
    },
    Broken {
        name: "repeat-lease",
        fault: Fault::ClientMadeVersions,
        mix: mix::SELDOM_READ,
        injuries: &[Injury::RepeatAll, Injury::Swallow],
    },
    Broken {
        name: "no-second-bump",
        fault: Fault::NoSecondBump,
        mix: mix::BY_KEY,
        injuries: &[Injury::Delay],
    },
    Broken {
        name: "ret-tag-late",
        fault: Fault::RetTagLate,
        mix: mix::BY_VALUE,
        injuries: &[],
    },
    Broken {
        name: "ignore-unknown-message",
        fault: Fault::IgnoreUnknownMessage,
        mix: mix::USUAL,
        injuries: &[],
    },
];

impl Broken {
    /// What is removed from the node of this number.
    pub(crate) fn of_node(&self, number: u8) -> &[Fault] {
        match self.fault {
            // Somebody has to say what the others do not understand; and they would find
            // out by counting.
            Fault::IgnoreUnknownMessage if number == 0 => &[Fault::SpeakUnknown],
            Fault::IgnoreUnknownMessage => &[Fault::IgnoreUnknownMessage, Fault::IgnoreGaps],
            _ => std::slice::from_ref(&self.fault),
        }
    }

    /// Whether nodes hear of one another: who hears of an invalidation does not even try
    /// to store what a guard would refuse.
    pub(crate) fn wants_bus(&self) -> bool {
        self.fault != Fault::ClientMadeVersions
    }
}

/// The one of this name.
pub(crate) fn find(name: &str) -> Result<Broken, String> {
    let found = ALL.iter().find(|broken| broken.name == name).copied();
    found.ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|broken| broken.name).collect();
        format!("--break {name}: expected one of {}", names.join(", "))
    })
}
