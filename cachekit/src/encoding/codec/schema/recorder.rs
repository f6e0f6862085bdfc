//! The position of a schema trace (a trial deserialization) in the traced type: the type itself, or
//! a part of it.

use crate::encoding::codec::fnv::Fnv;
use crate::encoding::codec::schema::refused::Refused;
use crate::encoding::codec::schema::trace::{SHALLOW_FROM, Trace};

/// A position in a type that a schema trace deserializes from sample values. As a `Deserializer`,
/// the position records each request of the part of the type at this position, and answers the
/// request by a sample value.
#[derive(Clone, Copy)]
pub(crate) struct Recorder<'a> {
    pub(crate) trace: &'a Trace,
    /// The hash of the path from the traced type to its part at this position. The hash of a part
    /// is equal in every pass of a schema trace (a trial deserialization).
    pub(crate) place: Fnv,
    pub(crate) depth: u8,
    /// The name of the struct around this position in a type under trial deserialization; `None` if
    /// the part at this position is not a field of a struct.
    pub(crate) of: Option<&'static str>,
}

impl<'a> Recorder<'a> {
    /// Creates the position of the traced type itself, at which a schema trace (a trial
    /// deserialization) begins.
    pub(crate) fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            place: Fnv::new(),
            depth: 0,
            of: None,
        }
    }

    /// Returns the position of part number `at` of this position's type, one layer deeper. Returns
    /// an error if the schema trace (a trial deserialization) has reached its greatest depth.
    pub(crate) fn part(self, at: usize) -> Result<Self, Refused> {
        Ok(Self {
            trace: self.trace,
            place: self.place.number(at as u64),
            depth: self.trace.deeper(self.depth)?,
            of: self.of,
        })
    }

    /// Returns this position in a type under trial deserialization without the name of the struct
    /// around it, for a part that is not a field of a struct.
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
