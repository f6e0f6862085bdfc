//! Types and names by which `#[write_behind]` recognises arguments.

use proc_macro2::Ident;
use quote::format_ident;
use syn::{FnArg, GenericArgument, PathArguments, Type};

/// Returns `true` if the last name in the type's path is `QueuedWrite`.
pub(crate) fn is_write_number(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|it| it.ident == "QueuedWrite"))
}

/// Returns `T` if the last part of the type's path is `Vec<T>`.
pub(crate) fn vec_of(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|it| it.ident == "Vec")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// Returns `true` if callers pass the argument `input`, which is not the number of the write.
pub(crate) fn is_passed(input: &FnArg) -> bool {
    let FnArg::Typed(input) = input else {
        return true;
    };
    !is_write_number(&input.ty) && !vec_of(&input.ty).is_some_and(is_write_number)
}

/// Returns the name of the function that has the user's body.
pub(crate) fn body_name() -> Ident {
    format_ident!("__cachekit_body")
}
