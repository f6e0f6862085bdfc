//! Model of a function with `#[write_behind]`.

use syn::Expr;

use crate::model::text::Text;
use crate::model::{Argument, Constant, Function, Reference};

/// Model of a function with `#[write_behind]`: the function and its checked options.
pub(crate) struct QueuedFn {
    /// The function. If `items` is set, the argument with all items is replaced by one item.
    pub(crate) function: Function,
    /// Role of each argument of the function.
    pub(crate) roles: Vec<Role>,
    /// Argument with all items, of `each(item in items)`. `None`: one run carries out one write.
    pub(crate) items: Option<Argument>,
    pub(crate) key: QueueKey,
    /// Expression of the option `value = EXPR`. `None`: the writes are the values of no entry.
    pub(crate) value: Option<Expr>,
    /// `true` if each write counts; `false` if the newest write of a key replaces older writes.
    pub(crate) is_each: bool,
    pub(crate) name: Option<String>,
    /// Names and values of options with a constant duration.
    pub(crate) lengths: Vec<(&'static str, Constant)>,
    /// Names and values of options with a number.
    pub(crate) counts: Vec<(&'static str, syn::LitInt)>,
    /// Name of the variant of cachekit's enum `WhenFull`. `None`: the option is not set.
    pub(crate) when_full: Option<&'static str>,
    /// Name of the variant of cachekit's enum `Codec`. `None`: the option is not set.
    pub(crate) codec: Option<&'static str>,
}

/// Role of an argument of a function with `#[write_behind]`.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    /// The queue keeps the argument.
    Queued,
    /// Workers are given a value of the argument's type.
    Provided,
    /// The argument is the number of the write. Callers do not pass it.
    WriteNumber,
}

/// Key of a queued write.
pub(crate) enum QueueKey {
    /// The key of an entry. The write is the new value of this entry.
    Entry(Reference),
    /// The text of the option `key`.
    Text(Text),
}
