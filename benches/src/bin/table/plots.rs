//! The plots of `docs/speed.md`, from the tables of a run.

use std::fs;
use std::path::Path;

use cachekit_benches::Fail;
use cachekit_benches::memory::curve::{NANOSECONDS, POINTS, Point};
use cachekit_benches::plot::{self, Bar, Line};
use cachekit_benches::report::{Kind, Table};
use serde::Deserialize;

/// The beginning of the title of the table that `hits.svg` shows.
const HITS: &str = "Hit in memory: `Arc<User>` by `u64`, 10000 keys";

/// The part of a written report that plots need.
#[derive(Deserialize)]
struct Earlier {
    tables: Vec<Table>,
}

/// Draws the plots of a report that was written to `file`.
pub(crate) fn of_earlier(file: &Path, folder: &Path) -> Result<(), Fail> {
    let text = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let earlier: Earlier = serde_json::from_slice(&text)
        .map_err(|error| format!("{}: not what --json writes: {error}", file.display()))?;
    write(&earlier.tables, folder)
}

/// Draws the plots whose tables were measured.
pub(crate) fn write(tables: &[Table], folder: &Path) -> Result<(), Fail> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let find = |title: &str| tables.iter().find(|it| it.title.starts_with(title));
    let drawn = [
        ("hits.svg", find(HITS).map(hits)),
        ("curve.svg", find(NANOSECONDS).map(curve)),
    ];
    for (name, svg) in drawn {
        let file = folder.join(name);
        if let Some(svg) = svg {
            fs::write(&file, svg).map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    Ok(())
}

/// The time of a hit in each cache, divided by that of a hit in cachekit.
fn hits(table: &Table) -> String {
    let compared = table.rows.iter().filter(|row| row.kind != Kind::Floor);
    let mut bars: Vec<_> = compared
        .map(|row| Bar {
            name: &row.name,
            is_ours: row.kind == Kind::Ours,
            value: 1.0 / row.times,
        })
        .collect();
    bars.sort_by(|a, b| a.value.total_cmp(&b.value));
    plot::bars(
        "Time of a hit (Arc<User> by u64, Zipf) divided by cachekit's time, on a logarithmic scale",
        &bars,
    )
}

/// The time of a hit in each cache by the number of keys. Points of several functions are left out.
fn curve(table: &Table) -> String {
    let points = POINTS.iter().zip(&table.columns);
    let keys: Vec<_> = points
        .enumerate()
        .filter_map(|(at, (point, _))| match point {
            Point::Keys(keys) => Some((at, f64::from(*keys))),
            Point::SixFunctions(_) => None,
        })
        .collect();
    let lines: Vec<_> = table
        .rows
        .iter()
        .map(|row| Line {
            name: &row.name,
            is_ours: row.kind == Kind::Ours,
            points: keys
                .iter()
                .filter_map(|(at, keys)| Some((*keys, (*row.figures.get(*at)?)?)))
                .collect(),
        })
        .collect();
    plot::lines(
        "Nanoseconds of a hit by the number of keys, on logarithmic scales",
        &lines,
    )
}
