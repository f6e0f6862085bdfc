//! Templates for `#[cached]`: the look-up in memory, and the computation after a miss.

/// Expands to the body of a cached function: a look-up in memory, and the computation after a miss.
#[doc(hidden)]
#[macro_export]
macro_rules! __cached {
    (
        // The kind of function: `async`, `sync`, or `detachable` for an `async` body that owns
        // its arguments.
        form: $form:ident,

        // The input of `__kept!`: the tier, and the checks of the return type.
        return_ops: ($($kept:tt)*),

        // The type that the function returns; that of the future's output, if it returns one.
        returns: $ret:ty,

        // The name of a local, and the expression that finds the function's spec for it.
        spec: $spec:ident = $find_spec:expr,

        // The local that holds the cache. Absent: the current cache.
        $(cache: $cache:ident,)?

        // The condition without which a call bypasses the cache.
        when: $when:expr,

        // The statements that write the key, and the name that the writer has in them.
        key: |$key:ident| { $($write_key:tt)* },

        // The input of `__type!` for each type in the key whose name may be unknown.
        $(types: [$($types:tt)*],)?

        // The statements that add the tags known before the call, and the name of the tags in them.
        tags: |$entry_tags:ident| { $($add_tags:tt)* },

        // The closure that adds what depends on the value: the input of `__after!`.
        $(on_value: $on_value:tt,)?

        // The arguments that the body uses: the input of `__take!`.
        arguments: $arguments:tt,

        // The user's body, in braces.
        body: $body:tt
    ) => {{
        // A closure, because a hit often needs no operations of the return type.
        let return_ops = || $crate::__kept!($ret; $($kept)*);
        let $spec = $find_spec;
        let source = $crate::__source!($($cache)?);
        #[allow(clippy::used_underscore_binding, reason = "the key may be its only use")]
        let looked = $crate::__private::try_hit(source, $spec, return_ops, $when, |$key| {
            $($write_key)*
            $crate::__private::KeyWritten
        });
        match looked {
            ::core::result::Result::Ok(hit) => hit,
            ::core::result::Result::Err(miss) => {
                let miss = $crate::__named!(miss $spec $($($types)*)?);
                $crate::__computed!(
                    $form miss return_ops ($entry_tags $($add_tags)*) [$($on_value)?] ($ret)
                    $arguments $body
                )
            }
        }
    }};
}

/// Expands to the computation after a miss.
///
/// The preparation of the computation runs in a function of its own, so that its data does not
/// occupy the stack while the body runs.
#[doc(hidden)]
#[macro_export]
macro_rules! __computed {
    (
        sync $miss:ident $return_ops:ident ($entry_tags:ident $($add_tags:tt)*) [$($on_value:tt)?]
        ($ret:ty) $arguments:tt $body:tt
    ) => {{
        let begun = $crate::__private::outlined(|| {
            #[allow(unused_mut, reason = "there may be no tags")]
            let mut $entry_tags = $crate::__private::EntryTags::new();
            $($add_tags)*
            $crate::__private::start_blocking($miss, $return_ops, $entry_tags)
        });
        let typed = $return_ops();
        let after = $crate::__after!(typed.after, $entry_tags, $($on_value)?);
        let body = $crate::__body!(sync ($ret) $arguments $body);
        $crate::__private::compute_blocking(begun, $return_ops, after, body)
    }};
    (
        $form:ident $miss:ident $return_ops:ident ($entry_tags:ident $($add_tags:tt)*)
        [$($on_value:tt)?] ($ret:ty) $arguments:tt $body:tt
    ) => {
        $crate::__private::outlined(move || {
            #[allow(unused_mut, reason = "there may be no tags")]
            let mut $entry_tags = $crate::__private::EntryTags::new();
            $($add_tags)*
            let typed = $return_ops();
            let after = $crate::__after!(typed.after, $entry_tags, $($on_value)?);
            let body = $crate::__body!($form ($ret) $arguments $body);
            $crate::__in_form_of_call!($form ($miss, $return_ops, $entry_tags, after, body))
        })
        .await
    };
}

/// Expands to the call that starts the computation of an `async` or `detachable` function.
#[doc(hidden)]
#[macro_export]
macro_rules! __in_form_of_call {
    (async $args:tt) => {
        $crate::__private::compute $args
    };
    (detachable $args:tt) => {
        $crate::__private::compute_detachable $args
    };
}

/// Expands to the miss, which bypasses the cache if a type in its key has no unique name.
#[doc(hidden)]
#[macro_export]
macro_rules! __named {
    ($miss:ident $spec:ident) => {
        $miss
    };
    ($miss:ident $spec:ident $($type:tt)+) => {
        $crate::__private::bypass_if_nameless($miss, $spec, &[$($crate::__type!($type)),+])
    };
}

/// Expands to the name of a type in a key: `"function"` for the types around the function, if the
/// function has such types, or `(name)` for another type.
#[doc(hidden)]
#[macro_export]
macro_rules! __type {
    ($own:literal) => {
        $crate::__function_path!($own).outer_types()
    };
    (($name:expr)) => {
        ::core::option::Option::Some($name)
    };
}
