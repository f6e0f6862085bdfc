//! The command line.

use std::path::PathBuf;

use crate::rows::{self, Row, Scale};

pub(crate) const HELP: &str = "\
stampede: many callers at the same moment, and what they wait

    stampede [ROW ...] [--list] [--quick] [--markdown FILE]

ROW             the rows to run, by name; without any, all
--list          says which there are, and what each is held to
--quick         smaller loads; all rows take less than a minute together
--markdown FILE writes the table there too

Ends with 0 if every bound is kept, with 1 if one is broken, with 2 if the arguments make no
sense, and with 3 if none was seen broken but the machine was too busy to offer a load on time.";

/// What is to be done.
pub(crate) enum Parsed {
    Help,
    List,
    Rows(Order),
}

/// Which rows are to run, and how.
pub(crate) struct Order {
    pub(crate) rows: Vec<Row>,
    pub(crate) scale: Scale,
    pub(crate) markdown: Option<PathBuf>,
}

/// Reads the words after the program's name.
pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Parsed, String> {
    let mut order = Order {
        rows: Vec::new(),
        scale: Scale::Full,
        markdown: None,
    };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--help" => return Ok(Parsed::Help),
            "--list" => return Ok(Parsed::List),
            "--quick" => order.scale = Scale::Quick,
            "--markdown" => {
                let file = args.next().ok_or("--markdown: a value is missing")?;
                order.markdown = Some(file.into());
            }
            option if option.starts_with('-') => {
                return Err(format!("`{option}`: unknown, see --help"));
            }
            name => order.rows.push(row(name)?),
        }
    }
    if order.rows.is_empty() {
        order.rows = rows::all();
    }
    Ok(Parsed::Rows(order))
}

fn row(name: &str) -> Result<Row, String> {
    let found = rows::all().into_iter().find(|row| row.name == name);
    found.ok_or_else(|| format!("`{name}`: no such row, see --list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Parsed, String> {
        parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn rows_and_options() {
        let order = |words| match parsed(words) {
            Ok(Parsed::Rows(order)) => (order.rows.len(), order.scale, order.markdown.is_some()),
            _ => (0, Scale::Full, false),
        };
        let all = rows::all().len();
        assert_eq!(order(""), (all, Scale::Full, false));
        assert_eq!(order("cold --quick"), (1, Scale::Quick, false));
        assert_eq!(order("cold hung --markdown x.md"), (2, Scale::Full, true));
    }

    #[test]
    fn what_makes_no_sense() {
        for words in ["nothing", "--nothing", "--markdown"] {
            assert!(parsed(words).is_err(), "{words}");
        }
    }
}
