//! Paths to the crate cachekit, and names of local variables, in generated code.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use crate::model::Function;

/// Prefix that generated code reserves for its hidden items. An argument whose name begins with
/// this prefix is rejected.
pub(crate) const RESERVED: &str = "__cachekit";

/// Paths by which generated code names the crate cachekit and its module `__private`.
pub(crate) struct Paths {
    /// Path of the crate cachekit, for its macros and public types.
    pub(crate) krate: TokenStream,
    /// Path of cachekit's module `__private`, which only generated code may use.
    pub(crate) private: TokenStream,
    /// Arguments whose types contain no other types, such as `u64`. The code that writes these
    /// arguments into a key is cheaper to compile.
    plain: Vec<Ident>,
}

/// Names of types that contain no other types, such as `u64`, and that can be in a key.
const PLAIN: [&str; 17] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "bool",
    "char", "f64", "str", "String",
];

impl Paths {
    /// Creates the paths to the crate cachekit for the generated code of the annotated function
    /// `function`.
    pub(crate) fn of(function: &Function) -> Self {
        let plain = function.arguments.iter();
        let plain = plain.filter(|argument| argument.pattern.is_none() && is_plain(&argument.ty));
        Self {
            plain: plain.map(|argument| argument.name.clone()).collect(),
            ..Self::new(function.krate.as_ref())
        }
    }

    /// Returns the path of cachekit's macro that writes `value` into a key, a tag or an event.
    pub(crate) fn part(&self, value: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let mut trees = value.clone().into_iter();
        let is_star =
            |tree: &TokenTree| matches!(tree, TokenTree::Punct(it) if it.as_char() == '*');
        let first = trees.find(|tree| !is_star(tree));
        let is_plain = match (&first, trees.next()) {
            (Some(TokenTree::Ident(name)), None) => self.plain.contains(name),
            // A value that begins with a punctuation is the expression for the name of a type.
            (Some(TokenTree::Punct(_)), _) => true,
            _ => false,
        };
        if is_plain {
            quote!(#krate::__part!)
        } else {
            quote!(#krate::__nested!)
        }
    }

    /// Creates the paths that begin with `krate`, or with `::cachekit` if `krate` is `None`.
    pub(crate) fn new(krate: Option<&syn::Path>) -> Self {
        let krate = krate.map_or_else(|| quote!(::cachekit), ToTokens::to_token_stream);
        let private = quote!(#krate::__private);
        Self {
            krate,
            private,
            plain: Vec::new(),
        }
    }
}

/// Returns `true` if a type contains no other types, as `u64` does, or is a reference to such a
/// type.
pub(crate) fn is_plain(ty: &Type) -> bool {
    match ty {
        Type::Reference(ty) => is_plain(&ty.elem),
        Type::Paren(ty) => is_plain(&ty.elem),
        Type::Group(ty) => is_plain(&ty.elem),
        Type::Path(ty) => PLAIN.iter().any(|name| ty.path.is_ident(name)),
        _ => false,
    }
}

/// Returns the name of a local variable, and an expression that compiles only if the variable's
/// type implements all of `traits`. The traits are checked in order. The macro that gets the
/// expression imports the traits from the crate cachekit.
///
/// The tokens have the user's span and belong to no expansion, so that the error is as short as an
/// error in the user's own code.
pub(crate) fn trait_probe(span: Span, traits: &[&str]) -> TokenStream {
    let value = Ident::new("__it", span);
    let probed = traits
        .iter()
        .fold(value.to_token_stream(), |value, wanted| {
            let name = Ident::new(wanted, span);
            let mut value = Group::new(Delimiter::Parenthesis, value);
            value.set_span(span);
            quote_spanned!(span=> #name::of #value)
        });
    quote!(#value #probed)
}

/// Returns an identifier for a local variable that the user's code can neither see nor shadow.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Returns `tokens` with exactly the span `span`. The compiler reports an error in these tokens at
/// `span`, and its message mentions no macro.
pub(crate) fn as_user_code(span: Span, tokens: TokenStream) -> TokenStream {
    respanned(tokens, &|_| span)
}

/// Returns `tokens` located at `span`, with their own hygiene.
///
/// Use this function for generated code that fails to compile because of a mistake in the user's
/// code at `span`.
pub(crate) fn with_span(span: Span, tokens: TokenStream) -> TokenStream {
    respanned(tokens, &|own| own.located_at(span))
}

fn respanned(tokens: TokenStream, respan: &impl Fn(Span) -> Span) -> TokenStream {
    let trees = tokens.into_iter().map(|tree| {
        let span = respan(tree.span());
        let mut tree = match tree {
            TokenTree::Group(group) => {
                let inside = respanned(group.stream(), respan);
                TokenTree::Group(Group::new(group.delimiter(), inside))
            }
            other => other,
        };
        tree.set_span(span);
        tree
    });
    trees.collect()
}
