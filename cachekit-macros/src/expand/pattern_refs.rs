//! References for the names that patterns bind. Keys and expressions use them before the body takes the
//! arguments.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Pat;

use crate::model::Argument;

/// Returns the statements that bind the references. `by_reference` is `true` if the arguments come by
/// reference.
pub(crate) fn pattern_bindings<'a>(
    arguments: impl Iterator<Item = &'a Argument>,
    by_reference: bool,
) -> TokenStream {
    arguments
        .filter_map(|argument| {
            let pattern = argument.pattern.as_ref()?;
            let mut written = pattern.written.clone();
            let mut references = Vec::new();
            // A `&` at the beginning of a pattern removes the argument's own.
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

/// Removes `&` from a pattern, which may not contain one as it is matched against a reference. Names
/// directly behind a removed `&` are references to references; they are collected.
fn without_references(pat: &mut Pat, is_behind: bool, references: &mut Vec<Ident>) {
    match pat {
        Pat::Reference(inner) => {
            let mut inner = (*inner.pat).clone();
            without_references(&mut inner, true, references);
            *pat = inner;
        }
        Pat::Ident(pat) => {
            // Every alternative of a pattern binds the same names.
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

/// Returns the patterns inside a pattern.
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

/// Returns a pattern without `mut` and `ref`. It is matched against a reference, so it binds references.
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
