//! The elements of sequences and the entries of maps that a schema trace (a trial deserialization)
//! gives to a visitor.

use std::cell::Cell;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::encoding::codec::schema::recorder::Recorder;
use crate::encoding::codec::schema::refused::Refused;

/// The parts of a tuple or struct, or the elements of a sequence, that a schema trace (a trial
/// deserialization) gives to a visitor of serde as sample values.
pub(crate) struct Elements<'a> {
    of: Recorder<'a>,
    next: usize,
    len: usize,
    taken: Option<&'a Cell<usize>>,
}

impl<'a> Elements<'a> {
    /// Creates the access by which a visitor takes the first `len` parts of a struct, tuple or
    /// sequence at the position `of` in a trial deserialization.
    pub(crate) fn new(of: Recorder<'a>, len: usize) -> Self {
        Self {
            of,
            next: 0,
            len,
            taken: None,
        }
    }

    /// Creates the access by which a visitor takes the first `len` parts of a struct at the
    /// position `of` in a trial deserialization. Sets `taken` to the number of parts that the
    /// visitor takes. The visitor takes fewer than `len` parts if the struct has aliases, which are
    /// also in its list of names.
    pub(crate) fn counted(of: Recorder<'a>, len: usize, taken: &'a Cell<usize>) -> Self {
        Self {
            taken: Some(taken),
            ..Self::new(of, len)
        }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Refused;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refused> {
        if self.next == self.len {
            return Ok(None);
        }
        let part = self.of.part(self.next)?;
        self.next += 1;
        if let Some(taken) = self.taken {
            taken.set(self.next);
        }
        seed.deserialize(part).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.len - self.next)
    }
}

/// The entry of a map that a schema trace (a trial deserialization) gives to a visitor of serde.
/// The map has one entry or none.
pub(crate) struct Entry<'a> {
    of: Recorder<'a>,
    left: bool,
}

impl<'a> Entry<'a> {
    /// Creates the access by which a visitor takes the entries of a map at the position `of` in a
    /// trial deserialization. The map has one entry if `left`, and no entry otherwise.
    pub(crate) fn new(of: Recorder<'a>, left: bool) -> Self {
        Self { of, left }
    }
}

impl<'de> MapAccess<'de> for Entry<'_> {
    type Error = Refused;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refused> {
        if !std::mem::take(&mut self.left) {
            return Ok(None);
        }
        seed.deserialize(self.of.part(0)?).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refused> {
        seed.deserialize(self.of.part(1)?)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.into())
    }
}

impl Recorder<'_> {
    /// Gives the `len` parts of a tuple or struct to `visitor`, one after the other, as sample
    /// values of a trial deserialization.
    pub(crate) fn parts<'de, V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let value = visitor.visit_seq(Elements::new(self.alone(), len))?;
        self.trace.step(b'.')?;
        Ok(value)
    }

    /// Gives sample values for the fields of a struct or variant to `visitor` in a trial
    /// deserialization. Records the names and the number of the fields that `visitor` takes.
    pub(crate) fn fields<'de, V: Visitor<'de>>(
        self,
        (name, variant): (&'static str, &'static str),
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let shapes = &self.trace.shapes;
        shapes.add_fields(name, variant, names, None);
        let taken = Cell::new(0);
        let inside = Self {
            of: Some(name),
            ..self
        };
        let value = visitor.visit_seq(Elements::counted(inside, names.len(), &taken))?;
        shapes.add_fields(name, variant, names, Some(taken.get()));
        self.trace.step(b'.')?;
        Ok(value)
    }
}
