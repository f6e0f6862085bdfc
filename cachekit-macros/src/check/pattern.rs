//! Rules for patterns in place of arguments' names.

use proc_macro2::{Ident, Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Pat, Type};

use crate::check::ident_usage;
use crate::model::{Argument, Pattern};
use crate::paths::RESERVED;

/// Returns the argument at `position`. An argument that is a pattern, such as `(a, b)`, gets a
/// generated name, which differs from all names in `others`.
pub(crate) fn argument(
    position: usize,
    pat: &Pat,
    ty: &Type,
    others: &TokenStream,
) -> syn::Result<Argument> {
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
        copies: Vec::new(),
        is_open: false,
    };
    let is_copy = pattern.is_reference();
    bind(pat, is_copy, &mut pattern);
    // The generated name stands for the whole argument, and must differ from all other names,
    // because hygiene does not separate names in a signature.
    let mut name = Ident::new(&format!("arg{position}"), span);
    while ident_usage::find(others, &name).is_some() {
        name = Ident::new(&format!("{name}_"), span);
    }
    Ok(Argument {
        name,
        ty: ty.clone(),
        pattern: Some(pattern),
    })
}

/// Collects the names that a pattern binds, such as `a` and `b` in `(a, b)`. A part of the argument
/// that the pattern leaves unnamed (`_`) cannot be used by the body, so the key need not contain
/// it.
fn bind(pat: &Pat, is_copy: bool, pattern: &mut Pattern) {
    let mut all = |pats: &mut dyn Iterator<Item = &Pat>| {
        pats.for_each(|pat| bind(pat, is_copy, pattern));
    };
    match pat {
        Pat::Ident(pat) => {
            pattern.binds.push(pat.ident.clone());
            if is_copy {
                pattern.copies.push(pat.ident.clone());
            }
            if let Some((_, subpat)) = &pat.subpat {
                bind(subpat, is_copy, pattern);
            }
        }
        Pat::Tuple(pat) => all(&mut pat.elems.iter()),
        Pat::TupleStruct(pat) => all(&mut pat.elems.iter()),
        Pat::Slice(pat) => all(&mut pat.elems.iter()),
        Pat::Struct(pat) => all(&mut pat.fields.iter().map(|field| &*field.pat)),
        // All alternatives of a pattern bind the same names, so the first alternative is enough.
        Pat::Or(pat) => all(&mut pat.cases.iter().take(1)),
        Pat::Reference(pat) => bind(&pat.pat, is_copy, pattern),
        Pat::Paren(pat) => bind(&pat.pat, is_copy, pattern),
        Pat::Type(pat) => bind(&pat.pat, is_copy, pattern),
        // These patterns bind no names.
        Pat::Const(_)
        | Pat::Lit(_)
        | Pat::Path(_)
        | Pat::Range(_)
        | Pat::Rest(_)
        | Pat::Wild(_) => {}
        _ => pattern.is_open = true,
    }
}
