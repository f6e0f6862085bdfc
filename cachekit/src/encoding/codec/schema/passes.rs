//! The passes of a schema trace (a trial deserialization) over a type. Another pass follows until
//! the trace has seen all of the type.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;

use crate::encoding::codec::schema::recorder::Recorder;
use crate::encoding::codec::schema::trace::Trace;

impl Trace {
    /// Deserializes `T` from sample values until all its fields and variants were given, and
    /// records what `T` asks for. Returns `false` if some parts of `T` could not be reached.
    pub(crate) fn run<T: DeserializeOwned>(&self) -> bool {
        loop {
            self.choices.borrow_mut().restart();
            self.last.set(None);
            // If `Deserialize` panics at a sample value, the type has rejected the value.
            let pass = || T::deserialize(Recorder::new(self)).is_ok();
            let accepted = catch_unwind(AssertUnwindSafe(pass)).unwrap_or(false);
            if self.spent.get() || self.self_describing.get() {
                return false;
            }
            // Counts the pass itself as a request, because a type may make no request at all, and
            // the passes must end.
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

    /// Selects the next sample value for the part of the type (such as a field) that rejected the
    /// most recent sample value. Returns `false` if this part has got all its sample values.
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

    /// Traces a type with a million parts. The schema trace (a trial deserialization) ends at its
    /// limit of requests, within a bounded time.
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
