//! The reason why a codec did not write a value.

use crate::encoding::codec::checked::found::Found;

/// The reason why a codec did not write a value.
pub(crate) enum Unfit {
    /// The codec cannot encode a part of the value, which `Found` describes.
    #[cfg_attr(
        not(any(feature = "bincode", feature = "json")),
        expect(dead_code, reason = "`MessagePack` has a form for all")
    )]
    Type(Found),
    /// The value's own `Serialize` failed.
    Value,
}
