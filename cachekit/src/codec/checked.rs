//! A layer around bincode's `Serializer` that sees what could not be read back.
//!
//! bincode reads every field in its turn. One that was left out when it was written makes
//! all that follow something else, often without an error: `skip_serializing_if` turns one
//! value silently into another.

mod compound;
mod serializer;

use std::cell::RefCell;

use serde::ser::{Error, Serialize, Serializer};

use super::schema::Shapes;

/// What is watched while one value is written.
pub(crate) struct Watch<'a> {
    /// How the type is read, if this value is to be compared with it.
    pub(crate) shapes: Option<&'a Shapes>,
    /// What was found, in words.
    pub(crate) found: RefCell<Option<String>>,
}

impl<'a> Watch<'a> {
    /// Compares with `shapes`.
    pub(crate) fn new(shapes: Option<&'a Shapes>) -> Self {
        Self {
            shapes,
            found: RefCell::new(None),
        }
    }

    fn stop<E: Error>(&self, found: String) -> E {
        *self.found.borrow_mut() = Some(found);
        E::custom("cannot be read back")
    }

    fn skipped<E: Error>(&self, of: &str, field: &str) -> E {
        self.stop(format!(
            "`skip_serializing_if` leaves out `{field}` of `{of}`"
        ))
    }

    fn compare_fields<E: Error>(&self, of: &str, variant: &str, len: usize) -> Result<(), E> {
        match self.shapes {
            Some(shapes) if shapes.contradicts_fields(of, variant, len) => Err(self.stop(format!(
                "`{of}` is not read with the {len} fields that it is written with \
                     (`skip_serializing`, `skip_deserializing`)"
            ))),
            _ => Ok(()),
        }
    }

    fn compare_variant<E: Error>(&self, of: &str, index: u32, variant: &str) -> Result<(), E> {
        match self.shapes {
            Some(shapes) if shapes.contradicts_variant(of, index, variant) => {
                Err(self.stop(format!(
                    "`{of}::{variant}` has another number when it is read (a skipped variant \
                     stands before it)"
                )))
            }
            _ => Ok(()),
        }
    }
}

/// A value, a `Serializer`, or what one gives for a compound, watched.
pub(crate) struct Checked<'a, T> {
    pub(crate) inner: T,
    pub(crate) watch: &'a Watch<'a>,
}

impl<'a, T> Checked<'a, T> {
    fn beside<U>(&self, inner: U) -> Checked<'a, U> {
        Checked {
            inner,
            watch: self.watch,
        }
    }
}

impl<T: Serialize + ?Sized> Serialize for Checked<'_, &T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.inner.serialize(self.beside(serializer))
    }
}
