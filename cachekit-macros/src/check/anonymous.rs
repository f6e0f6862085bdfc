//! Rule for `impl Trait` arguments, which are type parameters without a name.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Token, Type, TypeParamBound};

/// Traits of std and serde that give access only to a value's data. If an argument in the key has only
/// such bounds, the key contains all of its type that may matter, and a `&str` and a `String` may share an
/// entry.
const DATA: [&str; 25] = [
    "AsRef",
    "Borrow",
    "CacheKey",
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

/// Traits of `DATA` that give access to nothing.
const MARKERS: [&str; 10] = [
    "Clone",
    "Copy",
    "Eq",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Send",
    "Sized",
    "Sync",
    "Unpin",
];

/// Crates of the traits in `DATA`.
const CRATES: [&str; 4] = ["std", "core", "alloc", "serde"];

/// Returns `true` if the result may depend on a type that the argument's type leaves open.
pub(crate) fn is_open(ty: &Type, is_in_key: bool) -> bool {
    match ty {
        Type::ImplTrait(ty) => !is_in_key || !is_data(&ty.bounds),
        Type::Reference(ty) => is_open(&ty.elem, is_in_key),
        Type::Paren(ty) => is_open(&ty.elem, is_in_key),
        Type::Group(ty) => is_open(&ty.elem, is_in_key),
        // For example in a tuple.
        ty => has_impl(ty.to_token_stream()),
    }
}

/// Returns `true` if the key contains all that a body can see of the value. That is so if the bounds are
/// known and only one of them gives data: values with equal `Display` may differ in `Debug`, like a `u64`
/// and a `&str`.
fn is_data(bounds: &Punctuated<TypeParamBound, Token![+]>) -> bool {
    let mut data_traits = BTreeSet::new();
    for bound in bounds {
        match bound {
            TypeParamBound::Trait(bound) => {
                let segments = &bound.path.segments;
                let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
                    return false;
                };
                let is_known = segments.len() == 1 || CRATES.iter().any(|name| first.ident == name);
                let name = last.ident.to_string();
                if !is_known || !DATA.contains(&name.as_str()) || has_impl(last.to_token_stream()) {
                    return false;
                }
                if !MARKERS.contains(&name.as_str()) {
                    // With its parameters: `AsRef<str> + AsRef<[u8]>` are two traits.
                    data_traits.insert(canonical(&name, last.to_token_stream().to_string()));
                }
            }
            TypeParamBound::Lifetime(_) => {}
            _ => return false,
        }
    }
    data_traits.len() <= 1
}

/// Returns one name for traits that give access to the same data.
fn canonical(name: &str, spelled: String) -> String {
    match name {
        "DoubleEndedIterator" | "ExactSizeIterator" | "Iterator" | "IntoIterator" => {
            "Iterator".to_owned()
        }
        "Display" | "ToString" => "Display".to_owned(),
        _ => spelled,
    }
}

fn has_impl(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(word) => word == "impl",
        TokenTree::Group(group) => has_impl(group.stream()),
        _ => false,
    })
}
