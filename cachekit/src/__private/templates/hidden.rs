//! Templates for the hidden functions that an attribute generates beside a cached function: one
//! returns the function's constants, one makes a key, and one makes a handle to an entry.

/// Expands to a function that returns the spec of a cached function: the function's name, options
/// and key template. The spec is registered at link time.
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

/// Expands to a piece of a key template. The input is `"text"` for literal text, `_` for the
/// function's name, `Self` for the types around the function, or `(stop)` for an argument.
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

/// Expands to the hidden (generated) function that makes a key of a cached function, with one
/// parameter for each argument of the cached function. A reference to the cached function, as in
/// `#[invalidates]`, calls this hidden function.
#[doc(hidden)]
#[macro_export]
macro_rules! __key_at {
    (
        // `$vis` and `$name`: the visibility and the name of the hidden function.
        function: $vis:vis $name:ident,

        // `$find_spec`: the expression that returns the cached function's spec.
        find_spec: $find_spec:expr,

        key_at: {
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?

            // `$bind`: the statements that bind the arguments' names as the user's expressions and
            // patterns expect them.
            $(bind: { $($bind:tt)* },)?

            // `$spec`: the name of the local variable that holds the spec.
            spec: $spec:ident,

            // `$write_key`: the statements that write the key. `$key`: the name of the key's writer
            // in these statements.
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

/// Expands to the hidden (generated) function that makes a handle to an entry of a cached function,
/// with one parameter for each argument of the cached function.
#[doc(hidden)]
#[macro_export]
macro_rules! __entry_at {
    (
        // `$vis` and `$name`: the visibility and the name of the hidden function.
        function: $vis:vis $name:ident,

        // `$ret`: the type of the cached function's value, which is its return type or the output
        // type of the future that it returns.
        returns: $ret:ty,

        // `$key_at`: the hidden function that makes the key, in parentheses, and its generic
        // arguments if it has generics.
        key_at: ($($key_at:tt)*),

        // `$find_spec`: the expression that returns the cached function's spec.
        find_spec: $find_spec:expr,

        entry_at: {
            // `$tier`: the tier that stores the entry, which is `memory`, `shared` (also in Redis)
            // or `replicated` (replicas in Redis).
            tier: $tier:ident,
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?

            // `$key_args`: the arguments for the call of the hidden function that makes the key.
            key: $key_args:tt,

            // `$bind`: the statements that bind the arguments' names as the user's expressions and
            // patterns expect them, and that find the cache.
            $(bind: { $($bind:tt)* },)?

            // `$cache`: the local variable that holds the cache. If the argument is absent, the
            // current cache is used.
            $(cache: $cache:ident,)?

            // `$on_value`: the closure that adds the tags, events and time to live that depend on
            // the value, as the input of `__after!`.
            $(on_value: $on_value:tt,)?

            // `$add_tags`: the statements that add the tags and events known without the value.
            // `$entry_tags`: the name of the set of tags in these statements.
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

/// Expands to the type of a handle to an entry: `ReplicatedEntry` if the entry has replicas,
/// otherwise `Entry`.
#[doc(hidden)]
#[macro_export]
macro_rules! __entry_type {
    (replicated $ret:ty) => { $crate::__private::ReplicatedEntry<$ret> };
    ($tier:ident $ret:ty) => { $crate::Entry<$ret> };
}
