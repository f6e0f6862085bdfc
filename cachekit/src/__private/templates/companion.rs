//! Templates for the companion of a cached free function, and for the methods beside a cached
//! method that take its place.

/// Expands to the companion of a cached free function: the type with `entry`, `refresh` and more.
#[doc(hidden)]
#[macro_export]
macro_rules! __companion {
    (
        // The visibility and the name of the companion: those of the function, or the name that
        // the user gives.
        companion: $vis:vis $name:ident,

        // The function's name, for the documentation.
        function: $function:literal,

        // The type that the function returns; that of the future's output, if it returns one.
        returns: $ret:ty,

        // The generic arguments of the hidden functions: `(::<T>)`. Absent: they have none.
        $(turbofish: $turbofish:tt,)?

        // The parameters from which the cache is found, the statements that find it, and the local
        // that holds it. Absent: the current cache.
        $(cache: ($($cache_params:tt)*) { $($find_cache:tt)* } $cache:ident,)?

        // The name of the function that returns the spec, and its constants: the input of `__spec!`.
        spec: $spec_name:ident = $spec:tt,

        // The function that makes a key: the input of `__key_at!`.
        key_at: $key_at:tt,

        // The function that makes an entry: the input of `__entry_at!`.
        entry_at: $entry_at:tt,

        // The public function that makes an entry, and what it passes to `entry_at`.
        entry: {
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?
            arguments: $args:tt
        },

        // The form of `refresh` and `uncached`, and how they call the function: the input of
        // `__refresh!`.
        refresh: $form:ident $refresh:tt
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
            $crate::__key_at! {
                function: $vis __key_at,
                find_spec: Self::__spec(),
                key_at: $key_at
            }
            $crate::__entry_at! {
                function: $vis __entry_at,
                returns: $ret,
                key_at: ((Self::__key_at) $($turbofish)?),
                find_spec: Self::__spec(),
                entry_at: $entry_at
            }

            /// Returns a handle to the entry for these arguments.
            $vis fn entry $($($generics)*)? ($($params)*) -> $crate::Entry<$ret> $($($where)*)? {
                ::core::convert::Into::into($crate::__call!((Self::__entry_at) $($turbofish)? $args))
            }

            $crate::__refresh! { form: $form, vis: $vis, returns: $ret, call: $refresh }

            /// Removes every entry of the function.
            $vis fn invalidate_all($($($cache_params)*)?) -> $crate::__private::Accepted {
                $($($find_cache)*)?
                $crate::__private::invalidate_all($crate::__source!($($cache)?), Self::__spec())
            }

            /// Marks every entry of the function as stale (a soft invalidation).
            $vis fn expire_all($($($cache_params)*)?) -> $crate::__private::Accepted {
                $($($find_cache)*)?
                $crate::__private::expire_all($crate::__source!($($cache)?), Self::__spec())
            }

            /// Returns the statistics of the function since the cache was built.
            $vis fn stats($($($cache_params)*)?) -> $crate::FunctionStats {
                $($($find_cache)*)?
                let source = $crate::__source!($($cache)?);
                $crate::__private::function(source, Self::__spec()).stats()
            }
        }
    };
}

