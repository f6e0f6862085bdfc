//! A place in a type, as a trace goes through it.

use crate::encoding::codec::fnv::Fnv;
use crate::encoding::codec::schema::refused::Refused;
use crate::encoding::codec::schema::trace::{SHALLOW_FROM, Trace};

/// A place in the type.
#[derive(Clone, Copy)]
pub(crate) struct Recorder<'a> {
    pub(crate) trace: &'a Trace,
    /// The path from the type itself, which is equal in every pass.
    pub(crate) place: Fnv,
    pub(crate) depth: u8,
    /// The struct of which the place is a field.
    pub(crate) of: Option<&'static str>,
}

impl<'a> Recorder<'a> {
    /// Creates the place of the type itself.
    pub(crate) fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            place: Fnv::new(),
            depth: 0,
            of: None,
        }
    }

    /// Returns the place of the part with the number `at`.
    pub(crate) fn part(self, at: usize) -> Result<Self, Refused> {
        Ok(Self {
            trace: self.trace,
            place: self.place.number(at as u64),
            depth: self.trace.deeper(self.depth)?,
            of: self.of,
        })
    }

    /// Returns the place as one that is no field of a struct.
    pub(crate) fn alone(self) -> Self {
        Self { of: None, ..self }
    }

    pub(crate) fn is_deep(self) -> bool {
        self.depth >= SHALLOW_FROM
    }

    pub(crate) fn sample<S: Copy>(self, kind: u8, of: &[S]) -> Result<S, Refused> {
        self.trace.step(kind)?;
        self.trace.sample(self.place, of)
    }
}
