//! Encoding of values to bytes for Redis, and decoding: codecs, envelopes, compression and
//! encryption.

pub(crate) mod codec;
pub(crate) mod compress;
pub(crate) mod encryption;
pub(crate) mod envelope;
#[cfg(feature = "serde")]
pub(crate) mod json_text;
#[cfg(test)]
mod tests;
