//! Arguments that are taken apart where they are taken.

use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{Pat, Type};

use crate::model::{Argument, Pattern};
use crate::names::RESERVED;

/// The argument at `position`; its name is a local of the expansion where a pattern stands.
pub(super) fn argument(position: usize, pat: &Pat, ty: &Type) -> syn::Result<Argument> {
    if let Pat::Ident(pat) = pat
        && pat.by_ref.is_none()
        && pat.subpat.is_none()
    {
        if pat.ident.to_string().starts_with(RESERVED) {
            let message = format!("names that begin with `{RESERVED}` are reserved");
            return Err(syn::Error::new(pat.ident.span(), message));
        }
        return Ok(Argument {
            name: pat.ident.clone(),
            ty: ty.clone(),
            pattern: None,
        });
    }
    let span = Span::mixed_site().located_at(pat.span());
    let mut pattern = Pattern {
        written: pat.clone(),
        binds: Vec::new(),
        is_whole: true,
    };
    bind(pat, &mut pattern);
    // A name that stands for the whole argument: nobody else can mean it.
    let name = Ident::new(&format!("arg{position}"), span);
    Ok(Argument {
        name,
        ty: ty.clone(),
        pattern: Some(pattern),
    })
}

/// Notes what a pattern binds, and whether that is all there is.
fn bind(pat: &Pat, pattern: &mut Pattern) {
    match pat {
        Pat::Ident(pat) => {
            pattern.binds.push(pat.ident.clone());
            if let Some((_, subpat)) = &pat.subpat {
                bind(subpat, pattern);
            }
        }
        Pat::Tuple(pat) => pat.elems.iter().for_each(|pat| bind(pat, pattern)),
        Pat::TupleStruct(pat) => pat.elems.iter().for_each(|pat| bind(pat, pattern)),
        Pat::Slice(pat) => pat.elems.iter().for_each(|pat| bind(pat, pattern)),
        Pat::Struct(pat) => {
            pattern.is_whole &= pat.rest.is_none();
            pat.fields
                .iter()
                .for_each(|field| bind(&field.pat, pattern));
        }
        Pat::Reference(pat) => bind(&pat.pat, pattern),
        Pat::Paren(pat) => bind(&pat.pat, pattern),
        Pat::Type(pat) => bind(&pat.pat, pattern),
        // `_`, `..` and whatever else may stand for any value.
        _ => pattern.is_whole = false,
    }
}
