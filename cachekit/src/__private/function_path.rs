//! Macros that find the path of a function and the generic types around it.

/// Expands to a function that returns the path of a type, `__CachekitHere`, which the expansion
/// defines at the place of the macro call. The path contains the name of the function around it,
/// from which the name of the cached function is derived.
#[doc(hidden)]
#[macro_export]
macro_rules! __site {
    () => {{
        struct __CachekitHere;
        ::core::any::type_name::<__CachekitHere>
    }};
}

/// Expands to the path of the function in which the macro is called, such as
/// `app::users::get_user`. If the attribute gives a `name` and the function is in no generic type,
/// the path costs nothing at run time.
#[doc(hidden)]
#[macro_export]
macro_rules! __function_path {
    () => {
        $crate::__function_path!(@ "")
    };
    ($own:literal) => {
        $crate::__function_path!(@ ::core::concat!("::", $own))
    };
    (@ $own:expr) => {{
        fn __here() {}
        let names = (
            ::core::any::type_name_of_val(&__here),
            ::core::any::type_name_of_val(&|| {}),
        );
        $crate::__private::FunctionPath::new($own, names.0, names.1)
    }};
}

/// Expands to code that writes into a key the generic types whose `impl` contains the function. If
/// the type of `self` is generic, the code also writes that type.
#[doc(hidden)]
#[macro_export]
macro_rules! __outer {
    ($key:ident Self $($own:literal)?) => {
        if !$key.outer_types_of(&$crate::__function_path!($($own)?)) {
            $key.self_type::<Self>();
        }
    };
    ($key:ident $($own:literal)?) => {
        let _ = $key.outer_types_of(&$crate::__function_path!($($own)?));
    };
}
