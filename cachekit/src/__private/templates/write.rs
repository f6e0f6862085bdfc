//! Templates for the bodies of functions with `#[invalidates]` and `#[write_through]`.

/// Expands to the new body of a function with `#[invalidates]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __invalidates {
    (
        // `$form`: the form of the function, which is `async` or `sync`.
        form: $form:ident,

        // `$ret`: the type of the function's value, which is its return type or the output type of
        // the future that it returns.
        returns: $ret:ty,

        // `$cache`: the local variable that holds the cache. If the argument is absent, the current
        // cache is used.
        $(cache: $cache:ident,)?

        // `$on`: a variant of the enum `On`, which tells when the function invalidates: before the
        // body, or after which results.
        on: $on:ident,

        // `$add`: the statements that add the targets known before the call. `$inv`: the name of
        // the invalidation in these statements.
        invalidation: |$inv:ident| { $($add:tt)* },

        // `$on_value`: the closure that adds the targets that depend on the value, as the input of
        // `__after!`.
        $(on_value: $on_value:tt,)?

        // `$arguments`: the arguments that the user's body takes, each as an input of `__take!`.
        arguments: $arguments:tt,

        // `$body`: the user's body, in braces.
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

/// Expands to the new body of a function with `#[write_through]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __write_through {
    (
        // `$form`: the form of the function, which is `async` or `sync`.
        form: $form:ident,

        // `$ret`: the type of the function's value, which is its return type or the output type of
        // the future that it returns.
        returns: $ret:ty,

        // `$entry`: the expression that makes the handle to the entry which is written.
        entry: $entry:expr,

        // `$ordered`: the word `ordered`, if the writes have an order (`order_by`). If the argument
        // is absent, they have none.
        $(order: $ordered:ident,)?

        // `$intent`: the life of the write's mark, an `Option`. If absent: the cache's `intent`.
        $(intent: ($intent:expr),)?

        // The statements that bind the arguments that the closure `$store` captures.
        $(bind: { $($bind:tt)* },)?

        // `$store`: the closure that stores the value.
        store: ($($store:tt)*),

        // `$arguments`: the arguments that the user's body takes, each as an input of `__take!`.
        arguments: $arguments:tt,

        // `$body`: the user's body, in braces.
        body: $body:tt
    ) => {{
        let return_ops = $crate::__plan!($ret);
        let entry = $entry;
        // The closure comes first, and in a block of its own: the variables that it captures are
        // bound only in this block, before the body takes the arguments.
        $crate::__in_form!(
            $form write_through write_through_blocking (
                return_ops, entry.__pending()$(.$ordered())?$(.intent($intent))?, { $($($bind)*)? $($store)* },
                $crate::__body!($form ($ret) $arguments $body)
            )
        )
    }};
}

/// Expands to a call of one of two functions. If the annotated function is asynchronous (the word
/// `async`), the first function is called and awaited; otherwise (the word `sync`), the second
/// function is called.
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
