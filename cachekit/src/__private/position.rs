//! Types for the position of an argument that the key leaves out, in a reference to a cached
//! function. The names of these types are the compiler's message if a reference has another value
//! in that position, or none.

use std::ops::Deref;

/// Type of an argument's position in a reference to a cached function whose key leaves the argument
/// out. The compiler names this type if the reference has a value in place of `_`.
#[derive(Debug)]
#[expect(
    non_camel_case_types,
    reason = "the compiler's message has no other words"
)]
pub struct ArgumentNotInTheKey_WriteUnderscore;

/// Type of `_` in a reference to a cached function. The compiler names this type if the reference
/// has `_` in the position of an argument that is in the key.
#[derive(Debug)]
pub struct UnderscoreForAnArgumentInTheKey;

impl Deref for UnderscoreForAnArgumentInTheKey {
    type Target = ArgumentNotInTheKey_WriteUnderscore;

    fn deref(&self) -> &Self::Target {
        UNUSED
    }
}

/// Short name, for generated code, of the type of an argument's position that the key leaves out.
pub type Unused = ArgumentNotInTheKey_WriteUnderscore;

/// Value that generated code passes in the position of an argument that the key leaves out.
pub const UNUSED: &Unused = &ArgumentNotInTheKey_WriteUnderscore;

/// Value that generated code writes in place of a `_` in a reference to a cached function.
pub const UNDERSCORE: &UnderscoreForAnArgumentInTheKey = &UnderscoreForAnArgumentInTheKey;
