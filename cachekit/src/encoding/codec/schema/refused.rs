//! The error of a schema trace (a trial deserialization), without details.

use std::fmt;

/// The error that ends the deserialization of a type from sample values: the type rejected a sample
/// value, no sample value is left, or the type is larger or nested deeper than the limits.
#[derive(Debug)]
pub(crate) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl serde::de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}
