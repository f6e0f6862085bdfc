//! The weight of values of a few well-known types: the bytes beside the size of the type.

use std::any::Any;
use std::sync::Arc;

/// Returns the number of bytes that `value` uses beside the size of its type, for a few well-known
/// types; 0 for others.
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
