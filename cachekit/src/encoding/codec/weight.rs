//! An estimate of the bytes that a value takes in addition to the size of its type, made from the
//! parts that the value serialises.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// The most layers of a value inside one another (structs, options, sequences) whose bytes are
/// counted for its weight. More layers could overflow the stack. The codecs do not read values with
/// more layers either.
const MAX_DEPTH: u8 = 128;
/// The number of bytes of a `String` or `Vec` itself, without its content.
const HEADER: usize = 3 * size_of::<usize>();
/// The number of bytes counted for the discriminant of an enum or `Option`, with the padding up to
/// the alignment of its value.
const TAG: usize = 8;

/// Returns an estimate of the bytes that `value` takes in memory in addition to the size of its
/// type.
///
/// The content of strings, sequences and maps is always outside of the type's own size, and is
/// counted in full. Other parts, such as numbers, may be inside of the type's own size, or behind a
/// `Box`. For these parts, the estimate counts only the bytes by which their sum exceeds the size
/// of the type.
pub(crate) fn heap<V: Serialize>(value: &V) -> usize {
    let tally = Tally::default();
    let all = SizeEstimator {
        tally: &tally,
        depth: MAX_DEPTH,
        is_apart: false,
    };
    // If `Serialize` fails or panics, the bytes that were counted until then are the estimate.
    let _ = catch_unwind(AssertUnwindSafe(|| value.serialize(all)));
    let own = tally.own.get().saturating_sub(size_of::<V>());
    own.saturating_add(tally.apart.get())
}

#[derive(Default)]
struct Tally {
    own: Cell<usize>,
    apart: Cell<usize>,
}

/// A `Serializer` that writes nothing, and counts the bytes that a value takes in memory.
#[derive(Clone, Copy)]
struct SizeEstimator<'a> {
    tally: &'a Tally,
    depth: u8,
    /// `true` for parts of a value that are inside of a sequence or map, and so outside of the size
    /// of the value's type.
    is_apart: bool,
}

/// The error that ends the counting of a value's bytes, because the value has reached the greatest
/// weight of an entry, or has too many layers.
#[derive(Debug)]
struct TooDeep;

impl fmt::Display for TooDeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("enough")
    }
}
impl std::error::Error for TooDeep {}
impl serde::ser::Error for TooDeep {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

type Counted = Result<(), TooDeep>;

impl SizeEstimator<'_> {
    fn add(self, bytes: usize) -> Counted {
        let sum = if self.is_apart {
            &self.tally.apart
        } else {
            &self.tally.own
        };
        sum.set(sum.get().saturating_add(bytes));
        // An entry can weigh at most `u32::MAX`.
        if sum.get() > u32::MAX as usize {
            return Err(TooDeep);
        }
        Ok(())
    }

    /// Counts a text or byte string: the bytes of a `String` or `Vec` itself, and `len` bytes of
    /// content.
    fn text(self, len: usize) -> Counted {
        self.add(HEADER)?;
        Self {
            is_apart: true,
            ..self
        }
        .add(len)
    }

    fn below(self) -> Result<Self, TooDeep> {
        let depth = self.depth.checked_sub(1).ok_or(TooDeep)?;
        Ok(Self { depth, ..self })
    }

    /// Counts the bytes of a `Vec` or map itself, and returns the `Serializer` that counts its
    /// elements, which are one layer deeper. Returns an error if the value has too many layers.
    fn elements(self) -> Result<Self, TooDeep> {
        self.add(HEADER)?;
        let elements = self.below()?;
        Ok(Self {
            is_apart: true,
            ..elements
        })
    }

    fn part<T: Serialize + ?Sized>(self, value: &T) -> Counted {
        value.serialize(self)
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, _: $type) -> Counted {
            self.add(size_of::<$type>())
        }
    )*};
}

