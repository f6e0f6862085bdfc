//! Templates for the hidden functions of a cached function: its constants, its key and its entry.

/// The constants of a function, registered at link time.
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

/// A piece of a template: a literal, `_` for the name, `(stop)` for an argument.
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

/// What a reference to an entry calls: one parameter a position.
#[doc(hidden)]
#[macro_export]
macro_rules! __key_at {
    (
        $vis:vis $name:ident $spec:expr ;
        (
            [$($generics:tt)*] ($($params:tt)*) [$($where:tt)*] { $($let:tt)* } $found:ident
            $key:ident $($write:tt)*
        )
    ) => {
        #[doc(hidden)]
        #[allow(dead_code, non_snake_case, clippy::all, clippy::pedantic, reason = "generated")]
        $vis fn $name $($generics)* ($($params)*) -> $crate::__private::Target $($where)* {
            $($let)*
            let $found = $spec;
            $crate::__private::target($found, |$key| {
                $($write)*
                $crate::__private::KeyWritten
            })
        }
    };
}

/// The entry, by the same positions.
#[doc(hidden)]
#[macro_export]
macro_rules! __entry_at {
    (
        $vis:vis $name:ident $key:ident ($($own:tt)*) $turbofish:tt ($ret:ty) $spec:expr ;
        (
            $tier:ident [$($generics:tt)*] ($($params:tt)*) [$($where:tt)*] { $($let:tt)* }
            ($($source:tt)*) $args:tt ($entry_tags:ident $($before:tt)*) ($($after:tt)*)
        )
    ) => {
        #[doc(hidden)]
        #[allow(dead_code, non_snake_case, clippy::all, clippy::pedantic, reason = "generated")]
        $vis fn $name $($generics)* ($($params)*) -> $crate::__entry_type!($tier $ret) $($where)* {
            let target = $crate::__call!(($($own)* $key) $turbofish $args);
            $($let)*
            let return_ops = $crate::__wired!($tier $ret);
            #[allow(unused_mut, reason = "there may be no labels")]
            let mut $entry_tags = $crate::__private::EntryTags::new();
            $($before)*
            let after = $crate::__after!(return_ops.after, $entry_tags, $($after)*);
            let source = $crate::__source!($($source)*);
            let entry = $crate::__private::entry(source, $spec, return_ops, target, $entry_tags, after);
            ::core::convert::Into::into(entry)
        }
    };
}

/// What the hidden function gives: whether the entry has copies is in its type.
#[doc(hidden)]
#[macro_export]
macro_rules! __entry_type {
    (replicated $ret:ty) => { $crate::__private::ReplicatedEntry<$ret> };
    ($tier:ident $ret:ty) => { $crate::Entry<$ret> };
}
