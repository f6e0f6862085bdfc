//! The doctor's findings about the memory of Redis, its eviction of keys, and its persistence.
//!
//! A Redis that is only a cache should evict keys when its memory is full. A Redis with queued writes
//! of write-behind functions must keep them.

use crate::core::queues::registered;
use crate::model::config::Config;
use crate::model::queue_fitness;
use crate::model::server_info::ServerInfo;
use crate::ops::doctor::findings::{Finding, Severity};
use crate::store::examination::Examination;

/// The share of its memory from which a server counts as almost full.
const ALMOST_FULL: f64 = 0.95;

/// The queues of write-behind functions that a server has to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeptQueues {
    /// No queue is known, or the setting `volatile_queues` accepts the loss of queues.
    None,
    /// The namespace has keys of queues, whose functions this program does not have.
    Found,
    /// This program has write-behind functions.
    Registered,
}

impl KeptQueues {
    pub(crate) fn of(config: &Config, found: &Examination) -> Self {
        if config.volatile_queues {
            Self::None
        } else if registered().next().is_some() {
            Self::Registered
        } else if found.has_queues {
            Self::Found
        } else {
            Self::None
        }
    }

    fn are_none(self) -> bool {
        self == Self::None
    }
}

/// Adds all findings about the memory and the persistence of the server of `info`.
pub(crate) fn all(info: &ServerInfo, queues: KeptQueues, findings: &mut Vec<Finding>) {
    limit(info, queues, findings);
    policy(info, queues, findings);
    fitness(info, queues, findings);
    failed_saves(info, queues, findings);
    if info.evicted > 0 {
        let count = info.evicted;
        findings.push(Finding::info(
            "eviction",
            format!("Redis removed {count} keys since its start, because its memory was full"),
            "raise `maxmemory` if the hit rate of Redis is low; an evicted entry is a miss, never an old value",
        ));
    }
}

fn limit(info: &ServerInfo, queues: KeptQueues, findings: &mut Vec<Finding>) {
    if info.max_memory.is_none() {
        findings.push(Finding::warning(
            "memory",
            "the server has no limit of memory (`maxmemory` is 0): it grows until the system ends it",
            if queues.are_none() {
                "set `maxmemory`, and `maxmemory-policy` to `allkeys-lru` in a Redis that is only a cache"
            } else {
                "set `maxmemory`, with room for the queued writes, which no policy `allkeys-*` keeps"
            },
        ));
        return;
    }
    if info.eviction_policy != "noeviction" {
        return;
    }
    let is_full = info.memory_use().is_some_and(|share| share >= ALMOST_FULL);
    if is_full {
        findings.push(Finding::error(
            "eviction",
            "memory is full, and `maxmemory-policy` is `noeviction`: Redis refuses new values",
            if queues.are_none() {
                "raise `maxmemory`, or run `CONFIG SET maxmemory-policy allkeys-lru` in a Redis that is only a cache"
            } else {
                "raise `maxmemory`, or give the queue its own server: Redis refuses queued writes too"
            },
        ));
    } else if queues.are_none() {
        findings.push(Finding::warning(
            "eviction",
            "`maxmemory-policy` is `noeviction`: once memory is full, Redis refuses new values",
            "set `maxmemory-policy` to `allkeys-lru` in a Redis that is only a cache",
        ));
    }
}

fn policy(info: &ServerInfo, queues: KeptQueues, findings: &mut Vec<Finding>) {
    let policy = &*info.eviction_policy;
    if !policy.ends_with("-lrm") {
        return;
    }
    findings.push(Finding::warning(
        "eviction",
        format!(
            "`maxmemory-policy` is `{policy}`, which removes what was not written for longest: the \
             entries that are read most go like all others"
        ),
        if queues.are_none() {
            "set `maxmemory-policy` to `allkeys-lru`"
        } else {
            "set `maxmemory-policy` to `volatile-lru`, which keeps queued writes"
        },
    ));
}

/// Adds the reasons why the server may lose queued writes. They are errors if this program has the
/// functions. The keys of others may be those of services with `volatile_queues`.
fn fitness(info: &ServerInfo, queues: KeptQueues, findings: &mut Vec<Finding>) {
    let severity = match queues {
        KeptQueues::None => return,
        KeptQueues::Found => Severity::Warning,
        KeptQueues::Registered => Severity::Error,
    };
    findings.extend(queue_fitness::reasons(info).map(|unfit| Finding {
        severity,
        subject: unfit.subject.to_owned(),
        problem: format!("the server may lose queued writes: {}", unfit.reason),
        remedy: unfit.remedy.to_owned(),
    }));
}

