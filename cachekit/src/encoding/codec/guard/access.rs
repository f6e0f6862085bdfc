//! Wrappers around the objects by which serde hands the elements of a sequence, the entries of a
//! map and the variant of an enum to a type that is decoded. The wrappers count what they hand out,
//! and return an error beyond the limits of [`Guard`].

use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use crate::encoding::codec::guard::Guard;

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Guard<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let guarded = self.beside(seed);
        self.inner.next_element_seed(guarded)
    }

    fn size_hint(&self) -> Option<usize> {
        self.modest(self.inner.size_hint())
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Guard<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let guarded = self.beside(seed);
        self.inner.next_key_seed(guarded)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let guarded = self.beside(seed);
        self.inner.next_value_seed(guarded)
    }

    fn size_hint(&self) -> Option<usize> {
        self.modest(self.inner.size_hint())
    }
}

impl<'a, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Guard<'a, A> {
    type Error = A::Error;
    type Variant = Guard<'a, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let guarded = self.beside(seed);
        let beside = self.beside(());
        let (value, variant) = self.inner.variant_seed(guarded)?;
        Ok((value, beside.beside(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Guard<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let guarded = self.beside(seed);
        self.inner.newtype_variant_seed(guarded)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let guarded = self.beside(visitor);
        self.inner.tuple_variant(len, guarded)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let guarded = self.beside(visitor);
        self.inner.struct_variant(fields, guarded)
    }
}
