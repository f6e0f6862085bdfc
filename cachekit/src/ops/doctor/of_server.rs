//! The doctor's findings about Redis, the cache's account there, and the bus.

use std::time::Duration;

use crate::api::registry::functions;
use crate::core::queues::registered;
use crate::model::config::Config;
use crate::model::server_info::ServerInfo;
use crate::ops::doctor::findings::Finding;
use crate::store::examination::Examination;

/// The oldest version of Redis that can tell the rights of an account.
const OLDEST: u32 = 7;

/// The smallest difference of clocks that is reported, in milliseconds.
const SKEW: i64 = 1_000;

/// Adds to `findings` everything that the examination `found` shows about the Redis server.
pub(crate) fn all(config: &Config, found: &Examination, findings: &mut Vec<Finding>) {
    if let Some(info) = &found.info {
        mode(info, findings);
    }
    of_master(found, findings);
    bus(config, found, findings);
    database(config, found, findings);
}

/// Adds to `findings` what the examination `found` shows about one server, without the bus and the
/// number of the database.
pub(crate) fn of_master(found: &Examination, findings: &mut Vec<Finding>) {
    if let Some(info) = &found.info {
        version(info, findings);
        role(info, findings);
    }
    writes(found, findings);
    rights(found, findings);
    rights_for_queues(found, findings);
    rights_for_warm_starts(found, findings);
    clock(found, findings);
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
}

fn mode(info: &ServerInfo, findings: &mut Vec<Finding>) {
    if info.mode == "cluster" {
        findings.push(Finding::error(
            "mode",
            "the server is a node of a Redis Cluster, and the address is that of one server",
            "give `redis+cluster://host:6379`, with the address of any node of the cluster",
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

fn writes(found: &Examination, findings: &mut Vec<Finding>) {
    findings.extend(found.refuses_writes.as_deref().map(refusal));
}

/// Returns the finding that the server refuses writes with `code`.
fn refusal(code: &str) -> Finding {
    let remedy = match code {
        "READONLY" => "give the address of the master",
        "MISCONF" => {
            "see the log of Redis: it cannot write its data to its disk, and takes no writes until it can"
        }
        "LOADING" => "wait until Redis has read its data",
        "CLUSTERDOWN" => {
            "run `redis-cli --cluster check HOST:PORT`: masters or slots are missing, or cannot be reached"
        }
        "NOREPLICAS" => "see `min-replicas-to-write`: the master lacks replicas",
        _ => "see the documentation of Redis for this code",
    };
    Finding::error(
        "writes",
        format!("the server refuses writes with `{code}`"),
        remedy,
    )
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

/// Adds the rights that the queues of this program lack. A program without any function, such as the
/// command `cachekit`, speaks for services that may have queues.
fn rights_for_queues(found: &Examination, findings: &mut Vec<Finding>) {
    let Some(missing) = &found.missing_for_queues else {
        return;
    };
    let commands = &missing.commands;
    let problem = format!("the account may not run {commands}, which write-behind functions need");
    if registered().next().is_some() {
        findings.push(Finding::error("rights", problem, &*missing.remedy));
    } else if found.has_queues || functions().next().is_none() {
        let remedy = format!("for write-behind, {}; else nothing", missing.remedy);
        findings.push(Finding::warning("rights", problem, remedy));
    }
}

fn rights_for_warm_starts(found: &Examination, findings: &mut Vec<Finding>) {
    if let Some(missing) = &found.missing_for_warm_starts {
        let commands = &missing.commands;
        findings.push(Finding::warning(
            "rights",
            format!("the account may not run {commands} on the lists of hottest keys"),
            format!("for `warm_start`, {}; else nothing", missing.remedy),
        ));
    }
}

pub(crate) fn bus(config: &Config, found: &Examination, findings: &mut Vec<Finding>) {
    let Some(round_trip) = found.bus_round_trip else {
        findings.push(Finding::error(
            "bus",
            "a message that was sent over Redis did not come back: this process hears no invalidation of others",
            "let the account use the channels of the namespace (`&NAMESPACE:*`; in a Redis Cluster \
             `&{NAMESPACE:bus}*`), and see `rights`",
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
        "synchronise them: ages of HTTP responses and versions of queued writes depend on clocks",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_writes_is_explained() {
        let told = refusal("MISCONF").to_string();
        assert!(
            told.starts_with("error   writes: the server refuses writes with `MISCONF`\n"),
            "{told}"
        );
        assert!(told.contains("cannot write its data to its disk"), "{told}");
        assert!(refusal("NEW").remedy.contains("for this code"));
    }
}
