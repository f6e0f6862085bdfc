//! Hits by the number of keys. Each point is measured by a process of its own, and cachekit's second
//! engine by another one.

use std::time::Duration;

use cachekit_benches::Fail;
use cachekit_benches::memory::curve::{self, Group, POINTS, Point};
use cachekit_benches::report::Table;
use cachekit_benches::rounds::Rounds;
use tokio::runtime::Handle;

use crate::args;
use crate::memory::by_another;

/// All points, side by side.
pub(crate) fn measure(quick: bool, keep: &mut impl FnMut(Table)) -> Result<(), Fail> {
    let mut points = Vec::new();
    let mut failed = Ok(());
    for (number, point) in POINTS.iter().enumerate() {
        // The largest one takes a minute.
        if quick && point.keys() > 200_000 {
            continue;
        }
        match at(number, *point, quick) {
            Ok(table) => points.push(table),
            // The points before are not lost.
            Err(told) => failed = Err(format!("{}: {told}", point.name()).into()),
        }
    }
    curve::side_by_side(&points).into_iter().for_each(keep);
    failed
}

/// The point with this number, with both engines.
fn at(number: usize, point: Point, quick: bool) -> Result<Table, Fail> {
    let mut table = by_another(args::CURVE_POINT, number, quick)?;
    if let Point::Keys(_) = point {
        let second = by_another(args::CURVE_POINT, number + POINTS.len(), quick)?;
        // Its first row is cachekit.
        table.rows.splice(1..1, second.rows.into_iter().take(1));
    }
    Ok(table)
}

/// Measures one table in a process of its own, and prints the table as JSON. The numbers after those of
/// the points are the points with the second engine.
pub(crate) fn one(runtime: &Handle, number: usize, quick: bool) -> Result<(), Fail> {
    let group = if number < POINTS.len() {
        Group::Default
    } else {
        Group::QuickCache
    };
    let Some(point) = POINTS.get(number % POINTS.len()) else {
        return Err("there are no points".into());
    };
    let (count, length) = if quick { (5, 20) } else { (15, 50) };
    let rounds = Rounds {
        count,
        length: Duration::from_millis(length),
    };
    let table = curve::table(runtime, (*point, group), rounds)?;
    println!("{}", serde_json::to_string(&table)?);
    Ok(())
}
