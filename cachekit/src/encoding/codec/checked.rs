//! A layer around a codec's `Serializer` that finds values which the codec would decode as other
//! values.
//!
//! bincode reads every field in the order of the type. If a field was left out when the value was
//! written, the bytes of all later fields are read as other fields, often without an error. So
//! `skip_serializing_if` turns one value into another. The codecs with field names read such a
//! value correctly, but a field that is never written comes back as its default. JSON writes
//! `Some(None)` and a `NaN` as `null`.

pub(crate) mod compound;
pub(crate) mod found;
pub(crate) mod serializer;

use std::cell::{Cell, RefCell};

use serde::ser::{Error, Serialize, Serializer};

use crate::encoding::codec::Codec;
use crate::encoding::codec::checked::found::Found;
use crate::encoding::codec::guard::MAX_DEPTH;
use crate::encoding::codec::schema::shapes::Sealed as Shapes;

/// The checks of one value while a codec encodes it. If a check finds that the value could not be
/// decoded again, this struct contains the reason.
pub(crate) struct Watch<'a> {
    codec: Codec,
    /// The fields and variants that the `Deserialize` of the value's type reads; `None` if this
    /// value is not compared with them.
    shapes: Option<&'a Shapes>,
    found: RefCell<Option<Found>>,
    /// `true` if `skip_serializing_if` left a field out of this value.
    is_sparse: Cell<bool>,
}

impl<'a> Watch<'a> {
    /// Creates the checks for one value that `codec` encodes. If `shapes` is given, the fields and
    /// variants that the value writes are compared with `shapes`, the fields and variants that its
    /// type reads.
    pub(crate) fn new(codec: Codec, shapes: Option<&'a Shapes>) -> Self {
        Self {
            codec,
            shapes,
            found: RefCell::new(None),
            is_sparse: Cell::new(false),
        }
    }

    /// Returns `value` in a wrapper that runs the checks while a codec encodes the value.
    pub(crate) fn over<T>(&'a self, value: T) -> Checked<'a, T> {
        // `serde_json` writes 128 layers, but reads only 127.
        let depth = match self.codec {
            Codec::Json => MAX_DEPTH - 1,
            Codec::Bincode | Codec::MsgPack => MAX_DEPTH,
        };
        Checked {
            inner: value,
            watch: self,
            depth,
            in_some: false,
        }
    }

    /// Returns the reason why the value would be decoded as another value, or `None` if the checks
    /// found no such reason.
    pub(crate) fn into_found(self) -> Option<Found> {
        self.found.into_inner()
    }

    /// Returns `true` if `skip_serializing_if` left a field out of the checked value.
    pub(crate) fn is_sparse(&self) -> bool {
        self.is_sparse.get()
    }

    /// Returns `true` if the codec writes the names of fields and variants, and decodes a value by
    /// these names. Only bincode does not.
    fn has_names(&self) -> bool {
        self.codec != Codec::Bincode
    }

    fn stop<E: Error>(&self, found: Found) -> E {
        *self.found.borrow_mut() = Some(found);
        E::custom("cannot be read back")
    }

    /// Records that `skip_serializing_if` leaves the field `field` of the struct `of` out of the
    /// value. Returns an error if the codec writes no field names.
    fn skip<E: Error>(&self, of: &str, field: &str) -> Result<(), E> {
        if self.has_names() {
            self.is_sparse.set(true);
            return Ok(());
        }
        Err(self.stop(Found::left_out(of, field)))
    }

    fn compare_fields<E: Error>(
        &self,
        of: &'static str,
        variant: &str,
        written: &[&'static str],
    ) -> Result<(), E> {
        match self.shapes {
            Some(shapes) if shapes.contradicts_fields(of, variant, written, self.has_names()) => {
                Err(self.stop(Found::one_way_fields(of, written)))
            }
            _ => Ok(()),
        }
    }

    fn compare_length<E: Error>(
        &self,
        of: &'static str,
        variant: &str,
        len: usize,
    ) -> Result<(), E> {
        match self.shapes {
            Some(shapes) if shapes.contradicts_length(of, variant, len) => {
                Err(self.stop(Found::one_way_parts(of, len)))
            }
            _ => Ok(()),
        }
    }

    fn compare_variant<E: Error>(
        &self,
        of: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<(), E> {
        let Some(shapes) = self.shapes else {
            return Ok(());
        };
        if shapes.lacks_variant(of, variant) {
            return Err(self.stop(Found::one_way_variant(of, variant)));
        }
        if !self.has_names() && shapes.contradicts_variant(of, index, variant) {
            return Err(self.stop(Found::moved_variant(of, variant)));
        }
        Ok(())
    }
}

/// A value, or a serializer of a codec, in a wrapper. While the value is encoded, the wrapper
/// checks that it could be decoded again.
pub(crate) struct Checked<'a, T> {
    inner: T,
    watch: &'a Watch<'a>,
    /// The number of layers (options, structs, sequences inside one another) that the checked value
    /// may still have below the current layer.
    depth: u8,
    /// `true` for a value that is the content of a `Some`.
    in_some: bool,
}

impl<'a, T> Checked<'a, T> {
    fn beside<U>(&self, inner: U) -> Checked<'a, U> {
        Checked {
            inner,
            watch: self.watch,
            depth: self.depth,
            in_some: false,
        }
    }

    /// Returns `inner` in a wrapper that checks it, `layers` layers deeper in the value. Layers
    /// (options, structs, sequences) are counted as the decoder counts them. Returns an error if
    /// the value has more layers than the decoder accepts.
    fn below<U, E: Error>(&self, layers: u8, inner: U) -> Result<Checked<'a, U>, E> {
        let Some(depth) = self.depth.checked_sub(layers) else {
            return Err(self.watch.stop(Found::deep()));
        };
        Ok(Checked {
            depth,
            ..self.beside(inner)
        })
    }

