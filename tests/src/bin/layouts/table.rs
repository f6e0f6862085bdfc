//! The table of results.

use std::time::Duration;

use crate::layout::Layout;
use crate::measure::Round;
use crate::server::Cost;

/// A layout with values of one size.
pub(crate) struct Row {
    pub(crate) layout: Layout,
    pub(crate) size: usize,
    pub(crate) rounds: Vec<Round>,
    /// Without a lease, and with one.
    pub(crate) memory: (i64, i64),
    pub(crate) refused: String,
}

pub(crate) fn print(rows: &[Row]) {
    println!(
        "Medians. Costs: microseconds of the server's execution / of its CPU, all included. \
         Memory: bytes."
    );
    println!(
        "{:<20}{:>7} {:>12}{:>9}{:>8}{:>9}{:>9} {:>13}{:>13}{:>13}  DEL e by hand",
        "layout",
        "value",
        "hit",
        "hits/s",
        "p50 us",
        "memory",
        "+lease",
        "acquire new",
        "acquire old",
        "fill"
    );
    println!(
        "{:<20}{:>7} {:>12}{:>9}{:>8}{:>9}{:>9} {:>13}{:>13}{:>13}  refuses a fill",
        "", "", "", "64 tasks", "1 task", "", "", "", "", ""
    );
    for row in rows {
        let median = |field: fn(&Round) -> f64| median(row.rounds.iter().map(field).collect());
        let cost = |field: fn(&Round) -> Cost| {
            let of = |part: fn(Cost) -> f64| {
                self::median(row.rounds.iter().map(field).map(part).collect())
            };
            format!(
                "{:.1}/{:.1}",
                of(|cost| cost.execution),
                of(|cost| cost.cpu)
            )
        };
        let alone = row.rounds.iter().flat_map(|round| &round.alone);
        let alone = alone.map(Duration::as_secs_f64).collect();
        println!(
            "{:<20}{:>7} {:>12}{:>9.0}{:>8.0}{:>9}{:>9} {:>13}{:>13}{:>13}  {}",
            row.layout.name(),
            row.size,
            cost(|round| round.hit),
            median(|round| round.per_second),
            self::median(alone) * 1e6,
            row.memory.0,
            row.memory.1 - row.memory.0,
            cost(|round| round.acquire_new),
            cost(|round| round.acquire_old),
            cost(|round| round.fill),
            row.refused,
        );
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
