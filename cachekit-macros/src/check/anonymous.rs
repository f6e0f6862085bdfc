//! `impl Trait` as an argument: a type parameter that has no name.

use std::collections::BTreeSet;

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

/// Those of them that give nothing.
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

/// Crates that `DATA` is of.
const CRATES: [&str; 4] = ["std", "core", "alloc", "serde"];

/// Returns `true` if what is computed may depend on a type that the argument's type leaves open.
pub(crate) fn is_open(ty: &Type, is_in_key: bool) -> bool {
    match ty {
        Type::ImplTrait(ty) => !is_in_key || !is_data(&ty.bounds),
        Type::Reference(ty) => is_open(&ty.elem, is_in_key),
        Type::Paren(ty) => is_open(&ty.elem, is_in_key),
        Type::Group(ty) => is_open(&ty.elem, is_in_key),
        // As in a tuple.
        ty => has_impl(ty.to_token_stream()),
    }
}

/// Returns `true` if what the key takes of the value is all that a body can take of it: the bounds are known,
/// and no two of them give data, as the `Display` of a `u64` and of a `&str` may be the same where
/// their `Debug` is not.
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
                    // With its parameters: `AsRef<str> + AsRef<[u8]>` are two data_traits.
                    data_traits.insert(canonical(&name, last.to_token_stream().to_string()));
                }
            }
            TypeParamBound::Lifetime(_) => {}
            _ => return false,
        }
    }
    data_traits.len() <= 1
}

/// Traits that give the same under several names.
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
