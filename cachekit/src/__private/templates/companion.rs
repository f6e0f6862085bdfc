//! Templates for the companion of a free function, and for its counterparts beside a method.

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

/// A call of a function, with its type arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! __call {
    (($($function:tt)*) ($($turbofish:tt)*) $args:tt) => {
        $($function)* $($turbofish)* $args
    };
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
