//! A writer of JSON for the data types of the library itself, such as statistics.
//!
//! The library depends on `serde_json` only with the feature `json`, but a process must answer
//! questions about its statistics without that feature too.

use std::fmt;
use std::fmt::Write as _;

use serde::ser::{
    Error, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct,
    SerializeStructVariant, SerializeTuple, Serializer,
};

/// Returns `value` as JSON. Returns `None` for a value that JSON does not have, such as a map whose
/// keys are no strings.
pub(crate) fn json_text(value: &impl Serialize) -> Option<String> {
    let mut text = String::new();
    value.serialize(Json(&mut text)).ok()?;
    Some(text)
}

/// The error for a value that cannot be written.
#[derive(Debug)]
struct NotJson;

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value has no form in JSON")
    }
}

impl std::error::Error for NotJson {}

impl Error for NotJson {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl From<fmt::Error> for NotJson {
    fn from(_: fmt::Error) -> Self {
        Self
    }
}

/// The writer of one value.
struct Json<'a>(&'a mut String);

/// The writer of the elements of a list or an object, which ends with `end`.
struct Elements<'a> {
    text: &'a mut String,
    is_empty: bool,
    end: &'static str,
}

impl<'a> Elements<'a> {
    fn begin(text: &'a mut String, start: &str, end: &'static str) -> Self {
        text.push_str(start);
        Self {
            text,
            is_empty: true,
            end,
        }
    }

    fn separate(&mut self) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.text.push(',');
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        self.separate();
        value.serialize(Json(self.text))
    }

    fn named<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), NotJson> {
        self.separate();
        string(self.text, name)?;
        self.text.push(':');
        value.serialize(Json(self.text))
    }

    fn finish(self) {
        self.text.push_str(self.end);
    }
}

/// Appends `value` to `text` in quotes.
fn string(text: &mut String, value: &str) -> Result<(), NotJson> {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            c if c < ' ' => write!(text, "\\u{:04x}", u32::from(c))?,
            c => text.push(c),
        }
    }
    text.push('"');
    Ok(())
}

macro_rules! numbers {
    ($($method:ident: $number:ty),* $(,)?) => {$(
        fn $method(self, value: $number) -> Result<(), NotJson> {
            Ok(write!(self.0, "{value}")?)
        }
    )*};
}

impl<'a> Serializer for Json<'a> {
    type Ok = ();
    type Error = NotJson;
    type SerializeSeq = Elements<'a>;
    type SerializeTuple = Elements<'a>;
    type SerializeTupleStruct = Impossible<(), NotJson>;
    type SerializeTupleVariant = Impossible<(), NotJson>;
    type SerializeMap = Elements<'a>;
    type SerializeStruct = Elements<'a>;
    type SerializeStructVariant = Elements<'a>;

    numbers! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
    }

    fn serialize_f32(self, value: f32) -> Result<(), NotJson> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), NotJson> {
        if value.is_finite() {
            // `Debug` writes the shortest digits that give the same number.
            Ok(write!(self.0, "{value:?}")?)
        } else {
            self.serialize_unit()
        }
    }

    fn serialize_char(self, value: char) -> Result<(), NotJson> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), NotJson> {
        string(self.0, value)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), NotJson> {
        Err(NotJson)
    }

    fn serialize_none(self) -> Result<(), NotJson> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotJson> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotJson> {
        self.0.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NotJson> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), NotJson> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotJson> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), NotJson> {
        let mut object = Elements::begin(self.0, "{", "}");
        object.named(variant, value)?;
        object.finish();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'a>, NotJson> {
        Ok(Elements::begin(self.0, "[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Elements<'a>, NotJson> {
        Ok(Elements::begin(self.0, "[", "]"))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, NotJson> {
        Err(NotJson)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NotJson> {
        Err(NotJson)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Elements<'a>, NotJson> {
        Ok(Elements::begin(self.0, "{", "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Elements<'a>, NotJson> {
        Ok(Elements::begin(self.0, "{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Elements<'a>, NotJson> {
        self.0.push('{');
        string(self.0, variant)?;
        Ok(Elements::begin(self.0, ":{", "}}"))
    }
}

impl SerializeSeq for Elements<'_> {
    type Ok = ();
    type Error = NotJson;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        self.element(value)
    }

    fn end(self) -> Result<(), NotJson> {
        self.finish();
        Ok(())
    }
}

impl SerializeTuple for Elements<'_> {
    type Ok = ();
    type Error = NotJson;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        self.element(value)
    }

    fn end(self) -> Result<(), NotJson> {
        self.finish();
        Ok(())
    }
}

impl SerializeMap for Elements<'_> {
    type Ok = ();
    type Error = NotJson;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotJson> {
        self.separate();
        let start = self.text.len();
        key.serialize(Json(self.text))?;
        let is_string = self.text[start..].starts_with('"');
        is_string.then_some(()).ok_or(NotJson)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotJson> {
        self.text.push(':');
        value.serialize(Json(self.text))
    }

    fn end(self) -> Result<(), NotJson> {
        self.finish();
        Ok(())
    }
}

macro_rules! objects {
    ($($compound:ident),*) => {$(
        impl $compound for Elements<'_> {
            type Ok = ();
            type Error = NotJson;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), NotJson> {
                self.named(name, value)
            }

            fn end(self) -> Result<(), NotJson> {
                self.finish();
                Ok(())
            }
        }
    )*};
}

objects!(SerializeStruct, SerializeStructVariant);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Plain,
        Named(String),
        Placed { path: String, line: usize },
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Row {
        kinds: Vec<Kind>,
        pair: (Option<f64>, u64),
        by_name: BTreeMap<String, i64>,
        flag: bool,
    }

    #[test]
    fn a_map_needs_names() {
        assert_eq!(json_text(&BTreeMap::from([(1, 2)])), None);
        assert_eq!(json_text(&f64::NAN).as_deref(), Some("null"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_by_another_reader(
            name in any::<String>(),
            number in any::<u64>(),
            signed in any::<i64>(),
            real in proptest::num::f64::NORMAL,
            flag in any::<bool>(),
        ) {
            let row = Row {
                kinds: vec![
                    Kind::Plain,
                    Kind::Named(name.clone()),
                    Kind::Placed { path: name.clone(), line: 7 },
                ],
                pair: (flag.then_some(real), number),
                by_name: BTreeMap::from([(name, signed), ("\u{1}\n\"\\".to_owned(), 1)]),
                flag,
            };
            let text = json_text(&row).expect("it has a form");
            prop_assert_eq!(serde_json::from_str::<Row>(&text).expect("JSON"), row);
        }
    }
}
