//! What stands in the position of an argument that is not in a key: the names are what the compiler
//! says where something else stands there, or nothing.

use std::ops::Deref;

/// What the position takes: it is missed where `_` is forgotten.
#[derive(Debug)]
#[expect(
    non_camel_case_types,
    reason = "the compiler's message has no other words"
)]
pub struct ArgumentNotInTheKey_WriteUnderscore;

/// What `_` becomes: it is what was found where a value is missed.
#[derive(Debug)]
pub struct UnderscoreForAnArgumentInTheKey;

impl Deref for UnderscoreForAnArgumentInTheKey {
    type Target = ArgumentNotInTheKey_WriteUnderscore;

    fn deref(&self) -> &Self::Target {
        UNUSED
    }
}

/// What the position takes a reference to.
pub type Unused = ArgumentNotInTheKey_WriteUnderscore;

/// What generated code passes on.
pub const UNUSED: &Unused = &ArgumentNotInTheKey_WriteUnderscore;

/// What generated code writes for `_`.
pub const UNDERSCORE: &UnderscoreForAnArgumentInTheKey = &UnderscoreForAnArgumentInTheKey;
