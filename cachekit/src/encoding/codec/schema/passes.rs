//! The passes of a trace over a type, until all of the type was seen.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;

use crate::encoding::codec::schema::recorder::Recorder;
use crate::encoding::codec::schema::trace::Trace;

impl Trace {
    /// Records everything of `T` that a trace can see. Returns `false` if that is not all of `T`.
    pub(crate) fn run<T: DeserializeOwned>(&self) -> bool {
        loop {
            self.choices.borrow_mut().restart();
            self.last.set(None);
            // A `Deserialize` that panics at a sample rejects it.
            let pass = || T::deserialize(Recorder::new(self)).is_ok();
            let accepted = catch_unwind(AssertUnwindSafe(pass)).unwrap_or(false);
            if self.spent.get() || self.self_describing.get() {
                return false;
            }
            // Counts the pass itself, because not every type makes a request, and the passes must
            // end.
            if self.step(b'p').is_err() {
                return false;
            }
            if accepted && !self.choices.borrow().is_pending() {
                return true;
            }
            if !accepted && !self.next_sample() && !self.choices.borrow_mut().bar_innermost() {
                return false;
            }
        }
    }

    /// Selects the next sample for the position in the type that got the last sample. Returns
    /// `false` if all samples for that position were given.
    fn next_sample(&self) -> bool {
        let Some((place, count)) = self.last.get() else {
            return false;
        };
        let mut samples = self.samples.borrow_mut();
        let sample = samples.entry(place).or_default();
        *sample += 1;
        *sample < count
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// Traces a type with a million parts. The trace ends before it has seen all parts, and its
    /// time is bounded.
    #[test]
    fn a_huge_type_is_given_up() {
        type Ten<T> = Box<(T, T, T, T, T, T, T, T, T, T)>;
        let started = Instant::now();
        let trace = Trace::new(false);
        assert!(!trace.run::<Ten<Ten<Ten<Ten<Ten<Ten<u8>>>>>>>());
        assert!(!trace.is_self_describing());
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}
