//! The shape of what an attribute makes, as templates: the attribute fills in words, and all
//! that is the same for every function stands here, once.
//!
//! Arguments that hold the user's tokens are handed on as they are, so that they keep their
//! places and their hygiene. Names that such tokens use (`$key`, `$entry_tags`) are given by the
//! attribute.

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

/// Where a function finds its cache: as said, else the current one.
#[doc(hidden)]
#[macro_export]
macro_rules! __source {
    () => {
        &$crate::__private::Current
    };
    ($($said:tt)+) => {
        $($said)+
    };
}

/// A plan for a value that is to be kept: in `memory`, or in a tier that is `shared`. What judges it is
/// the attribute's, as what cannot be kept is reported there.
#[doc(hidden)]
#[macro_export]
macro_rules! __kept {
    ($ret:ty; $tier:ident $value:ident $asked:expr, $($trait:ident $name:ident $check:expr),+ $(; $($in_time:tt)+)?) => {{
        $({
            use $crate::__private::{$trait as __Also};
            let $name = $crate::__asked!($trait $ret);
            $check;
        })+
        $crate::__kept!($ret; $tier $value $asked $(; $($in_time)+)?)
    }};
    ($ret:ty; $tier:ident $value:ident $asked:expr; $($in_time:tt)+) => {
        $crate::__in_time!(($crate::__kept!($ret; $tier $value $asked)) $($in_time)+)
    };
    ($ret:ty; $tier:ident $value:ident $asked:expr) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::keep::$tier::*;
        #[allow(unused_imports, reason = "which ones are asked depends on the tier")]
        use $crate::__private::{RequireCacheable as __Keep, RequireOwned as __Own, RequireSerializable as __Store};
        let return_ops = $crate::__plan!($ret);
        let $value = (&&&&return_ops).__cachekit_cacheable();
        $asked
    }};
}

/// The same for an entry; what its value lacks is told by the function.
#[doc(hidden)]
#[macro_export]
macro_rules! __wired {
    ($tier:ident $ret:ty) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::wired::$tier::*;
        let return_ops = $crate::__plan!($ret);
        (&&&return_ops).__cachekit_serializable()
    }};
}

/// What runs when the value is there, as a closure.
#[doc(hidden)]
#[macro_export]
macro_rules! __after {
    ($return_ops:ident.$keep:ident, $entry_tags:ident,) => {
        $return_ops.$keep(|_, _| {})
    };
    ($return_ops:ident.$keep:ident, $entry_tags:ident, [$($bind:tt)*] |$ret:ident| $($then:tt)*) => {{
        $($bind)*
        $return_ops.$keep(move |$ret, $entry_tags| { $($then)* })
    }};
}

/// The user's body as a future, or a closure that is called once: `return` and `?` leave it and
/// nothing else.
///
/// An `async` block has no place for its type: `Err(Box::new(error))` would not become a
/// `Box<dyn Error>`, and a wrong type would be reported about the block. So the first `return`,
/// which never runs, says the type to later ones, and a local says it to the end.
///
/// Both capture what the body mentions, as it mentions it: a part of an argument
/// alone, and in another order. So the arguments are taken whole, in their order, under
/// their own patterns: they are dropped, and changed, as those of the plain function.
#[doc(hidden)]
#[macro_export]
macro_rules! __body {
    (async ($ret:ty) ($($arg:tt)*) $body:tt) => {
        async move {
            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<$ret> {
                return ret;
            }
            $($crate::__take!($arg);)*
            let ret: $ret = $body;
            #[allow(unreachable_code, reason = "the body may end by `return`")]
            ret
        }
    };
    (detachable ($ret:ty) ([$($owned:tt)*] $($arg:tt)*) $body:tt) => {{
        $($crate::__own!($owned);)*
        async move {
            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<$ret> {
                return ret;
            }
            $($crate::__lend!($owned);)*
            $($crate::__take!($arg);)*
            let ret: $ret = $body;
            #[allow(unreachable_code, reason = "the body may end by `return`")]
            ret
        }
    }};
    (sync ($ret:ty) () $body:tt) => {
        move || -> $ret $body
    };
    (sync ($ret:ty) ($($arg:tt)*) $body:tt) => {
        move || -> $ret {
            $($crate::__take!($arg);)*
            $body
        }
    };
}

