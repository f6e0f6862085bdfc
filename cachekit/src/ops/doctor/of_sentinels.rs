//! The doctor's findings about the sentinels of a set of servers.

use std::collections::BTreeSet;

use crate::ops::doctor::findings::Finding;
use crate::store::examination::Examination;

/// The smallest number of sentinels of which one may be away.
const FEWEST: usize = 3;

/// Adds all findings about the sentinels of `found`, which has none without sentinels.
pub(crate) fn all(found: &Examination, findings: &mut Vec<Finding>) {
    let sentinels = &found.sentinels;
    if sentinels.is_empty() {
        return;
    }
    for it in sentinels {
        if let Err(why) = &it.master {
            let problem = format!(
                "the sentinel {} does not name the master: {why}",
                it.sentinel
            );
            let remedy = "start that sentinel, or take its address out of the setting";
            findings.push(Finding::warning("sentinels", problem, remedy));
        }
    }
    let named: BTreeSet<&String> = sentinels
        .iter()
        .filter_map(|it| it.master.as_ref().ok())
        .collect();
    if named.len() > 1 {
        let told = |it: &crate::store::examination::SentinelAnswer| {
            let master = it.master.as_ref().ok()?;
            Some(format!("{} names {master}", it.sentinel))
        };
        let told: Vec<String> = sentinels.iter().filter_map(told).collect();
        findings.push(Finding::warning(
            "sentinels",
            format!("the sentinels disagree about the master: {}", told.join(", ")),
            "wait if a failover is under way; else let the sentinels reach each other and the master",
        ));
    }
    if sentinels.len() < FEWEST {
        let count = sentinels.len();
        findings.push(Finding::info(
            "sentinels",
            format!("the address names {count} of the sentinels"),
            "name all of them, and have at least three: a failover needs most of them",
        ));
    }
    if found.has_min_replicas == Some(false) {
        findings.push(Finding::warning(
            "replicas",
            "the master takes writes without any replica (`min-replicas-to-write` is 0): cut off from \
             the sentinels, it goes on beside the new master, and its processes serve old values",
            "set `min-replicas-to-write 1` and `min-replicas-max-lag 2` on every server (docs/topologies.md)",
        ));
    }
}
