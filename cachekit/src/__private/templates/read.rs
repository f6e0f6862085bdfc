//! Templates for `#[cached]`: the look-up in memory, and the computation after a miss.

/// Expands to the new body of a cached function: a look-up in memory, and the computation after a
/// miss.
#[doc(hidden)]
#[macro_export]
macro_rules! __cached {
    (
        // `$form`: the form of the function, which is `async`, `sync`, or `detachable` for an
        // `async` body that owns its arguments.
        form: $form:ident,

        // `$kept`: the tier and the checks of the return type, as the input of `__kept!`.
        return_ops: ($($kept:tt)*),

        // `$ret`: the type of the function's value, which is its return type or the output type of
        // the future that it returns.
        returns: $ret:ty,

        // `$spec`: the name of a local variable for the function's spec. `$find_spec`: the
        // expression that returns the spec.
        spec: $spec:ident = $find_spec:expr,

        // `$cache`: the local variable that holds the cache. If the argument is absent, the current
        // cache is used.
        $(cache: $cache:ident,)?

        // `$when`: the condition from `when = EXPR`. If the condition is false, the call bypasses
        // the cache.
        when: $when:expr,

        // `$write_key`: the statements that write the key. `$key`: the name of the key's writer in
        // these statements.
        key: |$key:ident| { $($write_key:tt)* },

        // `$types`: the types in the key that may have no unique name, each as an input of
        // `__type!`.
        $(types: [$($types:tt)*],)?

        // `$add_tags`: the statements that add the tags and events known before the call.
        // `$entry_tags`: the name of the set of tags in these statements.
        tags: |$entry_tags:ident| { $($add_tags:tt)* },

        // `$on_value`: the closure that adds the tags, events and time to live that depend on the
        // value, as the input of `__after!`.
        $(on_value: $on_value:tt,)?

        // `$arguments`: the arguments that the user's body takes, each as an input of `__take!`.
        arguments: $arguments:tt,

        // `$body`: the user's body, in braces.
        body: $body:tt
    ) => {{
        // `return_ops` is a closure, because a hit often needs no operations of the return type.
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

/// Expands to the computation of a cached function after a miss.
///
/// The function `outlined` collects the entry's tags and begins the computation in a stack frame of
/// its own. Its local variables therefore occupy no stack while the user's body runs.
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

/// Expands to the call that starts the computation of an asynchronous cached function. The input
/// begins with `async` if the computation ends with its caller, and with `detachable` if the
/// computation can continue in the background.
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

/// Expands to the miss with which a call computes. If a type in the call's key has no unique name,
/// the call bypasses the cache: it neither reads nor stores an entry.
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

/// Expands to the name of a type in a key. The input is `"function"` for the types around the
/// function, or `(name)` for another type. A name is an `Option`, and `None` means that the name is
/// not unique.
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
