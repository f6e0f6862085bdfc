//! What the watched `Serializer` gives for sequences, maps and structs.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::{Checked, Watch};

/// A struct, or a variant with named fields.
pub(crate) struct Named<'a, T> {
    pub(super) inner: T,
    pub(super) watch: &'a Watch<'a>,
    pub(super) name: &'static str,
    pub(super) variant: &'static str,
    pub(super) written: usize,
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
                self.written += 1;
                let watch = self.watch;
                self.inner.serialize_field(key, &Checked { inner: value, watch })
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), T::Error> {
                Err(self.watch.skipped(self.name, key))
            }

            // At the end, so that a skipped field has been named before.
            fn end(self) -> Result<T::Ok, T::Error> {
                self.watch.compare_fields(self.name, self.variant, self.written)?;
                self.inner.end()
            }
        }
    )*};
}

named! { SerializeStruct SerializeStructVariant }
