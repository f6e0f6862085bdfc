//! Names that generated code uses: the crate's path and hygienic locals.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

/// Arguments of users may not begin so: hidden items in their scope do.
pub(crate) const RESERVED: &str = "__cachekit";

/// Where the runtime is.
pub(crate) struct Names {
    /// The crate itself, for its macros and public types.
    pub(crate) krate: TokenStream,
    /// The module that only generated code may name.
    pub(crate) private: TokenStream,
}

impl Names {
    /// The names below `krate`, or below `::cachekit`.
    pub(crate) fn new(krate: Option<&syn::Path>) -> Self {
        let krate = krate.map_or_else(|| quote!(::cachekit), ToTokens::to_token_stream);
        let private = quote!(#krate::__private);
        Self { krate, private }
    }
}

/// For a template that knows these traits of the runtime: the name of a local, and that asked for the traits,
/// the first one first, which only what is wrong has not.
///
/// It has the user's place and nothing of an expansion's: so the error is as short as one of the user's
/// own code.
pub(crate) fn judged(place: Span, questions: &[&str]) -> TokenStream {
    let value = Ident::new("__it", place);
    let asked = questions
        .iter()
        .fold(value.to_token_stream(), |value, question| {
            let name = Ident::new(question, place);
            let mut value = Group::new(Delimiter::Parenthesis, value);
            value.set_span(place);
            quote_spanned!(place=> #name::of #value)
        });
    quote!(#value #asked)
}

/// A local variable that user code can neither see nor be shadowed by.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// `tokens` with the place of `place`, for errors, and their own hygiene.
///
/// For generated code that only what stands there can be blamed for.
pub(crate) fn blaming(place: Span, tokens: TokenStream) -> TokenStream {
    let moved = tokens.into_iter().map(|tree| {
        let span = tree.span().located_at(place);
        let mut tree = match tree {
            TokenTree::Group(group) => {
                let inside = blaming(place, group.stream());
                TokenTree::Group(Group::new(group.delimiter(), inside))
            }
            other => other,
        };
        tree.set_span(span);
        tree
    });
    moved.collect()
}
