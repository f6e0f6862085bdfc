//! Templates for the hidden functions that an attribute generates beside a cached function: for its
//! constants, its key and its entry.

/// Expands to a function that returns the spec of a cached function: its name, its options and its
/// key template. The spec is registered at link time.
#[doc(hidden)]
#[macro_export]
macro_rules! __spec {
    ($vis:vis $name:ident ([$($piece:tt)*] $($setters:tt)*)) => {
        #[doc(hidden)]
        #[allow(non_snake_case, reason = "its name is a message")]
        $vis fn $name() -> &'static $crate::__private::FnSpec {
            static __SPEC: $crate::__private::FnSpec =
                $crate::__private::FnSpec::new($crate::__site!(), ::core::file!(), ::core::line!())
                    .template(&[$($crate::__piece!($piece)),*])
                    $($setters)*;
            $crate::__register!(__SPEC);
            &__SPEC
        }
    };
}

/// Expands to a piece of a key template: `"text"`, `_` for the function's name, `Self` for the
/// types around the function, `(stop)` for an argument.
#[doc(hidden)]
#[macro_export]
macro_rules! __piece {
    (_) => {
        $crate::__private::Piece::Name
    };
    (Self) => {
        $crate::__private::Piece::SelfType
    };
    (($stop:literal)) => {
        $crate::__private::Piece::Argument($stop)
    };
    ($text:literal) => {
        $crate::__private::Piece::Literal($text)
    };
}

/// Expands to the hidden function that makes a key, with one parameter for each argument of the
/// cached function. References to the cached function, as in `#[invalidates]`, call this hidden
/// function.
#[doc(hidden)]
#[macro_export]
macro_rules! __key_at {
    (
        // The visibility and the name.
        function: $vis:vis $name:ident,

        // The expression that finds the function's spec.
        find_spec: $find_spec:expr,

        key_at: {
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?

            // The statements that bind arguments as expressions and patterns expect them.
            $(bind: { $($bind:tt)* },)?

            // The name of the local that holds the spec.
            spec: $spec:ident,

            // The statements that write the key, and the name that the writer has in them.
            key: |$key:ident| { $($write_key:tt)* }
        }
    ) => {
        #[doc(hidden)]
        #[allow(dead_code, non_snake_case, clippy::all, clippy::pedantic, reason = "generated")]
        $vis fn $name $($($generics)*)? ($($params)*) -> $crate::__private::Target $($($where)*)? {
            $($($bind)*)?
            let $spec = $find_spec;
            $crate::__private::target($spec, |$key| {
                $($write_key)*
                $crate::__private::KeyWritten
            })
        }
    };
}

/// Expands to the hidden function that makes a handle to an entry, with one parameter for each
/// argument of the cached function.
#[doc(hidden)]
#[macro_export]
macro_rules! __entry_at {
    (
        // The visibility and the name.
        function: $vis:vis $name:ident,

        // The type that the cached function returns; that of the future's output, if it returns one.
        returns: $ret:ty,

        // The function that makes the key, in parentheses, and its generic arguments if it has any.
        key_at: ($($key_at:tt)*),

        // The expression that finds the function's spec.
        find_spec: $find_spec:expr,

        entry_at: {
            // `memory`, `shared`, or `replicated`.
            tier: $tier:ident,
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?

            // The arguments of the function that makes the key.
            key: $key_args:tt,

            // The statements that bind arguments as expressions and patterns expect them, and that
            // find the cache.
            $(bind: { $($bind:tt)* },)?

            // The local that holds the cache. Absent: the current cache.
            $(cache: $cache:ident,)?

            // The closure that adds what depends on the value: the input of `__after!`.
            $(on_value: $on_value:tt,)?

            // The statements that add the tags known without the value, and the name of the tags in
            // them.
            tags: |$entry_tags:ident| { $($add_tags:tt)* }
        }
    ) => {
        #[doc(hidden)]
        #[allow(dead_code, non_snake_case, clippy::all, clippy::pedantic, reason = "generated")]
        $vis fn $name $($($generics)*)? ($($params)*)
            -> $crate::__entry_type!($tier $ret) $($($where)*)?
        {
            let target = $crate::__call!($($key_at)* $key_args);
            $($($bind)*)?
            let return_ops = $crate::__wired!($tier $ret);
            #[allow(unused_mut, reason = "there may be no tags")]
            let mut $entry_tags = $crate::__private::EntryTags::new();
            $($add_tags)*
            let after = $crate::__after!(return_ops.after, $entry_tags, $($on_value)?);
            let source = $crate::__source!($($cache)?);
            let entry = $crate::__private::entry(source, $find_spec, return_ops, target, $entry_tags, after);
            ::core::convert::Into::into(entry)
        }
    };
}

/// Expands to the type of a handle to an entry: `ReplicatedEntry` if the entry has replicas, else
/// `Entry`.
#[doc(hidden)]
#[macro_export]
macro_rules! __entry_type {
    (replicated $ret:ty) => { $crate::__private::ReplicatedEntry<$ret> };
    ($tier:ident $ret:ty) => { $crate::Entry<$ret> };
}
