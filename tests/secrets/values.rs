//! Values that reveal themselves when they cannot be encoded or decoded.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::VALUE;

/// A value as services have them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usual {
    pub(crate) number: u64,
    pub(crate) text: String,
}

impl Usual {
    pub(crate) fn new(number: u64) -> Self {
        Self {
            number,
            text: VALUE.to_owned(),
        }
    }
}

/// Cannot be read back.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Unreadable(pub(crate) String);

impl<'de> Deserialize<'de> for Unreadable {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text.contains(VALUE) {
            return Err(D::Error::custom(format!("cannot be read: {text}")));
        }
        Ok(Self(text))
    }
}

/// Cannot be written.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Unwritable(pub(crate) String);

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(format!("cannot be written: {}", self.0)))
    }
}
