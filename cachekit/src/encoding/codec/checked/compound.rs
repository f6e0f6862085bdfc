//! The serializers of sequences, maps and structs, which check a value while they write it.

use std::fmt::{self, Write};

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
};

use crate::encoding::codec::checked::Checked;
use crate::encoding::codec::checked::found::Found;

/// A serializer of a struct, or of a variant with named fields. While each field is written, the
/// serializer checks that the type also reads the field.
pub(crate) struct Named<'a, T> {
    pub(crate) fields: Checked<'a, T>,
    pub(crate) name: &'static str,
    pub(crate) variant: &'static str,
    /// The names of the fields for the comparison with the fields that `Deserialize` reads. The
    /// list includes the fields that `skip_serializing_if` left out of this value.
    pub(crate) written: Vec<&'static str>,
}

impl<T> Named<'_, T> {
    fn write<V: Serialize + ?Sized, E: Error>(
        &mut self,
        key: &'static str,
        value: &V,
    ) -> Result<(), E> {
        let watch = self.fields.watch;
        let Some(shapes) = watch.shapes else {
            return Ok(());
        };
        // A struct with the serde attribute `tag` writes its own name as the first field. This
        // field is not read.
        let is_tag = self.written.is_empty()
            && !shapes.has_field(self.name, self.variant, key)
            && is_text(value, self.name);
        if !is_tag {
            self.written.push(key);
        } else if !watch.has_names() {
            return Err(watch.stop(Found::tagged(self.name)));
        }
        Ok(())
    }

    fn skip<E: Error>(&mut self, key: &'static str) -> Result<(), E> {
        self.fields.watch.skip(self.name, key)?;
        self.written.push(key);
        Ok(())
    }

    // The fields are compared at the end of the struct, so that an error about a skipped field
    // comes first.
    fn compare<E: Error>(&self) -> Result<(), E> {
        let watch = self.fields.watch;
        watch.compare_fields(self.name, self.variant, &self.written)
    }
}

/// Returns `true` if the serialised form of `value` is the text `text`.
fn is_text<V: Serialize + ?Sized>(value: &V, text: &str) -> bool {
    struct Shown<'a, V: ?Sized>(&'a V);
    impl<V: Serialize + ?Sized> fmt::Display for Shown<'_, V> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            // `serialize` into a formatter fails for all values but numbers and texts.
            self.0.serialize(f)
        }
    }
    let mut shown = String::new();
    write!(shown, "{}", Shown(value)).is_ok() && shown == text
}

macro_rules! elements {
    ($($compound:ident $method:ident)*) => {$(
        impl<T: $compound> $compound for Checked<'_, T> {
            type Ok = T::Ok;
            type Error = T::Error;

            fn $method<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), T::Error> {
                let value = self.beside(value);
                self.inner.$method(&value)
            }

            fn end(self) -> Result<T::Ok, T::Error> {
                self.inner.end()
            }
        }
    )*};
}

elements! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

impl<T: SerializeMap> SerializeMap for Checked<'_, T> {
    type Ok = T::Ok;
    type Error = T::Error;

    fn serialize_key<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<(), T::Error> {
        let key = self.beside(key);
        self.inner.serialize_key(&key)
    }

    fn serialize_value<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), T::Error> {
        let value = self.beside(value);
        self.inner.serialize_value(&value)
    }

    fn end(self) -> Result<T::Ok, T::Error> {
        self.inner.end()
    }
}

macro_rules! named {
    ($($compound:ident)*) => {$(
        impl<T: $compound> $compound for Named<'_, T> {
            type Ok = T::Ok;
            type Error = T::Error;

            fn serialize_field<V: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &V,
            ) -> Result<(), T::Error> {
                self.write(key, value)?;
                let value = self.fields.beside(value);
                self.fields.inner.serialize_field(key, &value)
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), T::Error> {
                self.skip(key)?;
                self.fields.inner.skip_field(key)
            }

            fn end(self) -> Result<T::Ok, T::Error> {
                self.compare()?;
                self.fields.inner.end()
            }
        }
    )*};
}

named! { SerializeStruct SerializeStructVariant }
