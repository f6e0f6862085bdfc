//! What was measured: as text and as JSON.

use std::fmt::{self, Display};

use serde::Serialize;

use crate::machine::Machine;

/// All tables of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where and with what.
    pub machine: Machine,
    /// In the order in which they were measured.
    pub tables: Vec<Table>,
}

/// Candidates that took turns.
#[derive(Debug, Serialize)]
pub struct Table {
    /// What they did.
    pub title: String,
    /// What has to be known to read it.
    pub notes: Vec<String>,
    /// What the figures are.
    pub columns: Vec<&'static str>,
    /// One for each candidate.
    pub rows: Vec<Row>,
}

/// The figures of one candidate.
#[derive(Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// As many as there are columns.
    pub figures: Vec<Option<f64>>,
}

impl Display for Table {
    /// As Markdown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### {}\n", self.title)?;
        writeln!(f, "| | {} |", self.columns.join(" | "))?;
        writeln!(f, "|---|{}", "--:|".repeat(self.columns.len()))?;
        for Row { name, figures } in &self.rows {
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
            columns: vec!["ns", "times"],
            rows: vec![Row {
                name: "this".to_owned(),
                figures: vec![Some(12.0), None],
            }],
        };
        let text = "### hits\n\n| | ns | times |\n|---|--:|--:|\n| this | 12.0 | - |\n\nA note.\n";
        assert_eq!(table.to_string(), text);
    }
}
