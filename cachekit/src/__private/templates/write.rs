//! Templates for `#[invalidates]` and `#[write_through]`.

/// The body of a function that invalidates.
#[doc(hidden)]
#[macro_export]
macro_rules! __invalidates {
    (
        $form:ident ($ret:ty) (($($source:tt)*), $on:ident)
        ($inv:ident $($before:tt)*) ($($after:tt)*) $taken:tt $body:tt
    ) => {{
        let return_ops = $crate::__plan!($ret);
        let on = $crate::__private::On::$on;
        #[allow(unused_mut, reason = "everything may depend on the value")]
        let mut $inv = $crate::__private::Invalidation::new($crate::__source!($($source)*), on);
        $($before)*
        let after = $crate::__after!(return_ops.after_write, $inv, $($after)*);
        let body = $crate::__body!($form ($ret) $taken $body);
        $crate::__in_form!(
            $form with_invalidation with_invalidation_blocking (return_ops, $inv, after, body)
        )
    }};
}

/// The body of a function that writes an entry through. `$store` is what stores.
#[doc(hidden)]
#[macro_export]
macro_rules! __write_through {
    (
        $form:ident ($ret:ty) ($entry:expr) $($ordered:ident)? [$($bind:tt)*] ($($store:tt)*)
        $taken:tt $body:tt
    ) => {{
        let return_ops = $crate::__plan!($ret);
        let entry = $entry;
        // In this order, and in a block of its own: what the closure keeps is bound for it
        // alone, before the body takes the arguments.
        $crate::__in_form!(
            $form write_through write_through_blocking (
                return_ops, entry.__pending()$(.$ordered())?, { $($bind)* $($store)* },
                $crate::__body!($form ($ret) $taken $body)
            )
        )
    }};
}

/// Calls the runtime's function for an asynchronous form, or for a synchronous one.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_form {
    (async $name:ident $blocking:ident ($($args:tt)*)) => {
        $crate::__private::$name($($args)*).await
    };
    (sync $name:ident $blocking:ident ($($args:tt)*)) => {
        $crate::__private::$blocking($($args)*)
    };
}
