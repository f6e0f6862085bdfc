//! The position of a trace in a type: the type itself, or a part of it.

use crate::encoding::codec::fnv::Fnv;
use crate::encoding::codec::schema::refused::Refused;
use crate::encoding::codec::schema::trace::{SHALLOW_FROM, Trace};

/// A position in the type that is traced. As a `Deserializer`, it records each request of the part
/// of the type at this position, and answers by samples.
#[derive(Clone, Copy)]
pub(crate) struct Recorder<'a> {
    pub(crate) trace: &'a Trace,
    /// The hash of the path from the type itself to the part at this position. The hash is equal in
    /// every pass of a trace.
    pub(crate) place: Fnv,
    pub(crate) depth: u8,
    /// The name of the struct of which the part at this position is a field; `None` if the part is
    /// not a field.
    pub(crate) of: Option<&'static str>,
}

impl<'a> Recorder<'a> {
    /// Creates the position of the type itself, at which a trace begins.
    pub(crate) fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            place: Fnv::new(),
            depth: 0,
            of: None,
        }
    }

    /// Returns the position of the part with the number `at`, one layer deeper. Returns an error if
    /// the trace enters no more layers.
    pub(crate) fn part(self, at: usize) -> Result<Self, Refused> {
        Ok(Self {
            trace: self.trace,
            place: self.place.number(at as u64),
            depth: self.trace.deeper(self.depth)?,
            of: self.of,
        })
    }

    /// Returns this position without the name of a struct, for a part that is not a field of a
    /// struct.
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
