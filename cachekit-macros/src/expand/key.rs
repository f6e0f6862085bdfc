//! Texts: keys, tags and events.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::spanned::Spanned;

use crate::model::{Piece, Text};
use crate::names::{Names, blaming, local};

/// A closure that writes a text.
pub(super) fn writer(text: &Text, spec: &TokenStream, names: &Names) -> TokenStream {
    let krate = &names.krate;
    let key = local("__key");
    let statements = text.pieces.iter().map(|piece| match piece {
        Piece::Name => quote!(#key.literal(#spec.name());),
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
    quote!(|#key| { #(#statements)* })
}

/// The same as data, for the registry.
pub(super) fn template(text: &Text, names: &Names) -> TokenStream {
    let private = &names.private;
    let pieces = text.pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => quote!(#private::Piece::Literal(#text)),
        Piece::Part { stop, .. } => {
            let stop = stop_token(*stop);
            quote!(#private::Piece::Argument(#stop))
        }
        // A key has nothing rendered: it is written before the body.
        Piece::Name | Piece::Rendered { .. } => quote!(#private::Piece::Name),
    });
    quote!(&[#(#pieces),*])
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