/// Clones what is borrowed: `name`, or `(self name)` under another name.
#[doc(hidden)]
#[macro_export]
macro_rules! __own {
    (($value:tt $name:ident)) => {
        let $name = {
            #[allow(unused_imports, reason = "which one is used depends on the type")]
            use $crate::__private::own::{AnyOwned as _, Ownable as _};
            (&&$crate::__private::own::Borrowed(&*$value)).__cachekit_own()
        };
    };
    ($name:ident) => {
        $crate::__own!(($name $name));
    };
}

/// The body's own as the argument was: borrowed.
#[doc(hidden)]
#[macro_export]
macro_rules! __lend {
    (($value:tt $name:ident)) => {
        let $name = &*$name;
    };
    ($name:ident) => {
        let $name = &*$name;
    };
}

/// Takes one argument: `name`, `(mut name)`, or `[name PATTERN]` for one with a pattern.
#[doc(hidden)]
#[macro_export]
macro_rules! __take {
    ([$name:ident $($pattern:tt)+]) => {
        let $name = $name;
        #[allow(unused_variables, reason = "the key may be its only use")]
        let $($pattern)+ = $name;
    };
    ((mut $name:ident)) => {
        #[allow(unused_variables, reason = "the key may be its only use")]
        let mut $name = $name;
    };
    ($name:ident) => {
        #[allow(
            unused_variables, clippy::used_underscore_binding,
            clippy::no_effect_underscore_binding, reason = "the key may be its only use"
        )]
        let $name = $name;
    };
}

/// The companion of a free function.
#[doc(hidden)]
#[macro_export]
macro_rules! __companion {
    (
        $vis:vis $name:ident $function:literal ($ret:ty) $turbofish:tt cache ($($cache:tt)*) { $($let:tt)* } ($($source:tt)*)
        spec $spec_name:ident $spec:tt
        key_at $key_at:tt
        entry_at $entry_at:tt
        entry [$($generics:tt)*] ($($params:tt)*) [$($where:tt)*] => $args:tt
        refresh $form:ident $refresh:tt
    ) => {
        $crate::__spec!($spec_name $spec);

        #[doc = ::core::concat!("Cache controls of [`", $function, "()`].")]
        #[allow(
            non_camel_case_types, dead_code, missing_debug_implementations,
            reason = "a companion is named like its function"
        )]
        #[non_exhaustive]
        $vis struct $name {}

        #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, reason = "generated")]
        impl $name {
            #[doc(hidden)]
            $vis fn __spec() -> &'static $crate::__private::FnSpec {
                $spec_name()
            }
            $crate::__key_at!($vis __key_at Self::__spec() ; $key_at);
            $crate::__entry_at!($vis __entry_at __key_at (Self::) $turbofish ($ret) Self::__spec() ; $entry_at);

            /// The entry for these arguments.
            $vis fn entry $($generics)* ($($params)*) -> $crate::Entry<$ret> $($where)* {
                ::core::convert::Into::into($crate::__call!((Self::__entry_at) $turbofish $args))
            }

            $crate::__refresh!($vis $form ($ret) $refresh);

            /// Drops every entry of the function.
            $vis fn invalidate_all($($cache)*) -> $crate::__private::Accepted {
                $($let)*
                $crate::__private::invalidate_all($crate::__source!($($source)*), Self::__spec())
            }

            /// Ends the fresh life of every entry of the function.
            $vis fn expire_all($($cache)*) -> $crate::__private::Accepted {
                $($let)*
                $crate::__private::expire_all($crate::__source!($($source)*), Self::__spec())
            }

            /// What the cache did for the function so far.
            $vis fn stats($($cache)*) -> $crate::FunctionStats {
                $($let)*
                let source = $crate::__source!($($source)*);
                $crate::__private::function(source, Self::__spec()).stats()
            }
        }
    };
}

/// A call of a function, with its type arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! __call {
    (($($function:tt)*) ($($turbofish:tt)*) $args:tt) => {
        $($function)* $($turbofish)* $args
    };
}

