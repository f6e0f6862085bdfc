//! The comparison of the database with the calls that were accepted.

use std::collections::HashMap;

use crate::database::{Counted, Database, Logged, Table};
use crate::run::{Disturbances, Left};
use crate::truth::{Additions, Calls, Saves, Truth};

/// The results of a run.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) problems: Vec<String>,
    pub(crate) saves: Calls,
    pub(crate) additions: Calls,
    pub(crate) reads: u64,
    pub(crate) repeated_reads: u64,
    pub(crate) carts: Logged,
    pub(crate) counters: Logged,
    pub(crate) disturbances: Disturbances,
}

/// Compares `database` with what the writers know, and reports what is `left` in the queue.
pub(crate) async fn judge(
    truth: &Truth,
    left: &Left,
    database: &Database,
) -> Result<Verdict, sqlx::Error> {
    let mut problems = of_queue(left);
    problems.extend(truth.problems.iter().cloned());
    problems.extend(of_calls(truth.saves.failed + truth.additions.failed));
    problems.extend(database.violations().await?);
    let carts: HashMap<_, _> = database.carts().await?.into_iter().collect();
    for (id, saves) in &truth.carts {
        let number = carts.get(id).copied().unwrap_or(0);
        problems.extend(of_cart(*id, saves, number));
    }
    let counters: HashMap<_, _> = database.counters().await?.into_iter().collect();
    for (id, additions) in &truth.counters {
        let counted = counters.get(id).copied().unwrap_or_default();
        problems.extend(of_counter(*id, additions, counted));
    }
    Ok(Verdict {
        problems,
        saves: truth.saves,
        additions: truth.additions,
        reads: truth.reads,
        repeated_reads: truth.repeated,
        carts: database.logged(Table::Carts).await?,
        counters: database.logged(Table::Counters).await?,
        disturbances: Disturbances::default(),
    })
}

fn of_queue(left: &Left) -> Vec<String> {
    let Left { queued, dead } = left;
    let mut problems = Vec::new();
    if *queued > 0 {
        problems.push(format!(
            "{queued} keys are queued, and no worker takes them"
        ));
    }
    if *dead != [1, 1] {
        problems.push(format!(
            "{dead:?} writes were put aside, and one of each queue always fails"
        ));
    }
    problems
}

/// Calls fail without Redis, and not without the database.
fn of_calls(failed: u64) -> Option<String> {
    (failed > 0).then(|| format!("{failed} calls failed while Redis was up"))
}

/// A cart has its last accepted number, or that of a later save whose result nobody knows.
fn of_cart(id: u64, saves: &Saves, number: u64) -> Option<String> {
    let is_right = number == saves.accepted || saves.unconfirmed.contains(&number);
    (!is_right).then(|| {
        let Saves {
            accepted,
            unconfirmed,
        } = saves;
        format!("cart {id} has {number}; accepted {accepted}, unconfirmed {unconfirmed:?}")
    })
}

/// An accepted addition is counted once, and one whose result nobody knows at most once. Without the
/// check of the version, repeats are counted too.
fn of_counter(id: u64, additions: &Additions, counted: Counted) -> Option<String> {
    let Additions {
        accepted,
        unconfirmed,
    } = *additions;
    let Counted { exact, rough } = counted;
    let right = accepted..=accepted + unconfirmed;
    (!right.contains(&exact) || rough < exact).then(|| {
        format!(
            "counter {id} has {exact}, and {rough} without a check; accepted {accepted}, \
             unconfirmed {unconfirmed}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cart_has_its_last_accepted_number() {
        let saves = Saves {
            accepted: 5,
            unconfirmed: vec![6, 7],
        };
        let is_wrong = |number| of_cart(1, &saves, number).is_some();
        assert_eq!(
            [4, 5, 6, 7, 8].map(is_wrong),
            [true, false, false, false, true]
        );
    }

    #[test]
    fn a_counter_has_every_accepted_addition() {
        let additions = Additions {
            accepted: 5,
            unconfirmed: 1,
        };
        let is_wrong = |exact, rough| of_counter(1, &additions, Counted { exact, rough }).is_some();
        assert!(is_wrong(4, 5) && is_wrong(7, 7) && is_wrong(5, 4));
        assert!(!is_wrong(5, 5) && !is_wrong(6, 9));
    }

    #[test]
    fn only_what_always_fails_may_be_left() {
        let problems = |queued, dead| of_queue(&Left { queued, dead }).len();
        assert_eq!(problems(0, [1, 1]), 0);
        assert_eq!(problems(1, [1, 1]), 1);
        assert_eq!(problems(1, [0, 1]), 2);
        assert_eq!(problems(0, [2, 1]), 1);
    }

    #[test]
    fn a_call_may_fail_without_redis_only() {
        assert_eq!(of_calls(0), None);
        assert!(of_calls(1).is_some());
    }
}
