//! Output of the statements that write texts: keys, tags and events.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned;

use crate::model::text::{Piece, Text};
use crate::paths::{Paths, local, with_span};

/// Returns the statements that write a tag, an event or an invalidated key, and pass it to the
/// method `method` of the variable `taker`. The statements contain no closure, because a closure
/// costs the compiler as much as a function.
pub(crate) fn write_text(text: &Text, taker: &Ident, method: &str, paths: &Paths) -> TokenStream {
    if let [Piece::Literal(text)] = &text.pieces[..] {
        let method = format_ident!("{method}_of");
        return quote!(#taker.#method(#text););
    }
    let (key, method) = (local("__key"), format_ident!("{method}"));
    let buffer = format_ident!("{}", if method == "key" { "key_text" } else { "text" });
    // The function's name and the types around the function are only in the key of a cached
    // function, not in this text.
    let statements = statements(text, &TokenStream::new(), None, paths);
    quote!({ let #key = &mut #taker.#buffer(); #statements #taker.#method(#key); })
}

/// Returns `|writer| { statements }` for a macro of cachekit: statements that write a key. `own` is
/// the name of the function that contains these statements, if that function is the cached one.
pub(crate) fn write_key(
    text: &Text,
    spec: &TokenStream,
    own: Option<&Ident>,
    paths: &Paths,
) -> TokenStream {
    let key = local("__key");
    let statements = statements(text, spec, own, paths);
    quote!(|#key| { #statements })
}

/// Returns a function's name as the compiler writes it in paths.
pub(crate) fn path_of(own: &Ident) -> String {
    own.unraw().to_string()
}

/// Returns the expression for the name of an argument's type.
pub(crate) fn type_of(name: &Ident, is_reference: bool) -> TokenStream {
    let borrow = (!is_reference).then(|| quote!(&));
    quote!(::core::any::type_name_of_val(#borrow #name))
}

fn statements(text: &Text, spec: &TokenStream, own: Option<&Ident>, paths: &Paths) -> TokenStream {
    let krate = &paths.krate;
    let key = local("__key");
    let own = own.map(path_of);
    let statements = text.pieces.iter().map(|piece| match piece {
        Piece::Name => quote!(#key.literal(#spec.name());),
        Piece::OuterTypes { of_self } => {
            let this = of_self.then(|| quote!(Self));
            quote!(#krate::__outer!(#key #this #own);)
        }
        Piece::TypeOf {
            name,
            is_reference,
            stop,
        } => {
            let stop = stop_token(*stop);
            let value = type_of(name, *is_reference);
            quote!(#krate::__part!(#key, #stop, #value);)
        }
        Piece::Literal(text) => quote!(#key.literal(#text);),
        Piece::Part { value, stop } => {
            let stop = stop_token(*stop);
            let write = paths.part(value);
            with_span(value.span(), quote!(#write(#key, #stop, #value);))
        }
        Piece::Rendered { index } => {
            let rendered = rendered_name(*index);
            quote!(#key.text(&#rendered);)
        }
    });
    quote!(#(#statements)*)
}

/// Returns the pieces of a key as inputs for the macro `__piece!`: a literal text, `(stop)` for an
/// argument, `_` for the function's name, `Self` for the types whose `impl` contains the function.
/// `stop` is the byte that follows the argument.
pub(crate) fn template(text: &Text) -> TokenStream {
    let pieces = text.pieces.iter().filter_map(|piece| match piece {
        Piece::Literal(text) => Some(quote!(#text)),
        Piece::Part { stop, .. } | Piece::TypeOf { stop, .. } => {
            let stop = stop_token(*stop);
            Some(quote!((#stop)))
        }
        Piece::Name => Some(quote!(_)),
        // A key is written before the body, so it contains no values that were rendered earlier.
        Piece::Rendered { .. } => None,
        Piece::OuterTypes { .. } => Some(quote!(Self)),
    });
    quote!([#(#pieces)*])
}

/// Returns the name of the local variable that holds the argument with the number `index`, rendered
/// as text.
pub(crate) fn rendered_name(index: usize) -> Ident {
    let mut name = format_ident!("__p{index}");
    name.set_span(local("__p").span());
    name
}

/// Returns the Rust literal for `stop`, the first byte after an argument in a key template, such as
/// `b':'`, or 0 at the end of the template.
pub(crate) fn stop_token(stop: u8) -> Literal {
    if stop.is_ascii_graphic() || stop == b' ' {
        Literal::byte_character(stop)
    } else {
        Literal::u8_suffixed(stop)
    }
}
