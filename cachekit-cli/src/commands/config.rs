//! `cachekit config`.

use std::process::ExitCode;

use cachekit::{Answers, Cache, EffectiveConfig};
use serde::Serialize;

use crate::args::Asking;
use crate::asked::{Missing, answered, counted};
use crate::output::{Error, Output, printable};

/// The answer in JSON.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    configurations: Vec<Group<'a>>,
    #[serde(flatten)]
    missing: Missing,
}

/// Processes that have the same configuration.
#[derive(Debug, Serialize)]
struct Group<'a> {
    nodes: Vec<&'a str>,
    config: &'a EffectiveConfig,
}

/// Shows the configuration of each process. The exit code is 1 if no process answers.
pub(crate) async fn run(cache: &Cache, output: Output, asking: Asking) -> Result<ExitCode, Error> {
    let asked = cache.ask_config(asking.wait).await;
    let (answers, missing) = answered(asked, asking.wait)?;
    let answer = Answer {
        configurations: grouped(&answers),
        missing,
    };
    let text: String = answer.configurations.iter().map(text).collect();
    output.print(&answer, text + &output.warn_lines(&answer.missing));
    Ok(ExitCode::SUCCESS)
}

fn grouped(answers: &Answers<EffectiveConfig>) -> Vec<Group<'_>> {
    let mut groups = Vec::<Group<'_>>::new();
    for (node, config) in answers.read() {
        match groups.iter_mut().find(|group| group.config == config) {
            Some(group) => group.nodes.push(node),
            None => groups.push(Group {
                nodes: vec![node],
                config,
            }),
        }
    }
    groups
}

fn text(group: &Group<'_>) -> String {
    let (processes, nodes) = (counted(group.nodes.len()), group.nodes.join(", "));
    let config = group.config.to_string();
    // The values come from other processes, so their control characters are escaped. The line
    // breaks are the table's own.
    let lines = config.lines().map(|line| printable(line.trim_end()) + "\n");
    format!("{processes}: {nodes}\n\n{}\n", lines.collect::<String>())
}
