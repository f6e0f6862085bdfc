//! `cachekit top`.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::process::ExitCode;

use cachekit::{Answers, Cache, Stats};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::args::{Sort, Top};
use crate::asked::{Missing, answered, counted};
use crate::functions::{Function, summed, table};
use crate::output::{Error, Output};
use crate::screen::Screen;

/// One round: what the processes did since the round before.
#[derive(Debug, Serialize)]
struct Round {
    /// Number of processes whose calls are in `functions`.
    processes: usize,
    /// Calls of all functions in a second.
    per_second: f64,
    functions: Vec<Function>,
    #[serde(flatten)]
    missing: Missing,
}

/// The last statistics of each process.
type Before = HashMap<String, Stats>;

/// Shows rounds until the command is interrupted. The exit code is 1 if no process answers.
pub(crate) async fn run(cache: &Cache, output: Output, top: Top) -> Result<ExitCode, Error> {
    // Dropped after the rounds in every case, so that the terminal is as it was.
    let screen = output.redraws().then(Screen::begin);
    tokio::select! {
        shown = show(cache, output, top, screen.as_ref()) => shown?,
        _ = tokio::signal::ctrl_c() => {}
    }
    drop(screen);
    Ok(ExitCode::SUCCESS)
}

async fn show(
    cache: &Cache,
    output: Output,
    top: Top,
    screen: Option<&Screen>,
) -> Result<(), Error> {
    let asked = cache.ask_stats(top.asking.wait).await;
    let (answers, _) = answered(asked, top.asking.wait)?;
    let mut before = by_node(&answers);
    let mut ticks = interval_at(Instant::now() + top.every, top.every);
    // A late answer does not make the next rounds shorter.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut left = if top.once { Some(1) } else { top.rounds };
    while left != Some(0) {
        ticks.tick().await;
        let asked = cache.ask_stats(top.asking.wait).await;
        let (answers, missing) = answered(asked, top.asking.wait)?;
        let round = Round::of(&answers, &before, missing, top);
        before.extend(by_node(&answers));
        let text = round.text(output);
        let is_read = match screen {
            Some(screen) => screen.draw(&text),
            None => output.print(&round, text + "\n"),
        };
        if !is_read {
            break;
        }
        left = left.map(|left| left - 1);
    }
    Ok(())
}

fn by_node(answers: &Answers<Stats>) -> Before {
    let read = answers.read();
    read.map(|(node, stats)| (node.to_owned(), stats.clone()))
        .collect()
}

impl Round {
    /// Returns what `answers` have counted since `before`. A process that was not there before
    /// counts from its next round on.
    fn of(answers: &Answers<Stats>, before: &Before, missing: Missing, top: Top) -> Self {
        let since = answers.read().filter_map(|(node, now)| {
            let earlier = before.get(node)?;
            Some(now.since(earlier))
        });
        let since: Vec<Stats> = since.collect();
        let mut functions = summed(since.iter());
        functions.retain(|function| function.calls.calls() > 0 || function.calls.computations > 0);
        sort(&mut functions, top.sort);
        let per_second = functions.iter().map(|function| function.per_second).sum();
        functions.truncate(top.rows);
        Self {
            processes: since.len(),
            per_second,
            functions,
            missing,
        }
    }

    fn text(&self, output: Output) -> String {
        let processes = counted(self.processes);
        let (rate, functions) = (self.per_second, table(&self.functions));
        let missing = output.warn_lines(&self.missing);
        format!("{processes}, {rate:.1} calls/s\n\n{functions}{missing}")
    }
}

fn sort(functions: &mut [Function], by: Sort) {
    // Functions that are equal otherwise stay sorted by name.
    match by {
        Sort::Calls => functions.sort_by_key(|it| Reverse(it.calls.calls())),
        Sort::Misses => functions.sort_by_key(|it| Reverse(it.calls.misses)),
        Sort::Time => functions.sort_by_key(|it| Reverse(it.calls.compute_time.sum())),
        Sort::Name => {}
    }
}
