//! Rules for `impl Trait` arguments, which are type parameters without a name.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Token, Type, TypeParamBound};

/// Traits of std and serde that give access only to a value's data. Two arguments of different
/// types with such a bound, such as a `&str` and a `String`, share an entry if their data are
/// equal, because the key contains the data.
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

/// Traits in `DATA` that give access to no data, such as `Send`.
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

/// Crates in which the traits of `DATA` are defined.
const CRATES: [&str; 4] = ["std", "core", "alloc", "serde"];

/// Returns `true` if the function's result may depend on a type that the argument's declared type
/// leaves open, as `impl Trait` does. The key must then contain the type's name.
pub(crate) fn is_open(ty: &Type, is_in_key: bool) -> bool {
    match ty {
        Type::ImplTrait(ty) => !is_in_key || !is_data(&ty.bounds),
        Type::Reference(ty) => is_open(&ty.elem, is_in_key),
        Type::Paren(ty) => is_open(&ty.elem, is_in_key),
        Type::Group(ty) => is_open(&ty.elem, is_in_key),
        // A tuple, for example, may contain an `impl Trait`.
        ty => has_impl(ty.to_token_stream()),
    }
}

/// Returns `true` if the key contains all data that the body can get from a value with these
/// `bounds`. For that, all bounds must be known traits, and at most one of them may give data: a
/// `u64` and a `&str` with equal `Display` may differ in `Debug`.
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
                    // The type parameters are part of the trait's identity: `AsRef<str>` and
                    // `AsRef<[u8]>` are two traits.
                    data_traits.insert(canonical(&name, last.to_token_stream().to_string()));
                }
            }
            TypeParamBound::Lifetime(_) => {}
            _ => return false,
        }
    }
    data_traits.len() <= 1
}

/// Returns one common name for traits that give access to the same data.
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