    /// Returns an error if this value is the content of a `Some`, and the codec is not bincode. The
    /// value is a `None`, a unit or a unit struct, and all codecs but bincode decode a `Some` with
    /// such a content as `None`.
    fn is_something<E: Error>(&self) -> Result<(), E> {
        if self.in_some && self.watch.has_names() {
            return Err(self.watch.stop(Found::some_of_nothing(self.watch.codec)));
        }
        Ok(())
    }

    fn is_number<E: Error>(&self, is_finite: bool) -> Result<(), E> {
        if self.watch.codec == Codec::Json && !is_finite {
            return Err(self.watch.stop(Found::no_number()));
        }
        Ok(())
    }
}

impl<T: Serialize + ?Sized> Serialize for Checked<'_, &T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut watched = self.beside(serializer);
        watched.in_some = self.in_some;
        self.inner.serialize(watched)
    }
}
#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};

    use crate::encoding::codec::{Codec, EncodeError, wire};

    fn write<V>(value: &V) -> Result<Vec<u8>, EncodeError>
    where
        V: Serialize + DeserializeOwned + 'static,
    {
        let mut out = Vec::new();
        wire::encode(Codec::Bincode, value, &mut out, 1000)?;
        Ok(out)
    }

    const NAMES: &str = "write `codec = msgpack`";
    const ONE_WAY: &str = "remove the attribute, or write `tier = memory`";

    fn is_refused<V>(value: &V, word: &str, remedy: &str)
    where
        V: Serialize + DeserializeOwned + 'static,
    {
        let Err(EncodeError::Type(why)) = write(value) else {
            panic!("it was written");
        };
        assert!(why.contains(word), "{why}");
        assert!(why.contains(std::any::type_name::<V>()), "{why}");
        assert!(why.ends_with(remedy), "{why}");
        let fingerprint = wire::fingerprint::<V>(Codec::Bincode);
        assert_eq!(fingerprint, Err(why), "it is remembered");
    }

    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    struct Sparse {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        a: Vec<u8>,
        b: u8,
        c: Vec<u8>,
    }

    /// Writes a value that bincode without checks would read as another value: `Sparse { a: [2], b:
    /// 0, c: [] }`.
    #[test]
    fn a_field_that_was_left_out_is_seen() {
        let sparse = Sparse {
            a: vec![],
            b: 1,
            c: vec![0, 0],
        };
        is_refused(&sparse, "`a`", NAMES);
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
        is_refused(&nested(&Sparse::default()), "skip_serializing_if", NAMES);
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
        is_refused(&Variant::Struct { a: None }, "`a`", NAMES);
        is_refused(&OneWay::default(), "`OneWay`", ONE_WAY);
        is_refused(&OtherWay::default(), "`OtherWay`", ONE_WAY);
        is_refused(&Tuple(vec![], 1), "`Tuple`", ONE_WAY);
        is_refused(&Shifted::First, "Shifted::First", NAMES);
    }

    #[test]
    fn the_second_of_the_shifted_is_seen_too() {
        is_refused(&vec![Shifted::Second], "Shifted::Second", NAMES);
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename(serialize = "Out", deserialize = "In"))]
    struct Harmless {
        #[serde(skip)]
        here: u8,
        #[serde(rename = "b", alias = "c")]
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
        assert_eq!(wire::decode(Codec::Bincode, &bytes), Ok(value));
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
