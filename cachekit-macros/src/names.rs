//! Names that generated code uses: the crate's path and hygienic locals.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

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

/// A local variable that user code can neither see nor be shadowed by.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// `tokens` as if they stood at `place` themselves: an error of theirs is about what stands there, and
/// about no macro.
pub(crate) fn instead_of(place: Span, tokens: TokenStream) -> TokenStream {
    respanned(tokens, &|_| place)
}

/// `tokens` with the place of `place`, for errors, and their own hygiene.
///
/// For generated code that only what stands there can be blamed for.
pub(crate) fn blaming(place: Span, tokens: TokenStream) -> TokenStream {
    respanned(tokens, &|span| span.located_at(place))
}

fn respanned(tokens: TokenStream, moved: &impl Fn(Span) -> Span) -> TokenStream {
    let trees = tokens.into_iter().map(|tree| {
        let span = moved(tree.span());
        let mut tree = match tree {
            TokenTree::Group(group) => {
                let inside = respanned(group.stream(), moved);
                TokenTree::Group(Group::new(group.delimiter(), inside))
            }
            other => other,
        };
        tree.set_span(span);
        tree
    });
    trees.collect()
}
