//! The doctor's findings about the masters of a Redis Cluster.

use crate::model::config::Config;
use crate::ops::doctor::findings::Finding;
use crate::ops::doctor::of_memory::KeptQueues;
use crate::ops::doctor::{of_memory, of_server};
use crate::store::examination::{ClusterFound, Examination};

/// Adds everything that the examination `found` of the masters `cluster` shows. A problem of several
/// masters is one finding.
pub(crate) fn all(
    config: &Config,
    found: &Examination,
    cluster: &ClusterFound,
    findings: &mut Vec<Finding>,
) {
    slots(cluster, findings);
    of_server::bus(config, found, findings);
    let queues = KeptQueues::of(config, found);
    let mut told: Vec<(Finding, Vec<&str>)> = Vec::new();
    for (address, examined) in &cluster.masters {
        match examined {
            Err((problem, remedy)) => {
                findings.push(Finding::error("redis", &**problem, &**remedy));
            }
            Ok(master) => {
                for finding in of_master(master, queues) {
                    match told.iter_mut().find(|(known, _)| *known == finding) {
                        Some((_, addresses)) => addresses.push(address),
                        None => told.push((finding, vec![address])),
                    }
                }
            }
        }
    }
    for (mut finding, addresses) in told {
        let place = if addresses.len() == cluster.masters.len() {
            "on all masters".to_owned()
        } else {
            format!("on {}", addresses.join(", "))
        };
        finding.problem = format!("{place}: {}", finding.problem);
        findings.push(finding);
    }
}

fn of_master(master: &Examination, queues: KeptQueues) -> Vec<Finding> {
    let mut findings = Vec::new();
    of_server::of_master(master, &mut findings);
    if let Some(info) = &master.info {
        of_memory::all(info, queues, &mut findings);
    }
    if master.has_min_replicas == Some(false) {
        findings.push(Finding::warning(
            "replicas",
            "a master takes writes without any replica (`min-replicas-to-write` is 0): cut off from the \
             others, it takes writes that are lost, and its processes serve old values, until \
             `cluster-node-timeout` is over",
            "give each master a replica, and set `min-replicas-to-write 1` and a `min-replicas-max-lag` \
             below `cluster-node-timeout` on every server (docs/topologies.md)",
        ));
    }
    findings
}

fn slots(cluster: &ClusterFound, findings: &mut Vec<Finding>) {
    let count = cluster.uncovered_slots;
    if count > 0 {
        findings.push(Finding::error(
            "slots",
            format!("no master has {count} of the 16384 slots: calls with keys of these slots run without Redis"),
            "start the masters that are missing, or assign the slots: `redis-cli --cluster fix HOST:PORT`",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::server_info::ServerInfo;

    fn master(policy: &str, has_min_replicas: bool) -> Examination {
        let info = ServerInfo {
            version: "7.0.15".to_owned(),
            max_memory: Some(1_000),
            eviction_policy: policy.to_owned(),
            ..ServerInfo::default()
        };
        Examination {
            address: String::new(),
            database: 0,
            info: Some(info),
            refuses_writes: None,
            missing_rights: None,
            missing_for_queues: None,
            missing_for_warm_starts: None,
            has_queues: false,
            clock_ahead: None,
            bus_round_trip: None,
            sentinels: vec![],
            cluster: None,
            has_min_replicas: Some(has_min_replicas),
        }
    }

    #[test]
    fn each_problem_is_told_once_with_the_masters_that_have_it() {
        let away = ("c cannot be reached".to_owned(), "start it".to_owned());
        let cluster = ClusterFound {
            masters: vec![
                ("a".to_owned(), Ok(master("noeviction", false))),
                ("b".to_owned(), Ok(master("allkeys-lru", false))),
                ("c".to_owned(), Err(away)),
            ],
            uncovered_slots: 7,
        };
        let mut findings = Vec::new();
        let found = master("", true);
        all(&Config::default(), &found, &cluster, &mut findings);
        let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
        for begin in [
            "error   slots: no master has 7 of the 16384 slots",
            "error   bus: ",
            "error   redis: c cannot be reached",
            "warning eviction: on a: `maxmemory-policy` is `noeviction`",
            "warning replicas: on a, b: a master takes writes without any replica",
        ] {
            let found = told.iter().filter(|it| it.starts_with(begin)).count();
            assert_eq!(found, 1, "{begin}: {told:#?}");
        }
        assert_eq!(told.len(), 5, "{told:#?}");
    }
}
