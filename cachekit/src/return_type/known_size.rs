//! How much memory values of a few well-known types have beside the size of their type.

use std::any::Any;
use std::sync::Arc;

/// What a value that tells nothing about itself has beside the size of its type: known of a few.
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