impl Serializer for SizeEstimator<'_> {
    type Ok = ();
    type Error = TooDeep;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn is_human_readable(&self) -> bool {
        false
    }

    numbers! {
        serialize_bool: bool, serialize_char: char,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_u64: u64, serialize_u128: u128, serialize_f32: f32, serialize_f64: f64
    }

    fn serialize_str(self, text: &str) -> Counted {
        self.text(text.len())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Counted {
        self.text(bytes.len())
    }

    fn serialize_none(self) -> Counted {
        self.add(TAG)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Counted {
        self.add(TAG)?;
        self.below()?.part(value)
    }

    fn serialize_unit(self) -> Counted {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Counted {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Counted {
        self.add(1)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Counted {
        self.below()?.part(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Counted {
        self.add(TAG)?;
        self.below()?.part(value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, TooDeep> {
        self.elements()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, TooDeep> {
        self.below()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, TooDeep> {
        self.below()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, TooDeep> {
        self.add(TAG)?;
        self.below()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, TooDeep> {
        self.elements()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, TooDeep> {
        self.below()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, TooDeep> {
        self.add(TAG)?;
        self.below()
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Counted {
        self.text(value.to_string().len())
    }
}

macro_rules! compounds {
    ($($compound:ident $method:ident ($($key:ident)?),)*) => {$(
        impl $compound for SizeEstimator<'_> {
            type Ok = ();
            type Error = TooDeep;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($key: &'static str,)?
                value: &T,
            ) -> Counted {
                $(let _ = $key;)?
                self.part(value)
            }

            fn end(self) -> Counted {
                Ok(())
            }
        }
    )*};
}

compounds! {
    SerializeSeq serialize_element (),
    SerializeTuple serialize_element (),
    SerializeTupleStruct serialize_field (),
    SerializeTupleVariant serialize_field (),
    SerializeStruct serialize_field (key),
    SerializeStructVariant serialize_field (key),
}

impl SerializeMap for SizeEstimator<'_> {
    type Ok = ();
    type Error = TooDeep;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Counted {
        self.part(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Counted {
        self.part(value)
    }

    fn end(self) -> Counted {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde::Serialize;

    use super::*;

    #[derive(Clone, Serialize)]
    struct Page {
        id: u64,
        text: String,
        parts: Vec<Option<String>>,
    }

    /// Expects exact estimates for types whose layout is known, and estimates within 500 bytes for
    /// other types.
    #[test]
    fn what_is_not_in_the_type_is_counted() {
        const LONG: usize = 100_000;
        let text = "x".repeat(LONG);
        assert_eq!(heap(&7_u64), 0);
        assert_eq!(heap(&text), LONG);
        assert_eq!(heap(&vec![1_u8; LONG]), LONG);
        assert_eq!(heap(&vec![1_u64; LONG]), 8 * LONG, "not the encoded size");
        assert_eq!(heap(&Arc::<str>::from(&*text)), LONG + HEADER - 16);
        assert_eq!(heap(&Box::new([1_u64; 32])), 256 - 8);
        assert_eq!(heap(&[1_u64; 32]), 0);
        assert_eq!(heap(&None::<String>), 0);
        assert_eq!(heap(&()), 0);
        let near = |heap: usize| assert!((LONG..LONG + 500).contains(&heap), "{heap}");
        near(heap(&Some(text.clone())));
        near(heap(&Arc::new(text.clone())));
        near(heap(&BTreeMap::from([(1, text.clone())])));
        let page = Page {
            id: 1,
            text: text.clone(),
            parts: vec![None, Some("a".to_owned())],
        };
        near(heap(&page));
        near(heap(&Arc::new(page.clone())));
        near(heap(&Ok::<_, ()>(vec![page])));
    }

    struct Panics;

    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut out = serializer.serialize_seq(None)?;
            out.serialize_element(&7_u64)?;
            panic!("in Serialize, on purpose");
        }
    }

    #[test]
    fn a_serialize_that_panics_has_what_was_counted_before() {
        assert_eq!(heap(&Panics), HEADER + 8);
    }

    #[derive(Serialize)]
    enum Deep {
        End,
        More(Box<Deep>),
    }

    /// Estimates a value of 7,000 layers on the thread of a test, which has a stack of 2 MiB.
    #[test]
    fn no_depth_overflows_the_stack() {
        let deep = (0..7_000).fold(Deep::End, |deep, _| Deep::More(Box::new(deep)));
        assert!(heap(&deep) >= usize::from(MAX_DEPTH) * TAG - size_of::<Deep>());
    }
}
