//! `impl Trait` as an argument: a type parameter that has no name.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Token, Type, TypeParamBound};

/// Traits of std and serde that give nothing but a value's data. Of an argument that is in the key,
/// what the key takes of the value is then all that may matter of its type too, and a `&str` and a
/// `String` may share an entry.
const DATA: [&str; 25] = [
    "AsRef",
    "Borrow",
    "CachePart",
    "Clone",
    "Copy",
    "Debug",
    "Deref",
    "Display",
    "DoubleEndedIterator",
    "Eq",
    "ExactSizeIterator",
    "Hash",
    "Into",
    "IntoIterator",
    "Iterator",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Send",
    "Serialize",
    "Sized",
    "Sync",
    "ToOwned",
    "ToString",
    "Unpin",
];

/// Crates that `DATA` is of.
const CRATES: [&str; 4] = ["std", "core", "alloc", "serde"];

/// Returns `true` if what is computed may depend on a type that the argument's type leaves open.
pub(super) fn is_open(ty: &Type, is_in_key: bool) -> bool {
    match ty {
        Type::ImplTrait(ty) => !is_in_key || !is_data(&ty.bounds),
        Type::Reference(ty) => is_open(&ty.elem, is_in_key),
        Type::Paren(ty) => is_open(&ty.elem, is_in_key),
        Type::Group(ty) => is_open(&ty.elem, is_in_key),
        // As in a tuple.
        ty => has_impl(ty.to_token_stream()),
    }
}

fn is_data(bounds: &Punctuated<TypeParamBound, Token![+]>) -> bool {
    bounds.iter().all(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let segments = &bound.path.segments;
            let (first, last) = (segments.first(), segments.last());
            let is_known = segments.len() == 1
                || first.is_some_and(|first| CRATES.iter().any(|name| first.ident == name));
            last.is_some_and(|last| {
                let is_data = DATA.iter().any(|name| last.ident == name);
                is_known && is_data && !has_impl(last.to_token_stream())
            })
        }
        TypeParamBound::Lifetime(_) => true,
        _ => false,
    })
}

fn has_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(word) => word == "impl",
        TokenTree::Group(group) => has_impl(group.stream()),
        _ => false,
    })
}