/// What stands beside a method instead.
#[doc(hidden)]
#[macro_export]
macro_rules! __siblings {
    (
        [$($vis:tt)*] ($($own:tt)*) $turbofish:tt $spec_name:ident
        $handle:ident ($($cache:tt)*) { $($let:tt)* } ($($source:tt)*)
        $key_name:ident $entry_name:ident ($ret:ty)
        spec $spec:tt
        key $key_at:tt
        entry $entry_at:tt
        $entry:ident [$($generics:tt)*] ($($params:tt)*) [$($where:tt)*] => $args:tt
    ) => {
        $crate::__spec!($($vis)* $spec_name $spec);
        $crate::__key_at!($($vis)* $key_name Self::$spec_name() ; $key_at);
        $crate::__entry_at!($($vis)* $entry_name $key_name ($($own)*) $turbofish ($ret) Self::$spec_name() ; $entry_at);

        /// The entry of the cached method for these arguments.
        #[allow(dead_code, clippy::all, clippy::pedantic, reason = "generated")]
        $($vis)* fn $entry $($generics)* ($($params)*) -> $crate::Entry<$ret> $($where)* {
            ::core::convert::Into::into($crate::__call!(($($own)* $entry_name) $turbofish $args))
        }

        /// The cached method as a whole: all its entries, and its statistics.
        #[allow(dead_code, clippy::all, clippy::pedantic, reason = "generated")]
        $($vis)* fn $handle($($cache)*) -> $crate::FunctionHandle {
            $($let)*
            $crate::__private::function($crate::__source!($($source)*), Self::$spec_name())
        }
    };
}

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

/// `refresh` and `uncached` take what the function takes, and call it.
///
/// As plain functions that return a future they are much cheaper to check than as `async fn`s, which
/// are needed where an argument is an `impl Trait`: its lifetimes can be left out there alone.
#[doc(hidden)]
#[macro_export]
macro_rules! __refresh {
    ($vis:vis plain ($ret:ty) ([$($generics:tt)*] ($($params:tt)*) [$($where:tt)*] => $($call:tt)*)) => {
        /// Calls the function and stores what it returns, whatever the cache holds.
        #[inline]
        $vis fn refresh $($generics)* ($($params)*)
            -> impl ::core::future::Future<Output = $ret> $($where)*
        {
            $crate::__private::refresh(Self::__spec(), $($call)*)
        }

        /// Calls the function as it is without the cache: nothing is looked for or stored.
        #[inline]
        $vis fn uncached $($generics)* ($($params)*)
            -> impl ::core::future::Future<Output = $ret> $($where)*
        {
            $crate::__private::uncached(Self::__spec(), $($call)*)
        }
    };
    ($vis:vis async ($ret:ty) ([$($generics:tt)*] ($($params:tt)*) [$($where:tt)*] => $($call:tt)*)) => {
        /// Calls the function and stores what it returns, whatever the cache holds.
        #[inline]
        $vis async fn refresh $($generics)* ($($params)*) -> $ret $($where)* {
            $crate::__private::refresh(Self::__spec(), $($call)*).await
        }

        /// Calls the function as it is without the cache: nothing is looked for or stored.
        #[inline]
        $vis async fn uncached $($generics)* ($($params)*) -> $ret $($where)* {
            $crate::__private::uncached(Self::__spec(), $($call)*).await
        }
    };
    ($vis:vis sync ($ret:ty) ([$($generics:tt)*] ($($params:tt)*) [$($where:tt)*] => $($call:tt)*)) => {
        /// Calls the function and stores what it returns, whatever the cache holds.
        #[inline]
        $vis fn refresh $($generics)* ($($params)*) -> $ret $($where)* {
            $crate::__private::refresh_blocking(Self::__spec(), move || $($call)*)
        }

        /// Calls the function as it is without the cache: nothing is looked for or stored.
        #[inline]
        $vis fn uncached $($generics)* ($($params)*) -> $ret $($where)* {
            $crate::__private::uncached_blocking(Self::__spec(), move || $($call)*)
        }
    };
}

#[cfg(test)]
#[expect(
    clippy::allow_attributes,
    reason = "templates stand in other crates as a rule"
)]
mod tests {
    use std::sync::Arc;

    #[derive(Clone)]
    struct Local;

    #[test]
    fn only_what_may_leave_the_process_has_a_wire() {
        let shared = cfg!(feature = "redis");
        assert_eq!(
            crate::__kept!(Arc<str>; shared value __Keep::of(value))
                .wire()
                .is_some(),
            shared
        );
        assert_eq!(crate::__wired!(shared Option<u64>).wire().is_some(), shared);
        assert!(
            crate::__kept!(u64; memory value __Keep::of(value))
                .wire()
                .is_none()
        );
        assert!(crate::__wired!(memory u64).wire().is_none());
        assert_eq!(crate::__wired!(replicated u64).wire().is_some(), shared);
        assert!(
            crate::__kept!(Local; memory value __Keep::of(value))
                .wire()
                .is_none()
        );
        #[cfg(not(feature = "redis"))]
        assert!(
            crate::__kept!(Local; shared value __Keep::of(value))
                .wire()
                .is_none()
        );
        assert!(crate::__wired!(shared Local).wire().is_none());
        assert!(crate::__wired!(shared &'static str).wire().is_none());
    }
}
