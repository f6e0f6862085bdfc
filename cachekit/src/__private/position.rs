//! Types for the position of an argument that is not in a key. Their names are the compiler's message
//! if a reference has another value in that position, or none.

use std::ops::Deref;

/// Type of the position. The compiler names it if a reference has a value in place of `_`.
#[derive(Debug)]
#[expect(
    non_camel_case_types,
    reason = "the compiler's message has no other words"
)]
pub struct ArgumentNotInTheKey_WriteUnderscore;

/// Type of `_` in a reference. The compiler names it if a reference has `_` in place of a value.
#[derive(Debug)]
pub struct UnderscoreForAnArgumentInTheKey;

impl Deref for UnderscoreForAnArgumentInTheKey {
    type Target = ArgumentNotInTheKey_WriteUnderscore;

    fn deref(&self) -> &Self::Target {
        UNUSED
    }
}

/// Short name for the type of the position.
pub type Unused = ArgumentNotInTheKey_WriteUnderscore;

/// Value that generated code passes in the position.
pub const UNUSED: &Unused = &ArgumentNotInTheKey_WriteUnderscore;

/// Value that generated code writes for `_`.
pub const UNDERSCORE: &UnderscoreForAnArgumentInTheKey = &UnderscoreForAnArgumentInTheKey;
