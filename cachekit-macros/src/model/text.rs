//! Text of a key, a tag or an event.

use proc_macro2::{Ident, TokenStream};

/// Text of a key, a tag or an event, which generated code makes from values at run time.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) pieces: Vec<Piece>,
}

/// Piece of the text of a key, a tag or an event.
#[derive(Clone)]
pub(crate) enum Piece {
    /// Name of the cached function.
    Name,
    /// Types of the `impl` or trait around the function. The attribute cannot see what is around
    /// its function, so the crate cachekit finds these types at run time and writes them into the
    /// key.
    OuterTypes {
        /// `true` if the function has a receiver. If the type of `self` is generic, the key
        /// contains this type.
        of_self: bool,
    },
    /// Literal text of the key, tag or event.
    Literal(String),
    /// Value that is written into the text. `stop` is the first byte of the literal text after the
    /// value, or 0 if none follows.
    Part { value: TokenStream, stop: u8 },
    /// Type of an `impl Trait` argument. `stop` is the first byte of the literal text after the
    /// type, or 0 if none follows.
    TypeOf {
        name: Ident,
        /// `true` if the variable with the argument's name contains a reference to the argument,
        /// and not the argument itself.
        is_reference: bool,
        stop: u8,
    },
    /// Argument that was rendered as text before the body took the argument. The text is in the
    /// local variable `__p0` for the index 0, `__p1` for the index 1.
    Rendered { index: usize },
}
