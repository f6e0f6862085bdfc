//! Templates for the companion of a cached free function, and for the functions beside a cached
//! method, which take the place of a companion.

/// Expands to the companion of a cached free function: a type with the functions `entry`,
/// `refresh`, `uncached`, `invalidate_all`, `expire_all` and `stats`.
#[doc(hidden)]
#[macro_export]
macro_rules! __companion {
    (
        // `$vis` and `$name`: the visibility and the name of the companion. Visibility and name are
        // those of the function, unless the user gives the companion another name.
        companion: $vis:vis $name:ident,

        // `$function`: the name of the cached function, for the companion's documentation.
        function: $function:literal,

        // `$ret`: the type of the cached function's value, which is its return type or the output
        // type of the future that it returns.
        returns: $ret:ty,

        // `$turbofish`: the generic arguments for calls of the hidden functions, such as `(::<T>)`.
        // If the argument is absent, the hidden functions have no generics.
        $(turbofish: $turbofish:tt,)?

        // `$cache_params`: the parameters from which `cache = EXPR` finds the cache. `$find_cache`:
        // the statements that find the cache. `$cache`: the local variable that then holds the
        // cache. If these are absent, the current cache is used.
        $(cache: ($($cache_params:tt)*) { $($find_cache:tt)* } $cache:ident,)?

        // `$spec_name`: the name of the hidden function that returns the spec. `$spec`: the
        // constants of the spec, which are the input of `__spec!`.
        spec: $spec_name:ident = $spec:tt,

        // `$key_at`: the hidden function that makes a key, as the input of `__key_at!`.
        key_at: $key_at:tt,

        // `$entry_at`: the hidden function that makes a handle to an entry, as the input of
        // `__entry_at!`.
        entry_at: $entry_at:tt,

        // The public function `entry` of the companion: its signature, and `$args`, the arguments
        // with which it calls the hidden function `__entry_at`.
        entry: {
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?
            arguments: $args:tt
        },

        // `$form`: the form of the companion's `refresh` and `uncached`, which is `plain`, `async`
        // or `sync`. `$refresh`: their signature and their call of the cached function, as the
        // input of `__refresh!`.
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

            /// Returns a handle to the entry of the cached function for these arguments.
            $vis fn entry $($($generics)*)? ($($params)*) -> $crate::Entry<$ret> $($($where)*)? {
                ::core::convert::Into::into($crate::__call!((Self::__entry_at) $($turbofish)? $args))
            }

            $crate::__refresh! { form: $form, vis: $vis, returns: $ret, call: $refresh }

            /// Removes every entry of the cached function.
            $vis fn invalidate_all($($($cache_params)*)?) -> $crate::__private::Accepted {
                $($($find_cache)*)?
                $crate::__private::invalidate_all($crate::__source!($($cache)?), Self::__spec())
            }

            /// Marks every entry of the cached function as stale (a soft invalidation).
            $vis fn expire_all($($($cache_params)*)?) -> $crate::__private::Accepted {
                $($($find_cache)*)?
                $crate::__private::expire_all($crate::__source!($($cache)?), Self::__spec())
            }

            $crate::__warm_start! {
                vis: [$vis],
                name: warm_start,
                returns: $ret,
                turbofish: [$($turbofish)?],
                cache: ($($($cache_params)*)?) { $($($find_cache)*)? } [$($cache)?],
                find_spec: Self::__spec(),
                entry_at: $entry_at
            }

            /// Returns the statistics of the cached function since the cache was built.
            $vis fn stats($($($cache_params)*)?) -> $crate::FunctionStats {
                $($($find_cache)*)?
                let source = $crate::__source!($($cache)?);
                $crate::__private::function(source, Self::__spec()).stats()
            }
        }
    };
}

/// Expands to the functions beside a cached method, in the same `impl`. These functions take the
/// place of a companion type.
#[doc(hidden)]
#[macro_export]
macro_rules! __siblings {
    (
        // `$vis`: the visibility of the cached method, which the functions beside it get too.
        vis: [$($vis:tt)*],

        // `$ret`: the type of the cached method's value, which is its return type or the output
        // type of the future that it returns.
        returns: $ret:ty,

        // `$own`: the prefix of calls between the functions beside the method, `self.` or `Self::`.
        own: ($($own:tt)*),

        // `$turbofish`: the generic arguments for calls of the hidden functions, such as `(::<T>)`.
        // If the argument is absent, the hidden functions have no generics.
        $(turbofish: $turbofish:tt,)?

        // `$spec_name`: the name of the hidden function that returns the spec. `$spec`: the
        // constants of the spec, which are the input of `__spec!`.
        spec: $spec_name:ident = $spec:tt,

        // `$key_name`: the name of the hidden function that makes a key. `$key_at`: the input of
        // `__key_at!` for this function.
        key_at: $key_name:ident $key_at:tt,

        // `$entry_name`: the name of the hidden function that makes a handle to an entry.
        // `$entry_at`: the input of `__entry_at!` for this function.
        entry_at: $entry_name:ident $entry_at:tt,

        // The public function `$entry`, which returns a handle to an entry: its signature, and
        // `$args`, the arguments with which it calls the hidden function `$entry_name`.
        entry: $entry:ident {
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?
            arguments: $args:tt
        },

        // The public function `$handle`, which returns a handle to the whole cached method: its
        // parameters, the statements that find the cache, and the local variable that then holds
        // the cache. If statements and variable are absent, the current cache is used.
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

        /// Returns a handle to the cached method as a whole: to all its entries and to its
        /// statistics.
        #[allow(dead_code, clippy::all, clippy::pedantic, reason = "generated")]
        $($vis)* fn $handle($($cache_params)*) -> $crate::FunctionHandle {
            $($($find_cache)*)?
            let handle = $crate::__private::function($crate::__source!($($cache)?), Self::$spec_name());
            $crate::__with_values! {
                handle: handle,
                returns: $ret,
                turbofish: [$($turbofish)?],
                entry_at: $entry_at
            }
        }
    };
}

