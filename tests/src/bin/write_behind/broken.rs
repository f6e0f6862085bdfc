//! The guards that may be removed from every process, and the clock of the queue.

use cachekit::CacheBuilder;
use cachekit::testing::Fault;
use cachekit_tests::scripts::without_guards;

/// A guard, by its name on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RemovedGuard {
    pub(crate) name: &'static str,
    /// `None` if the guard is one of this program.
    fault: Option<Fault>,
}

impl RemovedGuard {
    /// Returns `true` if some calls need the database themselves, and so fail without it.
    pub(crate) fn writes_through(self) -> bool {
        self.name == WRITE_THROUGH
    }
}

const WRITE_THROUGH: &str = "write-through";

const ALL: &[RemovedGuard] = &[
    RemovedGuard {
        name: "ack-early",
        fault: Some(Fault::FinishEarly),
    },
    RemovedGuard {
        name: "no-claim",
        fault: Some(Fault::KeepDeadClaims),
    },
    RemovedGuard {
        name: "shared-claim",
        fault: Some(Fault::ShareClaims),
    },
    RemovedGuard {
        name: "version-by-clock",
        fault: Some(Fault::VersionByClock),
    },
    RemovedGuard {
        name: "ignore-queue",
        fault: Some(Fault::IgnoreQueuedValue),
    },
    RemovedGuard {
        name: "keep-poison",
        fault: Some(Fault::RepeatForEver),
    },
    RemovedGuard {
        name: WRITE_THROUGH,
        fault: None,
    },
];

/// The clock by which the script makes versions.
const CLOCK: &str = "time[1] * 1000000 + time[2]";

/// The clock by which the script makes versions in this program: set back by 3 s every other second.
const STEPPING_CLOCK: &str = "(time[1] - time[1] % 2 * 3) * 1000000 + time[2]";

/// Returns the names of the guards.
pub(crate) fn names() -> Vec<&'static str> {
    ALL.iter().map(|guard| guard.name).collect()
}

/// Returns the guard of this name.
pub(crate) fn find(name: &str) -> Result<RemovedGuard, String> {
    let found = ALL.iter().find(|guard| guard.name == name).copied();
    found.ok_or_else(|| format!("--break {name}: expected one of {}", names().join(", ")))
}

/// Sets the clock of Redis back every other second, as versions see it, and removes the guard
/// `broken`, if one is to be removed.
pub(crate) fn disturb(settings: CacheBuilder, broken: Option<RemovedGuard>) -> CacheBuilder {
    let settings = settings.__edit_scripts(disturbed);
    match broken.and_then(|guard| guard.fault) {
        Some(fault) => settings.__seed(fault),
        None => settings,
    }
}

fn disturbed(script: &str, text: String, is_removed: &dyn Fn(Fault) -> bool) -> String {
    let text = without_guards(script, text, is_removed);
    match script {
        "enqueue" => text.replace(CLOCK, STEPPING_CLOCK),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_the_clock() {
        let text = include_str!("../../../../cachekit/src/store/redis/enqueue.lua");
        for fault in [None, Some(Fault::VersionByClock)] {
            let is_removed = |other: Fault| Some(other) == fault;
            let disturbed = disturbed("enqueue", text.to_owned(), &is_removed);
            assert!(disturbed.contains(STEPPING_CLOCK), "{fault:?}");
            assert_eq!(disturbed.contains("last + 1"), fault.is_none());
        }
    }
}
