//! `cachekit top`.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::process::ExitCode;

use cachekit::{Answers, Cache, Stats};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::args::{Sort, Top};
use crate::asked::{Missing, NOBODY, answered, counted};
use crate::functions::{Function, summed, table};
use crate::output::{Error, Output};
use crate::screen::Screen;
use crate::signals::interrupted;

/// One round: what the processes did since the round before.
#[derive(Debug, Serialize)]
struct Round {
    /// Number of processes whose calls are in `functions`.
    processes: usize,
    /// Calls of all functions per second.
    per_second: f64,
    functions: Vec<Function>,
    #[serde(flatten)]
    missing: Missing,
    /// Problem for which the round has no answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Number of rounds for which the statistics of a process without answers are kept. A process that
/// was slow answers again, and one that has ended does not.
const KEPT: u64 = 10;

/// The statistics of each process in the previous round.
#[derive(Debug, Default)]
struct Before {
    /// The number of rounds that were taken.
    round: u64,
    /// The statistics, and the number of the round that they came in.
    by_node: HashMap<String, (Stats, u64)>,
}

/// Shows rounds until the command is interrupted. The exit code is 1 if no process answers at first.
/// Later on, a round without answers says so, and the next one follows.
pub(crate) async fn run(cache: &Cache, output: Output, top: Top) -> Result<ExitCode, Error> {
    // The screen is dropped after the rounds in every case, so that the terminal is as it was
    // before.
    let screen = output.redraws().then(Screen::begin);
    tokio::select! {
        shown = show(cache, output, top, screen.as_ref()) => shown?,
        () = interrupted() => {}
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
    let mut before = Before::default();
    before.note(answers.read());
    let mut ticks = interval_at(Instant::now() + top.every, top.every);
    // A late answer does not make the next rounds shorter.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut left = if top.once { Some(1) } else { top.rounds };
    while left != Some(0) {
        ticks.tick().await;
        let round = match cache.ask_stats(top.asking.wait).await {
            Ok(answers) => {
                let round = Round::of(&answers, &before, top);
                before.note(answers.read());
                round
            }
            Err(error) => Round::without_answers(error.to_string()),
        };
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

impl Before {
    /// Takes the statistics of the processes that answered, and forgets processes that have not
    /// answered for long.
    fn note<'a>(&mut self, answers: impl Iterator<Item = (&'a str, &'a Stats)>) {
        self.round += 1;
        let round = self.round;
        self.by_node
            .extend(answers.map(|(node, stats)| (node.to_owned(), (stats.clone(), round))));
        self.by_node.retain(|_, (_, seen)| *seen + KEPT > round);
    }
}

impl Round {
    /// Returns what `answers` have counted since `before`. A process without statistics in `before`
    /// counts from the next round on.
    fn of(answers: &Answers<Stats>, before: &Before, top: Top) -> Self {
        let since = answers.read().filter_map(|(node, now)| {
            let (earlier, _) = before.by_node.get(node)?;
            Some(now.since(earlier))
        });
        let since: Vec<Stats> = since.collect();
        let mut functions = summed(since.iter());
        functions.retain(|function| function.calls.calls() > 0 || function.calls.computations > 0);
        sort(&mut functions, top.sort);
        // The sum of no numbers would be -0.0.
        let rates = functions.iter().map(|function| function.per_second);
        let per_second = rates.fold(0.0, |sum, rate| sum + rate);
        functions.truncate(top.rows);
        let is_nobody_there = answers.nodes.is_empty() && answers.silent == 0;
        Self {
            processes: since.len(),
            per_second,
            functions,
            missing: Missing::of(answers, top.asking.wait),
            problem: is_nobody_there.then(|| NOBODY.to_owned()),
        }
    }

    /// Returns the round for which nobody could be asked because of `problem`.
    fn without_answers(problem: String) -> Self {
        Self {
            processes: 0,
            per_second: 0.0,
            functions: Vec::new(),
            missing: Missing::none(),
            problem: Some(problem),
        }
    }

    fn text(&self, output: Output) -> String {
        let processes = counted(self.processes);
        let (rate, functions) = (self.per_second, table(&self.functions));
        let problem = output.warn_lines(self.problem.as_deref().unwrap_or_default());
        let missing = output.warn_lines(&self.missing);
        format!("{processes}, {rate:.1} calls/s\n\n{functions}{problem}{missing}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_without_answers_is_kept_for_some_rounds() {
        let (mut before, stats) = (Before::default(), Stats::default());
        before.note([("gone", &stats), ("slow", &stats)].into_iter());
        for _ in 1..KEPT {
            before.note([("other", &stats)].into_iter());
            assert!(before.by_node.contains_key("slow"));
        }
        before.note([("slow", &stats)].into_iter());
        let mut kept: Vec<_> = before.by_node.keys().map(String::as_str).collect();
        kept.sort_unstable();
        assert_eq!(kept, ["other", "slow"]);
    }
}
