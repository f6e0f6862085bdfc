//! Texts: keys, tags and events.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::spanned::Spanned;

use crate::model::{Piece, Text};
use crate::names::{Names, blaming, local};

/// A closure that writes a text.
pub(super) fn writer(text: &Text, spec: &TokenStream, names: &Names) -> TokenStream {
    let key = local("__key");
    let statements = statements(text, spec, names);
    quote!(|#key| { #statements })
}

/// The name of the writer, and the statements that write a text with it: for a template.
pub(super) fn writing(text: &Text, spec: &TokenStream, names: &Names) -> TokenStream {
    let key = local("__key");
    let statements = statements(text, spec, names);
    quote!(#key #statements)
}

fn statements(text: &Text, spec: &TokenStream, names: &Names) -> TokenStream {
    let krate = &names.krate;
    let key = local("__key");
    let statements = text.pieces.iter().map(|piece| match piece {
        Piece::Name => quote!(#key.literal(#spec.name());),
        Piece::SelfType => quote!(#key.self_type::<Self>();),
        Piece::Literal(text) => quote!(#key.literal(#text);),
        Piece::Part { value, stop } => {
            let stop = stop_token(*stop);
            blaming(value.span(), quote!(#krate::__part!(#key, #stop, #value);))
        }
        Piece::Rendered { index } => {
            let rendered = rendered_name(*index);
            quote!(#key.text(&#rendered);)
        }
    });
    quote!(#(#statements)*)
}

/// The same as data: text, `(stop)` for an argument, `_` for the name, `Self` for its type.
pub(super) fn template(text: &Text) -> TokenStream {
    let pieces = text.pieces.iter().filter_map(|piece| match piece {
        Piece::Literal(text) => Some(quote!(#text)),
        Piece::Part { stop, .. } => {
            let stop = stop_token(*stop);
            Some(quote!((#stop)))
        }
        Piece::Name => Some(quote!(_)),
        // A key has nothing rendered: it is written before the body.
        Piece::Rendered { .. } => None,
        Piece::SelfType => Some(quote!(Self)),
    });
    quote!([#(#pieces)*])
}

/// The local that holds a value rendered before.
pub(super) fn rendered_name(index: usize) -> Ident {
    let mut name = format_ident!("__p{index}");
    name.set_span(local("__p").span());
    name
}

/// `b':'`, or 0 at the end of a template.
pub(super) fn stop_token(stop: u8) -> Literal {
    if stop.is_ascii_graphic() || stop == b' ' {
        Literal::byte_character(stop)
    } else {
        Literal::u8_suffixed(stop)
    }
}
