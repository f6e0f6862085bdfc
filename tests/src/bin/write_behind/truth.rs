//! The results of calls, as the writers tell them.

use std::collections::HashMap;

/// The saves of one cart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Saves {
    /// The number of the last save that was accepted.
    pub(crate) accepted: u64,
    /// The numbers of the saves after it whose calls learned of no result.
    pub(crate) unconfirmed: Vec<u64>,
}

/// The additions to one counter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Additions {
    pub(crate) accepted: u64,
    pub(crate) unconfirmed: u64,
}

/// Calls of one function, by their results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) accepted: u64,
    pub(crate) unconfirmed: u64,
    /// Calls that Redis refused, or that did not reach it. The writers repeat them.
    pub(crate) refused: u64,
    /// Calls that failed though Redis is up. The writers repeat them too.
    pub(crate) failed: u64,
}

/// The results of all calls of one or several writers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Truth {
    pub(crate) carts: HashMap<u64, Saves>,
    pub(crate) counters: HashMap<u64, Additions>,
    pub(crate) saves: Calls,
    pub(crate) additions: Calls,
    /// Reads right after a save.
    pub(crate) reads: u64,
    /// The number of their repetitions, because a node was without Redis for a moment.
    pub(crate) repeated: u64,
    /// What was wrong with those reads.
    pub(crate) problems: Vec<String>,
}

impl Truth {
    /// Adds the results of calls for other carts.
    pub(crate) fn add(&mut self, other: Self) {
        self.carts.extend(other.carts);
        for (id, additions) in other.counters {
            let sum = self.counters.entry(id).or_default();
            sum.accepted += additions.accepted;
            sum.unconfirmed += additions.unconfirmed;
        }
        self.saves.add(other.saves);
        self.additions.add(other.additions);
        self.reads += other.reads;
        self.repeated += other.repeated;
        self.problems.extend(other.problems);
    }

    /// Returns the lines by which a writer tells this to its parent.
    pub(crate) fn to_lines(&self) -> Vec<String> {
        let mut lines = vec![
            self.saves.to_line("saves"),
            self.additions.to_line("additions"),
            format!("reads {} {}", self.reads, self.repeated),
        ];
        let problems = self.problems.iter();
        lines.extend(problems.map(|problem| format!("problem {problem}")));
        for (id, saves) in &self.carts {
            let numbers = saves.unconfirmed.iter().map(|number| format!(" {number}"));
            let numbers: String = numbers.collect();
            lines.push(format!("cart {id} {}{numbers}", saves.accepted));
        }
        for (id, it) in &self.counters {
            lines.push(format!("counter {id} {} {}", it.accepted, it.unconfirmed));
        }
        lines
    }

    /// Takes in one line of [`to_lines`](Self::to_lines). Returns `None` if it is none.
    pub(crate) fn take_in(&mut self, line: &str) -> Option<()> {
        let (what, numbers) = line.split_once(' ')?;
        if what == "problem" {
            self.problems.push(numbers.to_owned());
            return Some(());
        }
        let numbers = numbers.split(' ').map(|it| it.parse().ok());
        let numbers: Vec<u64> = numbers.collect::<Option<_>>()?;
        match (what, &*numbers) {
            ("saves", _) => self.saves.add(Calls::of(&numbers)?),
            ("additions", _) => self.additions.add(Calls::of(&numbers)?),
            ("reads", &[reads, repeated]) => {
                self.reads += reads;
                self.repeated += repeated;
            }
            ("cart", &[id, accepted, ref unconfirmed @ ..]) => {
                let saves = self.carts.entry(id).or_default();
                saves.accepted = accepted;
                saves.unconfirmed = unconfirmed.to_vec();
            }
            ("counter", &[id, accepted, unconfirmed]) => {
                let additions = self.counters.entry(id).or_default();
                additions.accepted = accepted;
                additions.unconfirmed = unconfirmed;
            }
            _ => return None,
        }
        Some(())
    }
}

impl Calls {
    fn of(numbers: &[u64]) -> Option<Self> {
        let &[accepted, unconfirmed, refused, failed] = numbers else {
            return None;
        };
        Some(Self {
            accepted,
            unconfirmed,
            refused,
            failed,
        })
    }

    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.unconfirmed += other.unconfirmed;
        self.refused += other.refused;
        self.failed += other.failed;
    }

    fn to_line(self, what: &str) -> String {
        format!(
            "{what} {} {} {} {}",
            self.accepted, self.unconfirmed, self.refused, self.failed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_writer_tells_is_understood() {
        let mut told = Truth::default();
        let saves = Saves {
            accepted: 7,
            unconfirmed: vec![8, 9],
        };
        let additions = Additions {
            accepted: 3,
            unconfirmed: 1,
        };
        told.carts.insert(1, saves);
        told.counters.insert(2, additions);
        told.saves.accepted = 7;
        told.additions.refused = 4;
        told.additions.failed = 1;
        told.reads = 5;
        told.repeated = 1;
        told.problems.push("cart 1 was None".to_owned());
        let mut heard = Truth::default();
        for line in told.to_lines() {
            heard.take_in(&line).expect("a line");
        }
        assert_eq!(heard, told);
        assert_eq!(heard.take_in("cart"), None);
        assert_eq!(heard.take_in("counter 1 2"), None);
    }
}
