//! Templates for the code that the attributes generate. An attribute emits the parts that differ
//! from function to function, and the templates contain the code that is equal for all functions.
//!
//! The arguments of a template have labels (names such as `key:`), in a fixed order. An empty
//! argument is left out where the template allows that, so that short functions have short
//! expansions.
//!
//! An argument with the user's tokens is passed on unchanged, which keeps the spans and the hygiene
//! of the tokens. The attribute also gives the names that generated statements use in these
//! arguments, such as `$key` and `$entry_tags`. A comment above an argument explains the argument
//! at the first template that takes it.

pub(crate) mod body;
pub(crate) mod companion;
pub(crate) mod hidden;
pub(crate) mod queue;
pub(crate) mod read;
pub(crate) mod value;
pub(crate) mod write;

#[cfg(test)]
mod tests;
