//! Template for functions with `#[write_behind]`.

/// Expands to the registration of a write-behind function at link time.
#[doc(hidden)]
#[macro_export]
macro_rules! __register_queue {
    ($spec:ident) => {
        $crate::__private::inventory::submit! { $crate::__private::RegisteredQueue(&$spec) }
    };
}
