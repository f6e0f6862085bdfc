//! The doctor's findings about Redis, the cache's account there, and the bus.

use std::time::Duration;

use crate::model::config::Config;
use crate::model::server_info::ServerInfo;
use crate::ops::doctor::findings::Finding;
use crate::store::examination::Examination;

/// The oldest version of Redis that can tell the rights of an account.
const OLDEST: u32 = 7;

/// The share of used memory from which a server counts as almost full.
const ALMOST_FULL: f64 = 0.95;

/// The smallest difference of clocks that is reported, in milliseconds.
const SKEW: i64 = 1_000;

/// Adds all findings about the server of `found`.
pub(crate) fn all(config: &Config, found: &Examination, findings: &mut Vec<Finding>) {
    if let Some(info) = &found.info {
        version(info, findings);
        role(info, findings);
        memory(info, findings);
        persistence(info, findings);
    }
    writes(found, findings);
    rights(found, findings);
    bus(config, found, findings);
    clock(found, findings);
    database(config, found, findings);
}

fn version(info: &ServerInfo, findings: &mut Vec<Finding>) {
    let major = info.version.split('.').next();
    let Some(major) = major.and_then(|major| major.parse::<u32>().ok()) else {
        return;
    };
    if major < OLDEST {
        let (product, version) = (&info.product, &info.version);
        findings.push(Finding::warning(
            "version",
            format!("{product} {version} is older than {OLDEST}: it cannot tell which rights the account lacks"),
            "use Redis 7 or newer, or Valkey",
        ));
    }
}

fn role(info: &ServerInfo, findings: &mut Vec<Finding>) {
    if info.role == "slave" {
        findings.push(Finding::error(
            "role",
            "the server is a replica, which takes no writes",
            "give the address of the master",
        ));
    }
    if info.mode == "cluster" {
        findings.push(Finding::error(
            "mode",
            "the server is a node of a Redis Cluster, which this version does not support",
            "give the address of a server that is no node of a cluster",
        ));
    }
    if info.mode == "sentinel" {
        findings.push(Finding::error(
            "mode",
            "the server is a Sentinel, which stores nothing",
            "give `redis+sentinel://host:26379/mymaster`, with the name of the master that it watches",
        ));
    }
}

fn memory(info: &ServerInfo, findings: &mut Vec<Finding>) {
    let policy = &*info.eviction_policy;
    let is_full = info.memory_use().is_some_and(|share| share >= ALMOST_FULL);
    match (policy, info.max_memory) {
        ("noeviction", Some(_)) if is_full => findings.push(Finding::error(
            "eviction",
            "memory is full, and `maxmemory-policy` is `noeviction`: Redis refuses new values",
            "run `CONFIG SET maxmemory-policy allkeys-lru` there, or raise `maxmemory`",
        )),
        ("noeviction", Some(_)) => findings.push(Finding::warning(
            "eviction",
            "`maxmemory-policy` is `noeviction`: once memory is full, Redis refuses new values",
            "set `maxmemory-policy` to `allkeys-lru` in a Redis that is only a cache",
        )),
        (_, None) => findings.push(Finding::warning(
            "memory",
            "the server has no limit of memory (`maxmemory` is 0): it grows until the system ends it",
            "set `maxmemory`, and `maxmemory-policy` to `allkeys-lru` in a Redis that is only a cache",
        )),
        _ if policy.ends_with("-lrm") => findings.push(Finding::warning(
            "eviction",
            format!(
                "`maxmemory-policy` is `{policy}`, which removes what was not written for longest: the \
                 entries that are read most go like all others"
            ),
            "set `maxmemory-policy` to `allkeys-lru`",
        )),
        _ => {}
    }
    if info.evicted > 0 {
        let count = info.evicted;
        findings.push(Finding::info(
            "eviction",
            format!("Redis removed {count} keys since its start, because its memory was full"),
            "raise `maxmemory` if the hit rate of Redis is low; an evicted entry is a miss, never an old value",
        ));
    }
}

fn persistence(info: &ServerInfo, findings: &mut Vec<Finding>) {
    if info.has_failed_to_save {
        findings.push(Finding::warning(
            "persistence",
            "the server could not write its data to its disk, and may refuse writes for that reason",
            "see the log of Redis; a Redis that is only a cache needs no persistence: `CONFIG SET save \"\"`",
        ));
    }
}

fn writes(found: &Examination, findings: &mut Vec<Finding>) {
    let Some(code) = &found.refuses_writes else {
        return;
    };
    let remedy = match &**code {
        "READONLY" => "give the address of the master",
        "MISCONF" => "see the log of Redis: it cannot write its snapshots",
        "LOADING" => "wait until Redis has read its data",
        "NOREPLICAS" => "see `min-replicas-to-write`: the master lacks replicas",
        _ => "see the documentation of Redis for this code",
    };
    findings.push(Finding::error(
        "writes",
        format!("the server refuses writes with `{code}`"),
        remedy,
    ));
}

fn rights(found: &Examination, findings: &mut Vec<Finding>) {
    let Some(missing) = &found.missing_rights else {
        return;
    };
    let commands = &missing.commands;
    findings.push(if missing.can_be_spared {
        let problem = format!(
            "the account may not run {commands}; the cache works, at a price (docs/redis.md)"
        );
        Finding::warning("rights", problem, &*missing.remedy)
    } else {
        let problem = format!("the account may not run {commands}, which the cache needs");
        Finding::error("rights", problem, &*missing.remedy)
    });
}

fn bus(config: &Config, found: &Examination, findings: &mut Vec<Finding>) {
    let Some(round_trip) = found.bus_round_trip else {
        findings.push(Finding::error(
            "bus",
            "a message that was sent over Redis did not come back: this process hears no invalidation of others",
            "let the account use the channels of the namespace (`&NAMESPACE:*`), and see `rights`",
        ));
        return;
    };
    if round_trip > config.bus_timeout / 4 {
        let bus_timeout = config.bus_timeout;
        findings.push(Finding::warning(
            "bus",
            format!(
                "a message takes {round_trip:.0?} over Redis, and `bus_timeout` is {bus_timeout:?}"
            ),
            "raise `bus_timeout` to several times the round trip, or use a Redis that is closer",
        ));
    }
}

fn clock(found: &Examination, findings: &mut Vec<Finding>) {
    let Some(ahead) = found.clock_ahead.filter(|ahead| ahead.abs() >= SKEW) else {
        return;
    };
    let by = Duration::from_millis(ahead.unsigned_abs());
    let how = if ahead > 0 { "ahead of" } else { "behind" };
    findings.push(Finding::info(
        "clock",
        format!("the clock of the server is {by:.1?} {how} that of this machine"),
        "nothing for cachekit, which compares no clocks; synchronise them for your logs",
    ));
}

fn database(config: &Config, found: &Examination, findings: &mut Vec<Finding>) {
    if found.database == 0 {
        return;
    }
    let (database, namespace) = (found.database, &config.namespace);
    findings.push(Finding::info(
        "database",
        format!(
            "the cache uses database {database}; channels are shared by all databases, so caches with the \
             namespace `{namespace}` in other databases hear its invalidations, and it hears theirs"
        ),
        "give each cache of this server a namespace of its own",
    ));
}
