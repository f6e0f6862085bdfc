//! The position of a schema trace (a trial deserialization) in the traced type: the type itself, or
//! a part of it.

use crate::encoding::codec::fnv::Fnv;
use crate::encoding::codec::schema::refused::Refused;
use crate::encoding::codec::schema::trace::{SHALLOW_FROM, Trace};

/// A part of a type (a field, an element, a variant) that is deserialized from sample values, to
/// learn the type's fields. As a serde `Deserializer`, this struct records each request of the
/// part, such as for an integer, and answers the request with a sample value.
#[derive(Clone, Copy)]
pub(crate) struct Recorder<'a> {
    pub(crate) trace: &'a Trace,
    /// The hash of the path from the whole type to this part of it, such as the second field of the
    /// first field. The hash is the same each time that the type is deserialized from sample
    /// values.
    pub(crate) place: Fnv,
    pub(crate) depth: u8,
    /// The name of the struct that has this part of the type as a field; `None` if the part is not
    /// a field of a struct.
    pub(crate) of: Option<&'static str>,
}

impl<'a> Recorder<'a> {
    /// Creates the `Deserializer` that gives sample values to a whole type, to learn the type's
    /// fields.
    pub(crate) fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            place: Fnv::new(),
            depth: 0,
            of: None,
        }
    }

    /// Returns the `Deserializer` that gives sample values to the part number `at` of this part of
    /// a type. The part is one layer deeper. Returns an error if it is nested too deep.
    pub(crate) fn part(self, at: usize) -> Result<Self, Refused> {
        Ok(Self {
            trace: self.trace,
            place: self.place.number(at as u64),
            depth: self.trace.deeper(self.depth)?,
            of: self.of,
        })
    }

    /// Returns this part of a type without the name of the struct that has it as a field. Called
    /// for a part that is no field of a struct, such as an element of a sequence.
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
