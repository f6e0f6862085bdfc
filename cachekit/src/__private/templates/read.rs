//! Templates for `#[cached]`: a lookup, and on a miss a computation.

/// The body of a cached function: look, and on a miss compute.
#[doc(hidden)]
#[macro_export]
macro_rules! __cached {
    (
        $form:ident ($($kept:tt)*) ($ret:ty) ($spec:ident = $find:expr, ($($source:tt)*), $when:expr)
        ($key:ident $($write:tt)*) $([$($types:tt)*])?
        ($entry_tags:ident $($before:tt)*) ($($after:tt)*) $taken:tt $body:tt
    ) => {{
        // A hit has no need of it.
        let return_ops = || $crate::__kept!($ret; $($kept)*);
        let $spec = $find;
        let source = $crate::__source!($($source)*);
        #[allow(clippy::used_underscore_binding, reason = "the key may be its only use")]
        let looked = $crate::__private::try_hit(source, $spec, return_ops, $when, |$key| {
            $($write)*
            $crate::__private::KeyWritten
        });
        match looked {
            ::core::result::Result::Ok(hit) => hit,
            ::core::result::Result::Err(miss) => {
                let miss = $crate::__named!(miss $spec $($($types)*)?);
                $crate::__computed!(
                    $form miss return_ops ($entry_tags $($before)*) ($($after)*) ($ret) $taken $body
                )
            }
        }
    }};
}

/// What a miss does. What is needed to begin is made in a function of its own: it is to be off the
/// stack when the body runs.
#[doc(hidden)]
#[macro_export]
macro_rules! __computed {
    (
        sync $miss:ident $return_ops:ident ($entry_tags:ident $($before:tt)*) ($($after:tt)*) ($ret:ty)
        $taken:tt $body:tt
    ) => {{
        let begun = $crate::__private::outlined(|| {
            #[allow(unused_mut, reason = "there may be no labels")]
            let mut $entry_tags = $crate::__private::EntryTags::new();
            $($before)*
            $crate::__private::begin_blocking($miss, $return_ops, $entry_tags)
        });
        let typed = $return_ops();
        let after = $crate::__after!(typed.after, $entry_tags, $($after)*);
        let body = $crate::__body!(sync ($ret) $taken $body);
        $crate::__private::compute_blocking(begun, $return_ops, after, body)
    }};
    (
        $form:ident $miss:ident $return_ops:ident ($entry_tags:ident $($before:tt)*) ($($after:tt)*) ($ret:ty)
        $taken:tt $body:tt
    ) => {
        $crate::__private::outlined(move || {
            #[allow(unused_mut, reason = "there may be no labels")]
            let mut $entry_tags = $crate::__private::EntryTags::new();
            $($before)*
            let typed = $return_ops();
            let after = $crate::__after!(typed.after, $entry_tags, $($after)*);
            let body = $crate::__body!($form ($ret) $taken $body);
            $crate::__in_form_of_call!($form ($miss, $return_ops, $entry_tags, after, body))
        })
        .await
    };
}

/// Begins to compute, in one of the forms.
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

/// The call, past the cache where a type in its key has no name of its own.
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

/// What a type in a key is called: those around a function, of which there may be none, or another.
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
