//! The printed report.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use super::World;
use super::history::Write;
use super::judge::Verdict;
use super::timeline;
use crate::args::Settings;
use cachekit_tests::clock::millis;

/// So many reads a minute at least, or little was shown.
const READS_PER_MINUTE: u64 = 100_000;

/// So many violations are told in words.
const SHOWN: usize = 10;

/// Says what is going to happen.
pub(super) fn opening(settings: &Settings) -> String {
    let broken = settings
        .broken
        .map_or("nothing broken", |broken| broken.name);
    let of_broken = settings.broken.map_or("usual", |_| "for it");
    let mix = settings.mix.map_or(of_broken, |(name, _)| name);
    format!(
        "{} nodes, {:?}, {} s, bus {}, seed {}, mix {mix}, {broken}",
        settings.nodes,
        settings.topology,
        settings.length.as_secs(),
        if settings.bus { "on" } else { "off" },
        settings.seed,
    )
}

/// Whether there were enough reads to mean something.
pub(super) fn is_enough(settings: &Settings, verdict: &Verdict) -> bool {
    let least = READS_PER_MINUTE * settings.length.as_secs() / 60;
    let reads = verdict.events.reads.len() as u64;
    if reads < least {
        println!("too few reads: {reads}, where {least} are expected");
    }
    reads >= least
}

/// Prints the table, and the violations in words.
pub(super) fn print(settings: &Settings, world: &World, verdict: &Verdict) {
    for (name, value) in rows(world, verdict) {
        println!("{name:<34} {value}");
    }
    let injured: Vec<_> = world
        .disruptions
        .counts()
        .into_iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let none = injured.is_empty();
    let injured = if none {
        "none".to_owned()
    } else {
        injured.join(", ")
    };
    println!("{:<34} {injured}", "faults");
    println!("{:<34} {}", "violations", verdict.violations.len());
    for violation in verdict.violations.iter().take(SHOWN) {
        println!("  {}", violation.text);
    }
    if let Some(read) = verdict
        .violations
        .iter()
        .find_map(|violation| violation.read)
    {
        println!("what led to the first, seed {}:", settings.seed);
        for line in timeline::tell(world, verdict, &read) {
            println!("  {line}");
        }
    }
}

fn rows(world: &World, verdict: &Verdict) -> Vec<(&'static str, String)> {
    let stat = |name: &str| verdict.events.stats.get(name).copied().unwrap_or_default();
    let accepted = |write: &&Write| write.accepted.is_some();
    let writes = &verdict.events.writes;
    let executions = world.table.executions.load(Ordering::Relaxed);
    let concurrent = world.table.concurrent.load(Ordering::Relaxed);
    let counted = |name| stat(name).to_string();
    let acked = acknowledged(writes);
    let fresh = verdict.events.reads.iter().filter(|read| read.is_fresh);
    let fresh = fresh.count();
    vec![
        ("reads", verdict.events.reads.len().to_string()),
        ("  from memory", counted("memory")),
        ("  from Redis", counted("redis")),
        ("  served old", counted("stale")),
        ("  that asked for nothing old", fresh.to_string()),
        ("  by another's computation", counted("coalesced")),
        ("  computed", counted("computed")),
        ("  older than an earlier one", verdict.went_back.to_string()),
        ("rows written", writes.len().to_string()),
        (
            "  Redis accepted",
            writes.iter().filter(accepted).count().to_string(),
        ),
        ("invalidations", counted("invalidations")),
        ("refused stores, memory", counted("refused")),
        ("refused stores, Redis", counted("redis-refused")),
        ("stores of older writes", counted("superseded")),
        ("unanswered by Redis", counted("redis-failures")),
        ("waits given up", counted("lock-timeouts")),
        ("executions", executions.to_string()),
        ("  while another of the row ran", concurrent.to_string()),
        ("propagation p50", share(&verdict.propagation, 50)),
        ("propagation p99", share(&verdict.propagation, 99)),
        ("worst staleness", share(&verdict.propagation, 100)),
        ("soft invalidations seen", verdict.old.len().to_string()),
        ("  served old after p50", share(&verdict.old, 50)),
        ("  served old after p99", share(&verdict.old, 99)),
        ("  served old after at most", share(&verdict.old, 100)),
        ("acknowledged invalidations", acked.len().to_string()),
        ("  by every node", counted("acknowledged")),
        ("  waited out", counted("acknowledged_by_time")),
        ("  not certain", counted("unacknowledged")),
        ("  duration p50", share(&acked, 50)),
        ("  duration p99", share(&acked, 99)),
        (
            "slowest call beyond computing",
            format!("{:.1} ms", millis(verdict.slowest)),
        ),
    ]
}

/// How long the invalidations took that were certain to have reached every node, in order.
fn acknowledged(writes: &[Write]) -> Vec<u64> {
    let certain = writes.iter().filter(|write| write.acknowledged);
    // One that raised several rows is one.
    let times: BTreeSet<_> = certain
        .map(|write| (write.returned - write.began, write.began, write.node))
        .collect();
    times.into_iter().map(|(took, ..)| took).collect()
}

/// What so many of a hundred did not exceed, of all in order.
fn share(all: &[u64], percent: usize) -> String {
    let at = (all.len() * percent).div_ceil(100).saturating_sub(1);
    let delay = all.get(at).copied().unwrap_or_default();
    format!("{:.2} ms", millis(delay))
}