/// Expands to a handle to a cached method, with the operations on the method's values. If
/// `__warm_start!` expands to nothing, expands to the handle unchanged.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_values {
    (
        // `$handle`: the handle to the cached method.
        handle: $handle:ident,
        returns: $ret:ty,
        turbofish: [],
        entry_at: { tier: shared, $($entry_at:tt)* }
    ) => {{
        let return_ops = $crate::__wired!(shared $ret);
        $handle.__with_values(&return_ops)
    }};
    (handle: $handle:ident, $($other:tt)*) => {
        $handle
    };
}

/// Expands to the companion's function `warm_start`. Expands to nothing if the function's values are
/// not both in memory and in Redis, or have a type that depends on generic arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! __warm_start {
    (
        // `$vis` and `$name`: the visibility and the name of the function.
        vis: [$($vis:tt)*],
        name: $name:ident,

        // `$ret`: the type of the cached function's value.
        returns: $ret:ty,

        // `turbofish` is empty: there are no generic arguments.
        turbofish: [],

        // The parameters and statements that find the cache, as in `__companion!`.
        cache: ($($cache_params:tt)*) { $($find_cache:tt)* } [$($cache:ident)?],

        // `$find_spec`: the expression that returns the cached function's spec.
        find_spec: $find_spec:expr,

        entry_at: { tier: shared, $($entry_at:tt)* }
    ) => {
        /// Loads the entries of at most `most` of the function's hottest keys from Redis into
        /// memory. From this call on, this process stores the function's hottest keys in Redis
        /// every minute and at a shutdown, for the warm start of other processes.
        ///
        /// Never runs the function. An entry is loaded under the conditions of a call: an entry
        /// that was invalidated, that is stale or that has another type is left out.
        ///
        /// # Cancel safety
        ///
        /// Dropping the future ends the loading. Entries that were already loaded stay in memory.
        #[inline]
        $($vis)* fn $name(most: usize, $($cache_params)*) -> $crate::__private::WarmStarted {
            #[allow(unused_imports)]
            use $crate::__private::{NoWarmStart as _, WarmStart as _};
            $($find_cache)*
            let return_ops = $crate::__wired!(shared $ret);
            let source = $crate::__source!($($cache)?);
            (&return_ops).__warm_start(source, $find_spec, most)
        }
    };
    ($($other:tt)*) => {};
}

/// Expands to a call of a function, with the generic arguments if any are given.
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

/// Expands to the companion's functions `refresh` and `uncached`. These functions take the
/// arguments of the cached function, and call the cached function.
///
/// A plain function that returns a future compiles much faster than an `async fn`. An `async fn` is
/// generated only if an argument is an `impl Trait` without written lifetimes.
#[doc(hidden)]
#[macro_export]
macro_rules! __refresh {
    (
        // With `plain`, `refresh` and `uncached` are plain functions that return a future.
        form: plain,

        // `$vis`: the visibility of the companion, which its functions get too.
        vis: $vis:vis,

        // `$ret`: the type of the cached function's value, which is its return type or the output
        // type of the future that it returns.
        returns: $ret:ty,

        // The signature of the cached function, and `$call`, a call of the cached function with its
        // own arguments.
        call: {
            $(generics: [$($generics:tt)*],)?
            params: ($($params:tt)*),
            $(where: [$($where:tt)*],)?
            call: $($call:tt)*
        }
    ) => {
        /// Calls the cached function and stores its result, even if the cache already has a value.
        #[inline]
        $vis fn refresh $($($generics)*)? ($($params)*)
            -> impl ::core::future::Future<Output = $ret> $($($where)*)?
        {
            $crate::__private::refresh(Self::__spec(), $($call)*)
        }

        /// Calls the cached function without the cache: the call neither reads nor stores an entry.
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
        /// Calls the cached function and stores its result, even if the cache already has a value.
        #[inline]
        $vis async fn refresh $($($generics)*)? ($($params)*) -> $ret $($($where)*)? {
            $crate::__private::refresh(Self::__spec(), $($call)*).await
        }

        /// Calls the cached function without the cache: the call neither reads nor stores an entry.
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
        /// Calls the cached function and stores its result, even if the cache already has a value.
        #[inline]
        $vis fn refresh $($($generics)*)? ($($params)*) -> $ret $($($where)*)? {
            $crate::__private::refresh_blocking(Self::__spec(), move || $($call)*)
        }

        /// Calls the cached function without the cache: the call neither reads nor stores an entry.
        #[inline]
        $vis fn uncached $($($generics)*)? ($($params)*) -> $ret $($($where)*)? {
            $crate::__private::uncached_blocking(Self::__spec(), move || $($call)*)
        }
    };
}
