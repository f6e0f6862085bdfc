//! Prints the runs as a table.

use std::time::Duration;

use cachekit::Stats;

use crate::judge::{Judged, Run};
use crate::lateness::Lateness;
use crate::plan::Death;
use crate::point::Point;

/// The titles of the two parts of a table.
const DEATHS: [(Death, &str); 2] = [
    (Death::Process, "process killed"),
    (Death::Host, "connections open"),
];

/// Returns the table, and below it what the nodes counted.
pub(crate) fn text(judged: &Judged) -> String {
    let mut lines = Vec::new();
    for (death, title) in DEATHS {
        let of_death = || {
            judged
                .runs
                .iter()
                .filter(move |run| run.plan.death == death)
        };
        if of_death().next().is_none() {
            continue;
        }
        lines.push(head(title));
        for point in Point::ALL {
            let runs: Vec<_> = of_death().filter(|run| run.plan.point == point).collect();
            if !runs.is_empty() {
                lines.push(line(point.name(), &runs));
            }
        }
        lines.push(line("all", &of_death().collect::<Vec<_>>()));
    }
    lines.push(counted(&judged.stats));
    let broken = judged.broken().map(|name| format!(" without {name}"));
    lines.push(format!(
        "{} of {} runs{}: old for longer than is promised",
        judged.violations(),
        judged.runs.len(),
        broken.unwrap_or_default()
    ));
    lines.join("\n")
}

fn head(title: &str) -> String {
    aligned([
        title,
        "runs",
        "old then",
        "p50",
        "max",
        "violations",
        "old at end",
    ])
}

fn line(name: &str, runs: &[&Run]) -> String {
    let late = Lateness::of(runs.iter().filter_map(|run| run.late));
    let count = |which: fn(&Run) -> bool| runs.iter().filter(|run| which(run)).count();
    aligned([
        name,
        &runs.len().to_string(),
        &late.count().to_string(),
        &millis(late.median()),
        &millis(late.longest()),
        &count(Run::is_violation).to_string(),
        &count(|run| run.is_old_at_end).to_string(),
    ])
}

fn aligned(cells: [&str; 7]) -> String {
    let [name, numbers @ ..] = cells;
    let numbers = numbers.map(|number| format!(" {number:>11}"));
    format!("{name:<17}{}", numbers.concat())
}

/// Returns the milliseconds.
fn millis(time: Option<Duration>) -> String {
    time.map_or("-".to_owned(), |time| format!("{} ms", time.as_millis()))
}

fn counted(stats: &[Stats]) -> String {
    let sum = |count: fn(&Stats) -> u64| stats.iter().map(count).sum::<u64>();
    format!(
        "counted by the readers' nodes: {} writes swept in {} rounds, {} writes unmarked",
        sum(|stats| stats.redis.swept),
        sum(|stats| stats.redis.sweep_rounds),
        sum(|stats| stats.redis.unmarked),
    )
}
