//! Hits by the number of keys, each point by a process of its own.

use std::time::Duration;

use cachekit_benches::Fail;
use cachekit_benches::memory::curve::{self, POINTS};
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
        match by_another(args::CURVE_POINT, number, quick) {
            Ok(table) => points.push(table),
            // The points before are not lost.
            Err(told) => failed = Err(format!("{}: {told}", point.name()).into()),
        }
    }
    curve::side_by_side(&points).into_iter().for_each(keep);
    failed
}

/// Measures one table in a process of its own, and prints the table as JSON.
pub(crate) fn one(runtime: &Handle, point: usize, quick: bool) -> Result<(), Fail> {
    let Some(point) = POINTS.get(point) else {
        return Err(format!("there are {} points", POINTS.len()).into());
    };
    let (count, length) = if quick { (5, 20) } else { (15, 50) };
    let rounds = Rounds {
        count,
        length: Duration::from_millis(length),
    };
    let table = curve::table(runtime, *point, rounds)?;
    println!("{}", serde_json::to_string(&table)?);
    Ok(())
}
