//! Types for the position of an argument that the key leaves out, in a reference to a cached
//! function. The names of these types appear in the compiler's message if the reference has a value
//! in place of `_`, or `_` in place of a value.

use std::ops::Deref;

/// Type of the parameter for an argument that the key leaves out, in a hidden function (a generated
/// function that makes the key of a cached function). If a reference to the cached function has a
/// value in place of `_`, the compiler's message contains this type's name.
#[derive(Debug)]
#[expect(
    non_camel_case_types,
    reason = "the compiler's message has no other words"
)]
pub struct ArgumentNotInTheKey_WriteUnderscore;

/// Type of `_` in a reference to a cached function. If a reference has `_` for an argument that the
/// key contains, the compiler's message contains this type's name.
#[derive(Debug)]
pub struct UnderscoreForAnArgumentInTheKey;

impl Deref for UnderscoreForAnArgumentInTheKey {
    type Target = ArgumentNotInTheKey_WriteUnderscore;

    fn deref(&self) -> &Self::Target {
        UNUSED
    }
}

/// Short name, for generated code, of the type of a parameter for an argument that the key leaves
/// out.
pub type Unused = ArgumentNotInTheKey_WriteUnderscore;

/// Value that generated code passes for an argument that the key leaves out.
pub const UNUSED: &Unused = &ArgumentNotInTheKey_WriteUnderscore;

/// Value that generated code passes for a `_` in a reference to a cached function.
pub const UNDERSCORE: &UnderscoreForAnArgumentInTheKey = &UnderscoreForAnArgumentInTheKey;
