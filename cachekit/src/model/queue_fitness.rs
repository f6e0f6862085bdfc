//! The fitness of a Redis server to keep queued writes: it must neither evict them nor lose them
//! when it restarts.

use std::fmt;

use crate::model::server_info::ServerInfo;

/// A reason why a server may lose queued writes, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfit {
    /// Subject of the setting of the server, for the doctor.
    pub(crate) subject: &'static str,
    /// The reason, as the rest of a sentence about the server.
    pub(crate) reason: String,
    pub(crate) remedy: &'static str,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.reason, self.remedy)
    }
}

/// Returns the reasons why the server of `info` may lose queued writes.
pub(crate) fn reasons(info: &ServerInfo) -> impl Iterator<Item = Unfit> {
    [eviction(info), restart(info)].into_iter().flatten()
}

fn eviction(info: &ServerInfo) -> Option<Unfit> {
    let policy = &info.eviction_policy;
    policy.starts_with("allkeys").then(|| Unfit {
        subject: "eviction",
        reason: format!("its `maxmemory-policy` is `{policy}`, which may evict queued writes"),
        remedy: "run `CONFIG SET maxmemory-policy noeviction`, or use another server for the queue",
    })
}

fn restart(info: &ServerInfo) -> Option<Unfit> {
    (!info.has_append_only_file).then(|| Unfit {
        subject: "persistence",
        reason: "it writes no append-only file, so a restart loses queued writes".to_owned(),
        remedy: "run `CONFIG SET appendonly yes` and set it in the server's configuration, or accept the loss \
                 with `volatile_queues(true)`",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(policy: &str, has_append_only_file: bool) -> Vec<&'static str> {
        let info = ServerInfo {
            eviction_policy: policy.to_owned(),
            has_append_only_file,
            ..ServerInfo::default()
        };
        reasons(&info).map(|unfit| unfit.subject).collect()
    }

    #[test]
    fn a_server_that_may_lose_writes_is_told_apart() {
        for policy in ["noeviction", "volatile-lru", "volatile-ttl", ""] {
            assert_eq!(told(policy, true), [""; 0], "{policy}");
            assert_eq!(told(policy, false), ["persistence"], "{policy}");
        }
        for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random"] {
            assert_eq!(told(policy, true), ["eviction"], "{policy}");
            assert_eq!(told(policy, false), ["eviction", "persistence"], "{policy}");
        }
    }
}
