//! Reports of measurements, as text and as JSON.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};

use serde::{Deserialize, Serialize};

use crate::machine::Machine;

/// All tables of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The machine and the versions.
    pub machine: Machine,
    /// In the order in which they were measured.
    pub tables: Vec<Table>,
}

/// Candidates that took turns.
#[derive(Debug, Serialize, Deserialize)]
pub struct Table {
    /// Title of the table.
    pub title: String,
    /// Remarks that a reader of the table needs.
    pub notes: Vec<String>,
    /// Titles of the figures.
    pub columns: Vec<Cow<'static, str>>,
    /// A row for each candidate.
    pub rows: Vec<Row>,
}

/// What a candidate is to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// cachekit.
    Ours,
    /// Another way to do the same.
    Rival,
    /// Part of the work: nothing that does all of it can be faster.
    Floor,
}

/// The figures of one candidate.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// What it is to the others.
    pub kind: Kind,
    /// How many times its time cachekit takes: the ratio of the table that counts most.
    pub times: f64,
    /// As many as there are columns.
    pub figures: Vec<Option<f64>>,
}

impl Report {
    /// Each table in one line: cachekit beside the fastest of its rivals.
    pub fn summary(&self) -> String {
        let mut text = "### Summary\n\n| | fastest rival | cachekit takes × of its time | \
                        rivals that take longer |\n|---|---|--:|--:|\n"
            .to_owned();
        for Table { title, rows, .. } in &self.tables {
            let rivals: Vec<_> = rows.iter().filter(|row| row.kind == Kind::Rival).collect();
            let fastest = rivals.iter().max_by(|a, b| a.times.total_cmp(&b.times));
            let Some(Row { name, times, .. }) = fastest else {
                continue;
            };
            let beaten = rivals.iter().filter(|row| row.times < 1.0).count();
            let times = shown(*times);
            let _ = writeln!(
                text,
                "| {title} | {name} | {times} | {beaten} of {} |",
                rivals.len()
            );
        }
        text
    }
}

impl Display for Table {
    /// As Markdown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n", self.title)?;
        writeln!(f, "| | {} |", self.columns.join(" | "))?;
        writeln!(f, "|---|{}", "--:|".repeat(self.columns.len()))?;
        for Row { name, figures, .. } in &self.rows {
            write!(f, "| {name} |")?;
            for figure in figures {
                write!(f, " {} |", figure.map_or("-".to_owned(), shown))?;
            }
            writeln!(f)?;
        }
        for note in &self.notes {
            writeln!(f, "\n{note}")?;
        }
        Ok(())
    }
}

/// With three digits, or all that stand before the point.
fn shown(figure: f64) -> String {
    let digits = match figure.abs() {
        ..10.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    format!("{figure:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        let figures = [0.0278, 2.71, 27.7778, 277.778, 27777.8];
        assert_eq!(figures.map(shown), ["0.03", "2.71", "27.8", "278", "27778"]);
    }

    #[test]
    fn a_figure_that_is_not_there_is_a_dash() {
        let table = Table {
            title: "hits".to_owned(),
            notes: vec!["A note.".to_owned()],
            columns: vec!["ns".into(), "times".into()],
            rows: vec![Row {
                name: "this".to_owned(),
                kind: Kind::Ours,
                times: 1.0,
                figures: vec![Some(12.0), None],
            }],
        };
        let text = "### hits\n\n| | ns | times |\n|---|--:|--:|\n| this | 12.0 | - |\n\nA note.\n";
        assert_eq!(table.to_string(), text);
    }

    #[test]
    fn the_summary_names_the_fastest_rival_and_no_floor() {
        let row = |name: &str, kind, times| Row {
            name: name.to_owned(),
            kind,
            times,
            figures: Vec::new(),
        };
        let table = Table {
            title: "hits".to_owned(),
            notes: Vec::new(),
            columns: Vec::new(),
            rows: vec![
                row("cachekit", Kind::Ours, 1.0),
                row("a Vec", Kind::Floor, 50.0),
                row("slow", Kind::Rival, 0.5),
                row("fast", Kind::Rival, 1.5),
            ],
        };
        let report = Report {
            machine: Machine::look(),
            tables: vec![table],
        };
        let summary = report.summary();
        assert!(
            summary.ends_with("| hits | fast | 1.50 | 1 of 2 |\n"),
            "{summary}"
        );
    }
}
