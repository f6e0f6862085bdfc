//! Output of references to the values that arguments' patterns bind. Keys and expressions use these
//! references before the body takes the arguments.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Pat;

use crate::model::Argument;

/// Returns the statements that bind the names of each argument's pattern to references.
/// `by_reference` is `true` if the statements are in a generated function that takes every argument
/// by reference, such as the function that makes a key.
pub(crate) fn pattern_bindings<'a>(
    arguments: impl Iterator<Item = &'a Argument>,
    by_reference: bool,
) -> TokenStream {
    arguments
        .filter_map(|argument| {
            let pattern = argument.pattern.as_ref()?;
            let mut written = pattern.written.clone();
            let mut references = Vec::new();
            // A pattern that begins with `&` matches the reference in the argument's own type, so
            // it needs no change.
            if !pattern.is_reference() {
                without_references(&mut written, false, &mut references);
            }
            let written = bare(written.to_token_stream());
            let name = &argument.name;
            let is_reference = by_reference || argument.referent().is_some();
            let borrow = (!is_reference).then(|| quote!(&));
            Some(quote! {
                #[allow(unused_variables, reason = "a pattern may bind more than the key names")]
                let #written = #borrow #name;
                #(
                    #[allow(unused_variables, reason = "a pattern may bind more than the key names")]
                    let #references = &**#references;
                )*
            })
        })
        .collect()
}

/// Removes each `&` from a pattern that is matched against a reference, because such a pattern must
/// not contain one. A name directly behind a removed `&` is bound to a reference to a reference;
/// such names are collected in `references`.
fn without_references(pat: &mut Pat, is_behind: bool, references: &mut Vec<Ident>) {
    match pat {
        Pat::Reference(inner) => {
            let mut inner = (*inner.pat).clone();
            without_references(&mut inner, true, references);
            *pat = inner;
        }
        Pat::Ident(pat) => {
            // All alternatives of a pattern bind the same names.
            if is_behind && !references.contains(&pat.ident) {
                references.push(pat.ident.clone());
            }
            if let Some((_, subpat)) = &mut pat.subpat {
                without_references(subpat, is_behind, references);
            }
        }
        Pat::Paren(pat) => without_references(&mut pat.pat, is_behind, references),
        Pat::Type(pat) => without_references(&mut pat.pat, is_behind, references),
        _ => {
            for part in parts(pat) {
                without_references(part, false, references);
            }
        }
    }
}

/// Returns the patterns directly inside `pat`.
fn parts(pat: &mut Pat) -> Vec<&mut Pat> {
    match pat {
        Pat::Or(pat) => pat.cases.iter_mut().collect(),
        Pat::Slice(pat) => pat.elems.iter_mut().collect(),
        Pat::Struct(pat) => pat.fields.iter_mut().map(|field| &mut *field.pat).collect(),
        Pat::Tuple(pat) => pat.elems.iter_mut().collect(),
        Pat::TupleStruct(pat) => pat.elems.iter_mut().collect(),
        _ => Vec::new(),
    }
}

/// Returns a pattern without `mut` and `ref`. Matched against a reference, the pattern binds its
/// names to references.
fn bare(pattern: TokenStream) -> TokenStream {
    let kept = pattern.into_iter().filter_map(|tree| match tree {
        TokenTree::Ident(word) if word == "mut" || word == "ref" => None,
        TokenTree::Group(group) => {
            let mut inside = Group::new(group.delimiter(), bare(group.stream()));
            inside.set_span(group.span());
            Some(TokenTree::Group(inside))
        }
        other => Some(other),
    });
    kept.collect()
}
