//! What a visitor of samples reads its elements from.

use std::cell::Cell;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess};

use crate::encoding::codec::schema::recorder::Recorder;
use crate::encoding::codec::schema::refused::Refused;

/// The parts of a tuple or struct, or the elements of a sequence.
pub(crate) struct Elements<'a> {
    of: Recorder<'a>,
    next: usize,
    len: usize,
    taken: Option<&'a Cell<usize>>,
}

impl<'a> Elements<'a> {
    /// So many of them.
    pub(crate) fn new(of: Recorder<'a>, len: usize) -> Self {
        Self {
            of,
            next: 0,
            len,
            taken: None,
        }
    }

    /// The same, and `taken` learns how many the visitor takes: of a struct, aliases are announced too.
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

/// One entry of a map, or none.
pub(crate) struct Entry<'a> {
    of: Recorder<'a>,
    left: bool,
}

impl<'a> Entry<'a> {
    /// There is one if `left`.
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
