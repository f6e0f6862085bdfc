//! Templates for the output of the attributes. An attribute emits the parts that depend on the
//! function; the templates contain the text that is equal for all functions.
//!
//! Arguments have labels, in a fixed order. An argument that would be empty is left out where the
//! template allows it, so that short functions have short expansions.
//!
//! Arguments with the user's tokens are passed on unchanged, which keeps their spans and their
//! hygiene. The attribute also gives the names that such tokens use (`$key`, `$entry_tags`).
//! A comment explains an argument at the first template that takes it.

pub(crate) mod body;
pub(crate) mod companion;
pub(crate) mod hidden;
pub(crate) mod read;
pub(crate) mod value;
pub(crate) mod write;

#[cfg(test)]
mod tests;
