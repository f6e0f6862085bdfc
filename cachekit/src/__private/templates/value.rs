//! Templates that dispatch on the type of a cached function's value.

/// Expands to the `ReturnOps` (the table of functions) of a return type, and checks that the cache
/// can store the value: in memory only for the word `memory`, or also in Redis for the word
/// `shared`. The compiler reports a failed check at the return type in the user's code.
#[doc(hidden)]
#[macro_export]
macro_rules! __kept {
    ($ret:ty; $tier:ident $value:ident $checked:expr, $($trait:ident $name:ident $check:expr),+ $(; $($in_time:tt)+)?) => {{
        $({
            use $crate::__private::{$trait as __Also};
            let $name = $crate::__asked!($trait $ret);
            $check;
        })+
        $crate::__kept!($ret; $tier $value $checked $(; $($in_time)+)?)
    }};
    ($ret:ty; $tier:ident $value:ident $checked:expr; $($in_time:tt)+) => {
        $crate::__in_time!(($crate::__kept!($ret; $tier $value $checked)) $($in_time)+)
    };
    ($ret:ty; $tier:ident $value:ident $checked:expr) => {{
        #[allow(unused_imports, reason = "which one is used depends on the type")]
        use $crate::__private::keep::$tier::*;
        #[allow(unused_imports, reason = "which ones are used depends on the tier")]
        use $crate::__private::{RequireCacheable as __Keep, RequireOwned as __Own, RequireSerializable as __Store};
        let return_ops = $crate::__plan!($ret);
        let $value = (&&&&return_ops).__cachekit_cacheable();
        $checked
    }};
}

/// Expands to the `ReturnOps` (the table of functions) of a return type for a handle to an entry.
/// This macro checks nothing, because the expansion of the cached function's body checks the type.
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
