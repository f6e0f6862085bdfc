//! Reasons why a value could not be decoded again from its encoding, each with its remedy.

use crate::encoding::codec::Codec;

/// A part of a value that a codec cannot encode, with the reason and the remedy for a log message.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) what: String,
    pub(crate) remedy: &'static str,
    /// `true` if the codec can encode no value of the type; `false` if the reason concerns only
    /// this value.
    pub(crate) is_of_the_type: bool,
}

/// Advice in a log message about a value that bincode or JSON cannot encode: use `MessagePack`.
pub(crate) const NAMES: &str = "write `codec = msgpack`";
/// Advice in a log message about a value that no codec can encode, because serde writes and reads
/// different fields or variants.
const ONE_WAY: &str = "remove the attribute, or write `tier = memory`";

impl Found {
    fn of_type(what: String, remedy: &'static str) -> Self {
        Self {
            what,
            remedy,
            is_of_the_type: true,
        }
    }

    fn of_value(what: String, remedy: &'static str) -> Self {
        Self {
            is_of_the_type: false,
            ..Self::of_type(what, remedy)
        }
    }

    /// Returns the reason why bincode cannot encode the struct `of`: its attribute
    /// `skip_serializing_if` leaves the field `field` out of some values.
    pub(crate) fn left_out(of: &str, field: &str) -> Self {
        let what = format!("`skip_serializing_if` omits `{field}` of `{of}`");
        Self::of_type(what, NAMES)
    }

    pub(crate) fn tagged(of: &str) -> Self {
        Self::of_type(format!("`{of}` has a `tag`"), NAMES)
    }

    pub(crate) fn one_way_fields(of: &str, written: &[&str]) -> Self {
        let what = format!(
            "`{of}` reads other fields than the {} that it writes: {} \
             (`skip_serializing`, `skip_deserializing`, two names in `rename`)",
            written.len(),
            listed(written)
        );
        Self::of_type(what, ONE_WAY)
    }

    pub(crate) fn one_way_parts(of: &str, len: usize) -> Self {
        let what = format!(
            "`{of}` reads other fields than the {len} that it writes \
             (`skip_serializing`, `skip_deserializing`)"
        );
        Self::of_type(what, ONE_WAY)
    }

    pub(crate) fn one_way_variant(of: &str, variant: &str) -> Self {
        let what = format!(
            "`{of}::{variant}` is written but cannot be read (`skip_deserializing`, two names in `rename`)"
        );
        Self::of_type(what, ONE_WAY)
    }

    pub(crate) fn moved_variant(of: &str, variant: &str) -> Self {
        let what = format!(
            "`{of}::{variant}` is read under another number than it is written (a skipped variant \
             precedes it)"
        );
        Self::of_type(what, NAMES)
    }

    pub(crate) fn deep() -> Self {
        let what = "a value has more than 127 layers, and could not be read back".to_owned();
        Self::of_value(what, "make it flatter, or write `tier = memory`")
    }

    pub(crate) fn some_of_nothing(codec: Codec) -> Self {
        let what = format!("{codec} reads a `Some` that holds nothing, as `Some(None)`, as `None`");
        Self::of_value(what, "write `codec = bincode` or `tier = memory`")
    }

    pub(crate) fn no_number() -> Self {
        let what = "a value has a `NaN` or an infinity, which is `null` in JSON".to_owned();
        Self::of_value(what, NAMES)
    }

    #[cfg(feature = "bincode")]
    pub(crate) fn without_length() -> Self {
        let what = "a value has a sequence or map of unknown length".to_owned();
        Self::of_type(what, NAMES)
    }

    #[cfg(feature = "json")]
    pub(crate) fn keys() -> Self {
        let what = "a value has a map whose keys are neither strings nor numbers".to_owned();
        Self::of_value(what, NAMES)
    }

    /// Returns the reason for not storing a value in Redis that differs from its copy after
    /// encoding and decoding.
    pub(crate) fn unlike() -> Self {
        let what = "a value that was read back differs from the one that was written".to_owned();
        let remedy = "let `Serialize` and `Deserialize` agree (`with`, `default`), or write \
                      `tier = memory`";
        Self::of_value(what, remedy)
    }
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
