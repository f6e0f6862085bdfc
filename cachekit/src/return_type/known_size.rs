//! The weight of values of a few well-known types, in builds or for types without serde.

use std::any::Any;
use std::sync::Arc;

/// Returns the number of bytes that `value` takes in memory in addition to the size of its type.
/// Returns 0 if the type of `value` is none of a few well-known types, such as `String`.
pub(crate) fn heap_of_known(value: &dyn Any) -> usize {
    macro_rules! lengths {
        ($($type:ty)*) => {
            $(if let Some(value) = value.downcast_ref::<$type>() {
                return value.len();
            })*
        };
    }
    lengths! { String Vec<u8> Box<str> Box<[u8]> Arc<str> Arc<[u8]> Arc<String> Arc<Vec<u8>> }
    0
}
