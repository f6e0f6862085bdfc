//! The answers of sentinels: the place of the master.

use crate::store::redis::place::Place;

/// The answer of one sentinel to the question for the master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) place: Place,
    /// The number of the choice by which this server became the master. The sentinels agree on the
    /// numbers: of two answers, the one with the greater number is the newer one.
    pub(crate) epoch: u64,
}

/// The newest answer of all sentinels, as far as this process has learned it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// `None` before the first answer.
    pub(crate) newest: Option<Answer>,
    /// The number of times that another server became the master.
    pub(crate) changes: u64,
}

impl Known {
    pub(crate) fn epoch(&self) -> u64 {
        self.newest.as_ref().map_or(0, |newest| newest.epoch)
    }

    /// Returns `true` if another server than the one at `place` is the master.
    fn is_elsewhere(&self, place: &Place) -> bool {
        let newest = self.newest.as_ref();
        newest.is_some_and(|newest| newest.place != *place)
    }

    /// Returns `true` if another server has become the master, for a connection to `place` that was
    /// made after `seen` changes. A sentinel may name the same server in other words, which is no
    /// change.
    pub(crate) fn has_moved(&self, place: &Place, seen: u64) -> bool {
        self.changes != seen && self.is_elsewhere(place)
    }

    fn set(&mut self, answer: &Answer) -> bool {
        let is_change = self.is_elsewhere(&answer.place);
        self.newest = Some(answer.clone());
        self.changes += u64::from(is_change);
        is_change
    }

    /// Takes `answer`, whose server has proved to be the master in a search that began after `since`
    /// changes. It counts although it may be older than what is known: the sentinels may have been
    /// set up anew. Returns `true` if another server is the master now. Does nothing if there was a
    /// change since the search began.
    pub(crate) fn find(&mut self, answer: &Answer, since: u64) -> bool {
        let is_known = self.newest.is_some() && self.epoch() == answer.epoch;
        self.changes == since && !is_known && self.set(answer)
    }

    /// Takes `answer` for the newest one if it is newer. Returns `true` if another server is the
    /// master now. An answer with the number of the known one is not newer: a sentinel that was
    /// stopped for a while, or is cut off from the others, knows the past.
    pub(crate) fn learn(&mut self, answer: &Answer) -> bool {
        let is_newer = self
            .newest
            .as_ref()
            .is_none_or(|newest| answer.epoch > newest.epoch);
        is_newer && self.set(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(port: u16, epoch: u64) -> Answer {
        let host = "127.0.0.1".to_owned();
        let place = Place { host, port };
        Answer { place, epoch }
    }

    #[test]
    fn only_a_newer_answer_moves_the_master() {
        let mut known = Known::default();
        assert!(!known.learn(&answer(1, 4)), "the first is no change");
        assert!(!known.learn(&answer(2, 4)), "as old as the known one");
        assert!(!known.learn(&answer(2, 3)), "older");
        let (first, seen) = (answer(1, 0).place, known.changes);
        assert!(!known.has_moved(&first, seen));
        assert!(known.learn(&answer(2, 5)));
        assert!(known.has_moved(&first, seen));
        assert!(!known.learn(&answer(2, 6)), "the same server, chosen again");
        assert_eq!((known.epoch(), known.changes), (6, 1));
    }

    #[test]
    fn an_older_answer_that_proved_itself_counts() {
        let mut known = Known::default();
        known.learn(&answer(1, 9));
        assert!(
            known.find(&answer(2, 0), 0),
            "sentinels that were set up anew"
        );
        assert!(known.learn(&answer(3, 1)));
        assert!(
            !known.find(&answer(4, 7), 0),
            "there was a change meanwhile"
        );
    }

    #[test]
    fn the_same_server_in_other_words_is_no_change() {
        let mut known = Known::default();
        known.learn(&answer(1, 4));
        let alias = answer(2, 4);
        assert!(!known.find(&alias, 0));
        assert!(!known.has_moved(&alias.place, known.changes));
    }
}
