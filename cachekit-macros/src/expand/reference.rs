//! Output of references to cached functions, as in `#[invalidates]`: calls of the generated
//! functions that make a key, a handle to an entry, or the function's constant data.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned;
use syn::{Expr, ExprPath, PathArguments};

use crate::model::{Callee, Position, Reference};
use crate::paths::{Paths, with_span};

/// Hidden function that `#[cached]` generates beside the cached function, and that other attributes
/// call.
#[derive(Clone, Copy)]
pub(crate) enum HiddenFn {
    /// Generated function that returns the constant data of a cached function (its name, options
    /// and key template). References to all entries of the cached function call this generated
    /// function.
    Spec,
    /// Generated function that returns the key of one entry of a cached function.
    Key,
    /// Generated function that returns a handle to one entry of a cached function, by which a value
    /// can be stored.
    Entry,
}

impl HiddenFn {
    fn name_beside_type(self) -> &'static str {
        match self {
            Self::Spec => "__spec",
            Self::Key => "__key_at",
            Self::Entry => "__entry_at",
        }
    }

    /// Returns the name of the hidden (generated) function beside a cached method. If a method has
    /// no such function, this name is the compiler's whole error message.
    pub(crate) fn name_beside_method(self, name: &Ident) -> Ident {
        let (kind, otherwise) = match self {
            Self::Spec => ("all", ""),
            Self::Key => ("key", "_or_a_key_or_tag"),
            Self::Entry => ("entry", ""),
        };
        let name = name.unraw();
        // The name has the user's span, at which the compiler then reports that the function is
        // missing.
        let mut hidden = format_ident!("__{kind}_of_{name}__needs_companion_Self{otherwise}");
        hidden.set_span(name.span());
        hidden
    }
}

/// Returns the call of a hidden (generated) function for a reference to a cached function, such as
/// `get_user(id)` in `#[invalidates]`.
pub(crate) fn call(reference: &Reference, hidden_fn: HiddenFn, paths: &Paths) -> TokenStream {
    let args = arguments(reference, paths);
    match &reference.callee {
        Callee::Free(path) => {
            let (path, generics) = without_generics(path, hidden_fn);
            let span = path
                .path
                .segments
                .last()
                .map_or_else(proc_macro2::Span::call_site, |last| last.ident.span());
            let hidden = Ident::new(hidden_fn.name_beside_type(), span);
            quote!(#path::#hidden #generics(#args))
        }
        Callee::Method(path) => {
            let (mut path, generics) = without_generics(path, hidden_fn);
            if let Some(last) = path.path.segments.last_mut() {
                last.ident = hidden_fn.name_beside_method(&last.ident);
            }
            quote!(#path #generics(#args))
        }
        Callee::Receiver { name, .. } if reference.args.is_none() => {
            let hidden = hidden_fn.name_beside_method(name);
            quote!(Self::#hidden())
        }
        Callee::Receiver {
            receiver,
            name,
            generics,
        } => {
            let hidden = hidden_fn.name_beside_method(name);
            quote!(#receiver.#hidden #generics(#args))
        }
    }
}

/// Returns the span at which errors about a reference point: that of the function's name.
pub(crate) fn span_of(reference: &Reference) -> Span {
    match &reference.callee {
        Callee::Free(path) | Callee::Method(path) => name_span(path),
        Callee::Receiver { name, .. } => name.span(),
    }
}

fn name_span(path: &ExprPath) -> Span {
    path.path
        .segments
        .last()
        .map_or_else(Span::call_site, |last| last.ident.span())
}

/// Returns the arguments in a reference to a cached function, such as `id` in `get_user(id)`, each
/// as a Rust reference `&id`. In this way nothing is moved before the body runs, and a `String`
/// fits a `&str`.
fn arguments(reference: &Reference, paths: &Paths) -> TokenStream {
    let private = &paths.private;
    let args = reference
        .args
        .iter()
        .flatten()
        .map(|position| match position {
            Position::NotInKey(span) => with_span(*span, quote!(#private::UNDERSCORE)),
            // A reference to an array gets no further `&`, which would prevent the coercion to a
            // slice.
            Position::Value(value) if is_slice(value) => value.to_token_stream(),
            Position::Value(value) => {
                let span = Span::call_site().located_at(value.span());
                // The group keeps the spans of the tokens in the value.
                let mut group = Group::new(Delimiter::Parenthesis, value.to_token_stream());
                group.set_span(span);
                quote_spanned!(span=> & #group)
            }
        });
    quote!(#(#args),*)
}

/// Returns `true` for a reference to an array, such as `&[1, 2]`.
fn is_slice(value: &Expr) -> bool {
    matches!(value, Expr::Reference(value) if matches!(*value.expr, Expr::Array(_)))
}

/// Splits the generic arguments `::<T>` from the end of the path of a cached function, because the
/// call of its hidden (generated) function needs them. The hidden function that returns the cached
/// function's constant data gets no generic arguments, because these data do not depend on types.
fn without_generics(path: &ExprPath, hidden_fn: HiddenFn) -> (ExprPath, Option<TokenStream>) {
    let mut path = path.clone();
    let taken = path
        .path
        .segments
        .last_mut()
        .map(|last| std::mem::replace(&mut last.arguments, PathArguments::None));
    let generics = match taken {
        Some(PathArguments::AngleBracketed(generics)) if !matches!(hidden_fn, HiddenFn::Spec) => {
            Some(generics.to_token_stream())
        }
        _ => None,
    };
    (path, generics)
}
