//! Searches every order of steps: all reachable states, breadth first, so that the first violation
//! is one of the nearest.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::Hash;
use std::rc::Rc;

use foldhash::fast::FixedState;

/// Something that goes on in steps.
pub(crate) trait Model: Clone + Eq + Hash {
    /// What may happen next.
    fn steps(&self, next: &mut impl FnMut(&'static str, Self));

    /// Whether this must never be.
    fn is_wrong(&self) -> bool;
}

/// What a search found.
pub(crate) struct Found {
    pub(crate) states: usize,
    /// The shortest way to something that must never be.
    pub(crate) wrong: Option<Vec<&'static str>>,
}

/// Goes everywhere from `first`.
pub(crate) fn everywhere<M: Model>(first: M) -> Found {
    let mut seen: HashSet<Rc<M>, FixedState> = HashSet::default();
    let mut ways: Vec<(usize, &'static str)> = vec![(0, "")];
    let first = Rc::new(first);
    let mut ahead = VecDeque::from([(Rc::clone(&first), 0)]);
    seen.insert(first);
    while let Some((state, at)) = ahead.pop_front() {
        let mut wrong = None;
        state.steps(&mut |step, next| {
            if wrong.is_some() || seen.contains(&next) {
                return;
            }
            ways.push((at, step));
            let number = ways.len() - 1;
            if next.is_wrong() {
                wrong = Some(number);
            }
            let next = Rc::new(next);
            seen.insert(Rc::clone(&next));
            ahead.push_back((next, number));
        });
        if let Some(last) = wrong {
            return Found {
                states: seen.len(),
                wrong: Some(way(&ways, last)),
            };
        }
    }
    Found {
        states: seen.len(),
        wrong: None,
    }
}

/// The steps that lead to `last`.
fn way(ways: &[(usize, &'static str)], mut last: usize) -> Vec<&'static str> {
    let mut steps = vec![];
    while last != 0 {
        steps.push(ways[last].1);
        last = ways[last].0;
    }
    steps.reverse();
    steps
}

impl Found {
    /// Everywhere was looked, and nothing was wrong.
    #[track_caller]
    pub(crate) fn holds(&self, what: impl fmt::Debug) {
        println!("{what:?}: {} states", self.states);
        assert!(self.wrong.is_none(), "{what:?}: {self}");
        assert!(self.states > 500, "hardly anything happens: {what:?}");
    }

    /// Something was wrong, and here is how.
    #[track_caller]
    pub(crate) fn is_broken(&self, what: impl fmt::Debug) {
        assert!(self.wrong.is_some(), "{what:?} makes no difference: {self}");
        println!("{what:?}: {self}");
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} states", self.states)?;
        if let Some(steps) = &self.wrong {
            write!(
                f,
                ", wrong after {} steps: {}",
                steps.len(),
                steps.join("; ")
            )?;
        }
        Ok(())
    }
}

/// Larger bounds, for a search of minutes: `CACHEKIT_BOUNDS`.
pub(crate) fn is_thorough() -> bool {
    std::env::var_os("CACHEKIT_BOUNDS").is_some()
}
