//! Templates for the bodies of functions with `#[invalidates]` and `#[write_through]`.

/// Expands to the body of a function with `#[invalidates]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __invalidates {
    (
        // The kind of function: `async` or `sync`.
        form: $form:ident,

        // The type that the function returns; that of the future's output, if it returns one.
        returns: $ret:ty,

        // The local that holds the cache. Absent: the current cache.
        $(cache: $cache:ident,)?

        // A variant of `On`: the result, or the moment, at which the function invalidates.
        on: $on:ident,

        // The statements that add what is known before the call, and the name of the invalidation
        // in them.
        invalidation: |$inv:ident| { $($add:tt)* },

        // The closure that adds what depends on the value: the input of `__after!`.
        $(on_value: $on_value:tt,)?

        // The arguments that the body uses: the input of `__take!`.
        arguments: $arguments:tt,

        // The user's body, in braces.
        body: $body:tt
    ) => {{
        let return_ops = $crate::__plan!($ret);
        let on = $crate::__private::On::$on;
        #[allow(unused_mut, reason = "everything may depend on the value")]
        let mut $inv = $crate::__private::Invalidation::new($crate::__source!($($cache)?), on);
        $($add)*
        let after = $crate::__after!(return_ops.after_write, $inv, $($on_value)?);
        let body = $crate::__body!($form ($ret) $arguments $body);
        $crate::__in_form!(
            $form with_invalidation with_invalidation_blocking (return_ops, $inv, after, body)
        )
    }};
}

/// Expands to the body of a function with `#[write_through]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __write_through {
    (
        // The kind of function: `async` or `sync`.
        form: $form:ident,

        // The type that the function returns; that of the future's output, if it returns one.
        returns: $ret:ty,

        // The expression that makes the entry.
        entry: $entry:expr,

        // `ordered`, if the writes have an order. Absent: they have none.
        $(order: $ordered:ident,)?

        // The time for which the write's mark stands, as an `Option`. Absent: the cache's.
        $(intent: ($intent:expr),)?

        // The statements that bind the arguments which `store` captures.
        $(bind: { $($bind:tt)* },)?

        // The closure that stores the value.
        store: ($($store:tt)*),

        // The arguments that the body uses: the input of `__take!`.
        arguments: $arguments:tt,

        // The user's body, in braces.
        body: $body:tt
    ) => {{
        let return_ops = $crate::__plan!($ret);
        let entry = $entry;
        // In this order, and in a block of its own: the closure's captures are bound for it
        // alone, before the body takes the arguments.
        $crate::__in_form!(
            $form write_through write_through_blocking (
                return_ops, entry.__pending()$(.$ordered())?$(.intent($intent))?, { $($($bind)*)? $($store)* },
                $crate::__body!($form ($ret) $arguments $body)
            )
        )
    }};
}

/// Expands to a call of the first function, which is awaited, if the form is `async`; of the second
/// one if the form is `sync`.
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
