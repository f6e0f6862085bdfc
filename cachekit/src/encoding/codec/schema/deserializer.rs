//! The `Deserializer` of a schema trace (a trial deserialization). This deserializer has no input:
//! it records each request of the traced type, and answers the request by a sample value.

use std::any::type_name;

use serde::de::{Deserializer, Visitor};

use crate::encoding::codec::schema::access::{Elements, Entry};
use crate::encoding::codec::schema::choices::Kind;
use crate::encoding::codec::schema::recorder::Recorder;
use crate::encoding::codec::schema::refused::Refused;
use crate::encoding::codec::schema::samples;
use crate::encoding::codec::schema::samples::Any;
use crate::encoding::codec::schema::variants::Variant;

impl Recorder<'_> {
    fn integer(self, kind: u8) -> Result<u8, Refused> {
        self.sample(kind, samples::INTEGERS)
    }

    fn bytes(self) -> Result<Vec<u8>, Refused> {
        let len = self.sample(b'y', samples::LENGTHS)?;
        Ok(vec![0; len.into()])
    }

    /// Gives a type a sample value of an option, sequence or map: by `some`, with a content, or by
    /// `none`, without a content. Adds the choice between the two to the fingerprint of the type.
    fn choose<V, R>(
        self,
        visitor: V,
        some: impl FnOnce(V) -> Result<R, Refused>,
        none: impl FnOnce(V) -> Result<R, Refused>,
    ) -> Result<R, Refused> {
        let kind: Kind = (type_name::<V>(), "");
        let holds = !self.is_deep() && self.trace.choices.borrow().shall_hold(kind);
        if !holds {
            self.trace.step(b'-')?;
            return none(visitor);
        }
        let mark = self.trace.choices.borrow_mut().enter(kind, 0, false);
        let value = some(visitor)?;
        self.trace.choices.borrow_mut().leave(&mark);
        self.trace.step(b'.')?;
        Ok(value)
    }

    /// Gives a sample value to a type that accepts any value (`deserialize_any`). Returns an error
    /// for bincode, whose bytes do not contain the kind of a value.
    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if !self.trace.has_names {
            return Err(self.trace.asks_the_bytes());
        }
        match self.sample(b'a', samples::ANY)? {
            Any::Nothing => visitor.visit_unit(),
            Any::Integer => visitor.visit_u64(1),
            Any::Text => visitor.visit_str("1"),
            Any::Flag => visitor.visit_bool(false),
            Any::Float => visitor.visit_f64(1.5),
            Any::List => visitor.visit_seq(Elements::new(self.alone(), 0)),
            Any::Map => visitor.visit_map(Entry::new(self.alone(), false)),
        }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $kind:literal)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            visitor.$visit(self.integer($kind)?.into())
        }
    )*};
}

macro_rules! signed {
    ($($method:ident $visit:ident $kind:literal $type:ty)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            let sample = self.integer($kind)?;
            visitor.$visit(<$type>::try_from(sample).unwrap_or(<$type>::MAX))
        }
    )*};
}

macro_rules! self_describing {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            self.any(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Recorder<'_> {
    type Error = Refused;

    fn is_human_readable(&self) -> bool {
        false
    }

    // The bytes of bincode contain neither the kind of the next value, nor the name of a field, nor
    // the length of a value to be ignored.
    self_describing! { deserialize_any deserialize_ignored_any }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if let Some(name) = self.of {
            self.trace.shapes.add_tagged(name);
        }
        self.any(visitor)
    }

    integers! {
        deserialize_u8 visit_u8 b'1' deserialize_u16 visit_u16 b'2'
        deserialize_u32 visit_u32 b'3' deserialize_u64 visit_u64 b'4'
        deserialize_u128 visit_u128 b'5'
    }

    signed! {
        deserialize_i8 visit_i8 b'6' i8 deserialize_i16 visit_i16 b'7' i16
        deserialize_i32 visit_i32 b'8' i32 deserialize_i64 visit_i64 b'9' i64
        deserialize_i128 visit_i128 b'0' i128
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_bool(self.sample(b'b', samples::BOOLS)?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_f32(self.sample(b'f', samples::FLOATS)?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_f64(self.sample(b'd', samples::FLOATS)?.into())
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_char(self.sample(b'c', samples::CHARS)?)
    }

    // Owned and borrowed strings have the same bytes, so they have one fingerprint.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_str(self.sample(b's', samples::TEXTS)?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_str(self.sample(b's', samples::TEXTS)?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_bytes(&self.bytes()?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_byte_buf(self.bytes()?)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.trace.step(b'u')?;
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.trace.step(b'o')?;
        let inside = self.part(0)?.alone();
        self.choose(visitor, |v| v.visit_some(inside), V::visit_none)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.trace.step(b'q')?;
        let inside = self.alone();
        self.choose(
            visitor,
            |v| v.visit_seq(Elements::new(inside, 1)),
            |v| v.visit_seq(Elements::new(inside, 0)),
        )
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.trace.step(b'm')?;
        let inside = self.alone();
        self.choose(
            visitor,
            |v| v.visit_map(Entry::new(inside, true)),
            |v| v.visit_map(Entry::new(inside, false)),
        )
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.trace.step(b'U')?;
        self.trace.text(name);
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.trace.step(b'N')?;
        self.trace.text(name);
        visitor.visit_newtype_struct(self.part(0)?.alone())
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.trace.step(b't')?;
        self.trace.number(len);
        self.parts(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.trace.step(b'T')?;
        self.trace.text(name);
        self.trace.number(len);
        self.trace.shapes.add_fields(name, "", &[], Some(len));
        self.parts(len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.trace.step(b'S')?;
        self.trace.text(name);
        self.trace.names(fields);
        self.fields((name, ""), fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.trace.step(b'E')?;
        self.trace.text(name);
        self.trace.names(variants);
        self.trace.shapes.add_variants(name, variants);
        let kind: Kind = (type_name::<V>(), name);
        let deep = self.is_deep();
        let choices = &self.trace.choices;
        let chosen = choices.borrow_mut().variant(kind, variants.len(), deep);
        let index = chosen.ok_or(Refused)?;
        let at = index as usize;
        self.trace.number(at);
        let variant = Variant {
            inside: self.part(at)?.alone(),
            index,
            of: name,
            name: variants[at],
        };
        let mark = choices.borrow_mut().enter_variant(kind, index, deep);
        let value = visitor.visit_enum(variant)?;
        choices.borrow_mut().leave_variant(kind, index, &mark);
        self.trace.step(b'.')?;
        Ok(value)
    }
}