/// Expands to the methods beside a cached method that take the place of a companion.
#[doc(hidden)]
#[macro_export]
macro_rules! __siblings {
    (
        // The visibility of the method.
        vis: [$($vis:tt)*],

        // The type that the method returns; that of the future's output, if it returns one.
        returns: $ret:ty,

        // The prefix of calls between the siblings: `self.` or `Self::`.
        own: ($($own:tt)*),

        // The generic arguments of the hidden functions: `(::<T>)`. Absent: they have none.
        $(turbofish: $turbofish:tt,)?

        // The name of the function that returns the spec, and its constants: the input of `__spec!`.
        spec: $spec_name:ident = $spec:tt,

        // The name of the function that makes a key, and the input of `__key_at!` for it.
        key_at: $key_name:ident $key_at:tt,

        // The name of the function that makes an entry, and the input of `__entry_at!` for it.
        entry_at: $entry_name:ident $entry_at:tt,

        // The public function that makes an entry, and what it passes to `entry_at`.
        entry: $entry:ident {
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?
            arguments: $args:tt
        },

        // The public function that returns the handle: its parameters, the statements that find
        // the cache, and the local that holds it. Without the last two: the current cache.
        handle: $handle:ident ($($cache_params:tt)*) $({ $($find_cache:tt)* } $cache:ident)?
    ) => {
        $crate::__spec!($($vis)* $spec_name $spec);
        $crate::__key_at! {
            function: $($vis)* $key_name,
            find_spec: Self::$spec_name(),
            key_at: $key_at
        }
        $crate::__entry_at! {
            function: $($vis)* $entry_name,
            returns: $ret,
            key_at: (($($own)* $key_name) $($turbofish)?),
            find_spec: Self::$spec_name(),
            entry_at: $entry_at
        }

        /// Returns a handle to the entry of the cached method for these arguments.
        #[allow(dead_code, clippy::all, clippy::pedantic, reason = "generated")]
        $($vis)* fn $entry $($($generics)*)? ($($params)*) -> $crate::Entry<$ret> $($($where)*)? {
            ::core::convert::Into::into($crate::__call!(($($own)* $entry_name) $($turbofish)? $args))
        }

        /// Returns a handle to the cached method as a whole: all its entries, and its statistics.
        #[allow(dead_code, clippy::all, clippy::pedantic, reason = "generated")]
        $($vis)* fn $handle($($cache_params)*) -> $crate::FunctionHandle {
            $($($find_cache)*)?
            $crate::__private::function($crate::__source!($($cache)?), Self::$spec_name())
        }
    };
}

/// Expands to a call of a function, with generic arguments if any are given.
#[doc(hidden)]
#[macro_export]
macro_rules! __call {
    (($($function:tt)*) $args:tt) => {
        $($function)* $args
    };
    (($($function:tt)*) ($($turbofish:tt)*) $args:tt) => {
        $($function)* $($turbofish)* $args
    };
}

/// Expands to the companion's `refresh` and `uncached`, which take the function's arguments and
/// call the function.
///
/// A plain function that returns a future is compiled much faster than an `async fn`. An `async fn`
/// is needed if an argument is an `impl Trait`, whose lifetimes may be left out only there.
#[doc(hidden)]
#[macro_export]
macro_rules! __refresh {
    (
        // A function that returns a future.
        form: plain,

        // The visibility of the companion.
        vis: $vis:vis,

        // The type that the function returns; that of the future's output, if it returns one.
        returns: $ret:ty,

        // The function's own signature, and a call of it with its own arguments.
        call: {
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?
            call: $($call:tt)*
        }
    ) => {
        /// Calls the function and stores its result, even if the cache has a value.
        #[inline]
        $vis fn refresh $($($generics)*)? ($($params)*)
            -> impl ::core::future::Future<Output = $ret> $($($where)*)?
        {
            $crate::__private::refresh(Self::__spec(), $($call)*)
        }

        /// Calls the function without the cache, which is neither read nor filled.
        #[inline]
        $vis fn uncached $($($generics)*)? ($($params)*)
            -> impl ::core::future::Future<Output = $ret> $($($where)*)?
        {
            $crate::__private::uncached(Self::__spec(), $($call)*)
        }
    };
    (
        form: async,
        vis: $vis:vis,
        returns: $ret:ty,
        call: {
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?
            call: $($call:tt)*
        }
    ) => {
        /// Calls the function and stores its result, even if the cache has a value.
        #[inline]
        $vis async fn refresh $($($generics)*)? ($($params)*) -> $ret $($($where)*)? {
            $crate::__private::refresh(Self::__spec(), $($call)*).await
        }

        /// Calls the function without the cache, which is neither read nor filled.
        #[inline]
        $vis async fn uncached $($($generics)*)? ($($params)*) -> $ret $($($where)*)? {
            $crate::__private::uncached(Self::__spec(), $($call)*).await
        }
    };
    (
        form: sync,
        vis: $vis:vis,
        returns: $ret:ty,
        call: {
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?
            call: $($call:tt)*
        }
    ) => {
        /// Calls the function and stores its result, even if the cache has a value.
        #[inline]
        $vis fn refresh $($($generics)*)? ($($params)*) -> $ret $($($where)*)? {
            $crate::__private::refresh_blocking(Self::__spec(), move || $($call)*)
        }

        /// Calls the function without the cache, which is neither read nor filled.
        #[inline]
        $vis fn uncached $($($generics)*)? ($($params)*) -> $ret $($($where)*)? {
            $crate::__private::uncached_blocking(Self::__spec(), move || $($call)*)
        }
    };
}