fn failed_saves(info: &ServerInfo, queues: KeptQueues, findings: &mut Vec<Finding>) {
    if info.has_failed_to_save {
        findings.push(Finding::warning(
            "persistence",
            "the server could not write its data to its disk, and may refuse writes for that reason",
            if queues.are_none() {
                "see the log of Redis; a Redis that is only a cache needs no persistence: `CONFIG SET save \"\"`"
            } else {
                "see the log of Redis; a restart loses queued writes that are not on its disk"
            },
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server with a limit of memory that keeps queues.
    fn server(policy: &str, used_memory: u64) -> ServerInfo {
        ServerInfo {
            eviction_policy: policy.to_owned(),
            max_memory: Some(100),
            used_memory,
            has_append_only_file: true,
            ..ServerInfo::default()
        }
    }

    /// The findings as `severity subject: remedy`.
    fn told(info: &ServerInfo, queues: KeptQueues) -> Vec<String> {
        let mut findings = Vec::new();
        all(info, queues, &mut findings);
        let told = |it: &Finding| format!("{} {}: {}", it.severity, it.subject, it.remedy);
        findings.iter().map(told).collect()
    }

    #[test]
    fn a_cache_may_evict_and_a_queue_may_not() {
        let roomy = server("noeviction", 1);
        let only_cache = "warning eviction: set `maxmemory-policy` to `allkeys-lru` in a Redis that is only a cache";
        assert_eq!(told(&roomy, KeptQueues::None), [only_cache]);
        let full = server("noeviction", 99);
        assert_eq!(
            told(&full, KeptQueues::None),
            [
                "error eviction: raise `maxmemory`, or run `CONFIG SET maxmemory-policy allkeys-lru` in a Redis that \
                 is only a cache"
            ]
        );
        for queues in [KeptQueues::Found, KeptQueues::Registered] {
            assert_eq!(told(&roomy, queues), [""; 0]);
            assert_eq!(
                told(&full, queues),
                [
                    "error eviction: raise `maxmemory`, or give the queue its own server: Redis refuses queued \
                     writes too"
                ]
            );
        }
    }

    #[test]
    fn a_server_that_may_lose_a_queue_is_an_error_for_those_who_have_it() {
        let mut evicting = server("allkeys-lru", 1);
        evicting.has_append_only_file = false;
        assert_eq!(told(&evicting, KeptQueues::None), [""; 0]);
        for (queues, severity) in [
            (KeptQueues::Found, "warning"),
            (KeptQueues::Registered, "error"),
        ] {
            let told = told(&evicting, queues);
            assert_eq!(told.len(), 2, "{told:?}");
            assert!(told[0].starts_with(&format!("{severity} eviction: run `CONFIG SET")));
            assert!(told[1].starts_with(&format!("{severity} persistence: run `CONFIG SET")));
        }
    }
    #[test]
    fn a_policy_is_explained_with_and_without_a_limit() {
        for policy in ["allkeys-lrm", "volatile-lrm"] {
            let limited = server(policy, 1);
            let lrm = "warning eviction: set `maxmemory-policy` to `allkeys-lru`";
            assert_eq!(told(&limited, KeptQueues::None), [lrm], "{policy}");
            let unlimited = ServerInfo {
                max_memory: None,
                ..limited
            };
            let told = told(&unlimited, KeptQueues::None);
            assert_eq!(told.len(), 2, "{told:?}");
            assert!(
                told[0].starts_with("warning memory: ") && told[1] == lrm,
                "{told:?}"
            );
        }
        let kept =
            "warning eviction: set `maxmemory-policy` to `volatile-lru`, which keeps queued writes";
        assert_eq!(told(&server("volatile-lrm", 1), KeptQueues::Found), [kept]);
        assert_eq!(told(&server("allkeys-lru", 1), KeptQueues::None), [""; 0]);
    }

    #[test]
    fn a_server_that_cannot_save_is_told_what_to_do() {
        let mut unsaved = server("volatile-lru", 1);
        unsaved.has_failed_to_save = true;
        let told_of = |queues| told(&unsaved, queues).remove(0);
        assert!(told_of(KeptQueues::None).contains("needs no persistence"));
        let queue = told_of(KeptQueues::Registered);
        assert!(queue.contains("a restart loses queued writes"), "{queue}");
    }
}
