//! The runs, drawn from a seed.

use std::time::Duration;

use fastrand::Rng;

use crate::point::Point;

/// The first row. All rows have six digits, so that no key is part of another.
const FIRST_ROW: u64 = 100_000;

/// In so many runs of a hundred the database is busy with `COMMIT`.
const HELD_PERCENT: usize = 20;

/// The longest from the death until the database gets a `COMMIT` that was sent, in milliseconds.
const ON_THE_WAY: u64 = 60;

/// The longest from the begin of a `COMMIT` that the database is busy with until the death, in
/// milliseconds.
const HELD_FOR: u64 = 300;

/// The end of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// The process is killed, and its system closes its connections.
    Process,
    /// The host loses its power, and nobody closes its connections.
    Host,
}

/// The attribute of the function that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    Invalidates,
    WriteThrough,
}

/// One run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) row: u64,
    pub(crate) point: Point,
    pub(crate) death: Death,
    pub(crate) attribute: Attribute,
    /// The write is a single statement without a transaction.
    pub(crate) is_single: bool,
    /// The time from the point to the death.
    pub(crate) die_after: Duration,
    /// The time from the death until the database gets what the writer sent.
    pub(crate) arrives_after: Duration,
    /// The number of commands of the removal that reach Redis; `None` if all do.
    pub(crate) cut: Option<usize>,
}

/// Draws the runs: of a process that is killed, and then of a host that loses its power.
/// With `only`, all are of that point.
pub(crate) fn draw(processes: usize, hosts: usize, only: Option<Point>, seed: u64) -> Vec<Plan> {
    let mut rng = Rng::with_seed(seed);
    let mut plans = Vec::new();
    for (count, death) in [(processes, Death::Process), (hosts, Death::Host)] {
        let mut points = only.map_or_else(|| points(count), |point| vec![point; count]);
        rng.shuffle(&mut points);
        for point in points {
            let row = FIRST_ROW + u64::try_from(plans.len()).unwrap_or_default();
            plans.push(plan(row, point, death, &mut rng));
        }
    }
    plans
}

/// Returns so many points: a fifth are commits that the database is busy with, and the others are
/// distributed evenly.
fn points(count: usize) -> Vec<Point> {
    let held = count * HELD_PERCENT / 100;
    let others = Point::ALL.into_iter().filter(|it| *it != Point::CommitHeld);
    let others = others.cycle().take(count - held);
    others
        .chain(std::iter::repeat_n(Point::CommitHeld, held))
        .collect()
}

fn plan(row: u64, point: Point, death: Death, rng: &mut Rng) -> Plan {
    let millis = |most: u64, rng: &mut Rng| Duration::from_millis(rng.u64(..most));
    let [mut die_after, mut arrives_after] = [Duration::ZERO; 2];
    match point {
        Point::CommitHeld => die_after = millis(HELD_FOR, rng),
        Point::CommitSent => arrives_after = millis(ON_THE_WAY, rng),
        _ => {}
    }
    let cut = match rng.usize(..4) {
        0 => None,
        count => Some(count),
    };
    Plan {
        row,
        point,
        death,
        attribute: match rng.usize(..3) {
            0 => Attribute::WriteThrough,
            _ => Attribute::Invalidates,
        },
        is_single: point != Point::InBody && rng.usize(..3) == 0,
        die_after,
        arrives_after,
        cut: cut.filter(|_| point == Point::RemovalSent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_has_its_share() {
        let plans = draw(1_000, 100, None, 7);
        let count = |point, death| {
            let of = |plan: &&Plan| plan.point == point && plan.death == death;
            plans.iter().filter(of).count()
        };
        for point in Point::ALL {
            let (expected, share) = match point {
                Point::CommitHeld => (200, 20),
                _ => (114, 11),
            };
            assert!(count(point, Death::Process).abs_diff(expected) <= 1);
            assert!(count(point, Death::Host).abs_diff(share) <= 1);
        }
    }

    #[test]
    fn a_seed_draws_the_same_again() {
        let text = |seed| format!("{:?}", draw(40, 10, None, seed));
        assert_eq!(text(3), text(3));
        assert_ne!(text(3), text(4));
    }
}
