//! `cachekit stats`.

use std::process::ExitCode;

use cachekit::{Answers, Cache, Stats};
use serde::Serialize;

use crate::args::Asking;
use crate::asked::{Missing, answered, counted};
use crate::functions::{Function, covered, summed, table};
use crate::output::{Error, Output, length, printable};

/// The part of the statistics that is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    /// `true` if the statistics of each process are shown, and not their sum.
    pub(crate) by_node: bool,
    /// Name of the only function to show. `None`: all functions are shown.
    pub(crate) function: Option<String>,
}

/// The answer in JSON.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    /// Number of processes whose statistics are in `functions`.
    processes: usize,
    /// The functions, summed over the processes.
    functions: Vec<Function>,
    /// The statistics of each process, with `--nodes`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nodes: Vec<Node<'a>>,
    #[serde(flatten)]
    missing: Missing,
}

#[derive(Debug, Serialize)]
struct Node<'a> {
    node: &'a str,
    stats: &'a Stats,
}

/// Shows the statistics once. The exit code is 1 if no process answers.
pub(crate) async fn run(
    cache: &Cache,
    output: Output,
    asking: Asking,
    shown: Shown,
) -> Result<ExitCode, Error> {
    let asked = cache.ask_stats(asking.wait).await;
    let (mut answers, missing) = answered(asked, asking.wait)?;
    if let Some(name) = &shown.function {
        keep_function(&mut answers, name)?;
    }
    let nodes: Vec<_> = answers
        .read()
        .map(|(node, stats)| Node { node, stats })
        .collect();
    let processes = nodes.len();
    let answer = Answer {
        processes,
        functions: summed(nodes.iter().map(|it| it.stats)),
        nodes: if shown.by_node { nodes } else { Vec::new() },
        missing,
    };
    let text = text(&answer, &answers);
    output.print(&answer, text + &output.warn_lines(&answer.missing));
    Ok(ExitCode::SUCCESS)
}

/// Removes all functions but `name` from `answers`, and the processes that do not have it.
fn keep_function(answers: &mut Answers<Stats>, name: &str) -> Result<(), Error> {
    answers.nodes.retain_mut(|answer| {
        let Ok(stats) = &mut answer.content else {
            // It is named among the missing answers.
            return false;
        };
        stats.functions.retain(|function| function.name == name);
        !stats.functions.is_empty()
    });
    if answers.nodes.is_empty() {
        let problem = format!("no process has called a function `{}`", printable(name));
        return Err(Error::no(problem, "`cachekit stats` lists the names"));
    }
    Ok(())
}

fn text(answer: &Answer<'_>, answers: &Answers<Stats>) -> String {
    if answer.nodes.is_empty() {
        let since = length(covered(answers.read().map(|(_, stats)| stats)));
        let processes = counted(answer.processes);
        return format!(
            "{processes}, up to {since} of calls\n\n{}",
            table(&answer.functions)
        );
    }
    let of_node = |Node { node, stats }: &Node<'_>| {
        let since = length(stats.elapsed);
        let functions = summed(std::iter::once(*stats));
        format!(
            "process {node}, {since} of calls, {} entries in memory\n\n{}\n",
            stats.entries,
            table(&functions)
        )
    };
    answer.nodes.iter().map(of_node).collect()
}
