//! Templates for the output of the attributes. An attribute emits the parts that depend on the
//! function. The templates contain the code that is equal for all functions.
//!
//! The arguments of a template have labels, in a fixed order. An empty argument is left out where
//! the template allows that, so that short functions have short expansions.
//!
//! Arguments with the user's tokens are passed on unchanged, which keeps the tokens' spans and
//! hygiene. The attribute also gives the names that such tokens use (`$key`, `$entry_tags`). A
//! comment explains an argument at the first template that takes the argument.

pub(crate) mod body;
pub(crate) mod companion;
pub(crate) mod hidden;
pub(crate) mod read;
pub(crate) mod value;
pub(crate) mod write;

#[cfg(test)]
mod tests;
