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

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};

    use crate::codec::{Codec, Unwritable, Wire};

    fn write<V>(value: &V) -> Result<Vec<u8>, Unwritable>
    where
        V: Serialize + DeserializeOwned + 'static,
    {
        let mut out = Vec::new();
        (Wire::serde().encode)(Codec::Bincode, value, &mut out, 1000)?;
        Ok(out)
    }

    fn is_refused<V>(value: &V, word: &str)
    where
        V: Serialize + DeserializeOwned + 'static,
    {
        let Err(Unwritable::Type(why)) = write(value) else {
            panic!("it was written");
        };
        assert!(why.contains(word), "{why}");
        assert!(why.contains(std::any::type_name::<V>()), "{why}");
        assert!(why.contains("codec = msgpack"), "{why}");
        let fingerprint = (Wire::<V>::serde().fingerprint)(Codec::Bincode);
        assert_eq!(fingerprint, Err(why), "it is remembered");
    }

    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    struct Sparse {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        a: Vec<u8>,
        b: u8,
        c: Vec<u8>,
    }

    /// As bincode alone writes it, it reads back as `Sparse { a: [2], b: 0, c: [] }`.
    #[test]
    fn a_field_that_was_left_out_is_seen() {
        let sparse = Sparse {
            a: vec![],
            b: 1,
            c: vec![0, 0],
        };
        is_refused(&sparse, "`a`");
        let config = ::bincode::config::standard();
        let silent = ::bincode::serde::encode_to_vec(&sparse, config).unwrap();
        let read: (Sparse, usize) = ::bincode::serde::decode_from_slice(&silent, config).unwrap();
        assert_eq!(read.1, silent.len());
        assert_ne!(
            read.0, sparse,
            "bincode tells no difference; then this file may go"
        );
    }

    #[test]
    fn it_is_seen_in_the_hundredth_value_and_deep_inside() {
        type Nested = Option<Vec<(u8, Result<Sparse, ()>)>>;
        let full = Sparse {
            a: vec![1],
            ..Sparse::default()
        };
        let nested = |sparse: &Sparse| -> Nested { Some(vec![(1, Ok(sparse.clone()))]) };
        for _ in 0..100 {
            write(&nested(&full)).unwrap();
        }
        is_refused(&nested(&Sparse::default()), "skip_serializing_if");
        assert!(write(&nested(&full)).is_err(), "from then on");
    }

    #[derive(Serialize, Deserialize)]
    enum Variant {
        Struct {
            #[serde(default, skip_serializing_if = "Option::is_none")]
            a: Option<u8>,
        },
    }

    #[derive(Default, Serialize, Deserialize)]
    struct OneWay {
        #[serde(default, skip_serializing)]
        #[expect(dead_code, reason = "it is never written, and that is the matter")]
        secret: u8,
        name: String,
    }

    #[derive(Default, Serialize, Deserialize)]
    struct OtherWay {
        #[serde(skip_deserializing)]
        derived: u8,
        name: String,
    }

    #[derive(Serialize, Deserialize)]
    struct Tuple(
        #[serde(default, skip_serializing_if = "Vec::is_empty")] Vec<u8>,
        #[serde(default)] u8,
    );

    #[derive(Serialize, Deserialize)]
    enum Shifted {
        #[serde(skip)]
        #[expect(dead_code, reason = "it only shifts the others")]
        Local,
        First,
        Second,
    }

    #[test]
    fn what_is_written_in_another_way_than_it_is_read_is_seen() {
        is_refused(&Variant::Struct { a: None }, "`a`");
        is_refused(&OneWay::default(), "`OneWay`");
        is_refused(&OtherWay::default(), "`OtherWay`");
        is_refused(&Tuple(vec![], 1), "`Tuple`");
        is_refused(&Shifted::First, "Shifted::First");
    }

    #[test]
    fn the_second_of_the_shifted_is_seen_too() {
        is_refused(&vec![Shifted::Second], "Shifted::Second");
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename(serialize = "Out", deserialize = "In"))]
    struct Harmless {
        #[serde(skip)]
        here: u8,
        #[serde(rename(serialize = "a", deserialize = "b"))]
        renamed: u8,
        #[serde(default)]
        defaulted: Option<u8>,
    }

    #[test]
    fn attributes_that_do_no_harm_are_allowed() {
        let value = Harmless {
            here: 0,
            renamed: 1,
            defaulted: None,
        };
        let bytes = write(&value).unwrap();
        assert_eq!((Wire::serde().decode)(Codec::Bincode, &bytes), Ok(value));
    }

    #[test]
    fn the_bytes_are_those_of_bincode_itself() {
        let value = (
            Sparse {
                a: vec![1],
                b: 2,
                c: vec![],
            },
            std::collections::BTreeMap::from([(1_u8, Some("x"))]).len(),
            Ok::<_, ()>(-1_i32),
        );
        let plain = ::bincode::serde::encode_to_vec(&value, ::bincode::config::standard());
        assert_eq!(write(&value).unwrap(), plain.unwrap());
    }
}
