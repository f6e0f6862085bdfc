//! The elements of sequences and the entries of maps that a schema trace (a trial deserialization)
//! hands to the traced type.

use std::cell::Cell;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::encoding::codec::schema::recorder::Recorder;
use crate::encoding::codec::schema::refused::Refused;

/// Sample values for the parts of a tuple or struct, or for the elements of a sequence. A type
/// takes them one after the other when it is deserialized from sample values.
pub(crate) struct Elements<'a> {
    of: Recorder<'a>,
    next: usize,
    len: usize,
    taken: Option<&'a Cell<usize>>,
}

impl<'a> Elements<'a> {
    /// Creates `len` sample values for the parts of a struct, tuple or sequence. A type takes them
    /// when it is deserialized from sample values, and `of` is the place of the struct, tuple or
    /// sequence in that type.
    pub(crate) fn new(of: Recorder<'a>, len: usize) -> Self {
        Self {
            of,
            next: 0,
            len,
            taken: None,
        }
    }

    /// Creates `len` sample values for the fields of a struct, one for each name by which a field
    /// can be read. A struct takes them when it is deserialized from sample values. `taken` counts
    /// the values that the struct takes: fewer than `len` if a field has an alias, which is a
    /// second name of the field.
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

/// A sample value for a map: the map has one entry or none. A type takes the entry when it is
/// deserialized from sample values.
pub(crate) struct Entry<'a> {
    of: Recorder<'a>,
    left: bool,
}

impl<'a> Entry<'a> {
    /// Creates a sample value for a map: a map with one entry if `left`, otherwise an empty map. A
    /// type takes the entry when it is deserialized from sample values, and `of` is the place of
    /// the map in that type.
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
    /// Gives `len` sample values to `visitor`, one after the other, for the parts of a tuple or
    /// struct. `visitor` is serde's object by which a type receives its parts when it is
    /// deserialized.
    pub(crate) fn parts<'de, V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let value = visitor.visit_seq(Elements::new(self.alone(), len))?;
        self.trace.step(b'.')?;
        Ok(value)
    }

    /// Gives sample values to `visitor` for the fields of a struct or variant. `visitor` is serde's
    /// object by which a type receives its parts when it is deserialized. Records the names of the
    /// fields, and the number of fields that `visitor` takes.
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
