//! The variant of an enum that a schema trace (a trial deserialization) hands to the traced type.

use serde::de::{DeserializeSeed, EnumAccess, IntoDeserializer, VariantAccess, Visitor};

use crate::encoding::codec::schema::recorder::Recorder;
use crate::encoding::codec::schema::refused::Refused;

/// A made-up value of an enum: one variant with its content. To learn the fields of a cached type,
/// a codec deserializes the type from such values, and the `Deserialize` of the enum reads this
/// variant.
pub(crate) struct Variant<'a> {
    pub(crate) inside: Recorder<'a>,
    pub(crate) index: u32,
    /// The name of the enum to which the variant belongs.
    pub(crate) of: &'static str,
    pub(crate) name: &'static str,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Refused;
    type Variant = Self;

    // The schema trace gives the index of the variant, as bincode does.
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Refused> {
        let value = seed.deserialize(self.index.into_deserializer())?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Refused;

    fn unit_variant(self) -> Result<(), Refused> {
        self.inside.trace.step(b'u')
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Refused> {
        self.inside.trace.step(b'N')?;
        seed.deserialize(self.inside.part(0)?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refused> {
        self.inside.trace.step(b'T')?;
        self.inside.trace.number(len);
        let shapes = &self.inside.trace.shapes;
        shapes.add_fields(self.of, self.name, &[], Some(len));
        self.inside.parts(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let trace = self.inside.trace;
        trace.step(b'S')?;
        trace.names(fields);
        self.inside.fields((self.of, self.name), fields, visitor)
    }
}
