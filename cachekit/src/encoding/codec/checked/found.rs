//! Reasons why a value could not be read back, in words, and remedies.

use crate::encoding::codec::Codec;

/// A reason why a codec cannot carry a value.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) what: String,
    pub(crate) remedy: &'static str,
    /// `true` if it holds for every value of the type.
    pub(crate) is_of_the_type: bool,
}

/// The remedy if the codecs with names can carry the value.
pub(crate) const NAMES: &str = "write `codec = msgpack`";
/// The remedy if no codec can.
const ONE_WAY: &str = "take the attribute out, or write `tier = memory`";

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

    /// Creates the reason for a field that some values have and others have not.
    pub(crate) fn left_out(of: &str, field: &str) -> Self {
        let what = format!("`skip_serializing_if` leaves out `{field}` of `{of}`");
        Self::of_type(what, NAMES)
    }

    pub(crate) fn tagged(of: &str) -> Self {
        Self::of_type(format!("`{of}` has a `tag`"), NAMES)
    }

    pub(crate) fn one_way_fields(of: &str, written: &[&str]) -> Self {
        let what = format!(
            "`{of}` is not read with the {} fields that it is written with: {} \
             (`skip_serializing`, `skip_deserializing`, two names in `rename`)",
            written.len(),
            listed(written)
        );
        Self::of_type(what, ONE_WAY)
    }

    pub(crate) fn one_way_parts(of: &str, len: usize) -> Self {
        let what = format!(
            "`{of}` is not read with the {len} fields that it is written with \
             (`skip_serializing`, `skip_deserializing`)"
        );
        Self::of_type(what, ONE_WAY)
    }

    pub(crate) fn one_way_variant(of: &str, variant: &str) -> Self {
        let what = format!(
            "`{of}::{variant}` is written and not read (`skip_deserializing`, two names in `rename`)"
        );
        Self::of_type(what, ONE_WAY)
    }

    pub(crate) fn moved_variant(of: &str, variant: &str) -> Self {
        let what = format!(
            "`{of}::{variant}` has another number when it is read (a skipped variant stands \
             before it)"
        );
        Self::of_type(what, NAMES)
    }

    pub(crate) fn deep() -> Self {
        let what = "a value has more than 127 layers, and would not be read".to_owned();
        Self::of_value(what, "make it flatter, or write `tier = memory`")
    }

    pub(crate) fn some_of_nothing(codec: Codec) -> Self {
        let what = format!("a `Some` that holds nothing is read as a `None` by {codec}");
        Self::of_value(what, "write `codec = bincode` or `tier = memory`")
    }

    pub(crate) fn no_number() -> Self {
        let what = "there is a `NaN` or an infinity, which is `null` in JSON".to_owned();
        Self::of_value(what, NAMES)
    }

    #[cfg(feature = "bincode")]
    pub(crate) fn without_length() -> Self {
        let what = "there is a sequence or map of unknown length".to_owned();
        Self::of_type(what, NAMES)
    }

    #[cfg(feature = "json")]
    pub(crate) fn keys() -> Self {
        let what = "there is a map whose keys are neither strings nor numbers".to_owned();
        Self::of_value(what, NAMES)
    }

    /// Creates the reason for a value that is written in another way after it was read back.
    pub(crate) fn unlike() -> Self {
        let what = "what is written of a value is not what is read back".to_owned();
        let remedy = "let `Serialize` and `Deserialize` agree (`with`, `default`), or write \
                      `tier = memory`";
        Self::of_value(what, remedy)
    }
}

fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
