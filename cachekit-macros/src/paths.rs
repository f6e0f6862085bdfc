//! Paths and hygienic locals of generated code.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use crate::model::Function;

/// Reserved prefix of names. Arguments may not have it, as hidden items in their scope do.
pub(crate) const RESERVED: &str = "__cachekit";

/// Paths of the runtime.
pub(crate) struct Paths {
    /// Path of the crate, for its macros and public types.
    pub(crate) krate: TokenStream,
    /// Path of the module that only generated code may name.
    pub(crate) private: TokenStream,
    /// Arguments whose types are known to be written in one way, which is cheaper to compile.
    plain: Vec<Ident>,
}

/// Types of key parts that contain no other types.
const PLAIN: [&str; 17] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "bool",
    "char", "f64", "str", "String",
];

impl Paths {
    /// Creates the paths for the code of a function.
    pub(crate) fn of(function: &Function) -> Self {
        let plain = function.arguments.iter();
        let plain = plain.filter(|argument| argument.pattern.is_none() && is_plain(&argument.ty));
        Self {
            plain: plain.map(|argument| argument.name.clone()).collect(),
            ..Self::new(function.krate.as_ref())
        }
    }

    /// Returns the path of the macro that writes a value into a text.
    pub(crate) fn part(&self, value: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let mut trees = value.clone().into_iter();
        let is_star =
            |tree: &TokenTree| matches!(tree, TokenTree::Punct(it) if it.as_char() == '*');
        let first = trees.find(|tree| !is_star(tree));
        let is_plain = match (&first, trees.next()) {
            (Some(TokenTree::Ident(name)), None) => self.plain.contains(name),
            // The expression for the name of a type.
            (Some(TokenTree::Punct(_)), _) => true,
            _ => false,
        };
        if is_plain {
            quote!(#krate::__part!)
        } else {
            quote!(#krate::__nested!)
        }
    }

    /// Creates the paths below `krate`, or below `::cachekit`.
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

/// Returns `true` if a type contains no other types, or is a reference to such a type.
pub(crate) fn is_plain(ty: &Type) -> bool {
    match ty {
        Type::Reference(ty) => is_plain(&ty.elem),
        Type::Paren(ty) => is_plain(&ty.elem),
        Type::Group(ty) => is_plain(&ty.elem),
        Type::Path(ty) => PLAIN.iter().any(|name| ty.path.is_ident(name)),
        _ => false,
    }
}

/// Returns a local's name, and an expression that checks the local for `traits`, for a template that
/// imports these traits of the runtime. The first trait is checked first; a value that lacks one does not
/// compile.
///
/// The tokens have the user's span, without an expansion, so that the error is as short as one in the
/// user's own code.
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

/// Returns the name of a local that user code can neither see nor be shadowed by.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Returns `tokens` with exactly the span `span`, so that an error in them is reported there and mentions
/// no macro.
pub(crate) fn as_user_code(span: Span, tokens: TokenStream) -> TokenStream {
    respanned(tokens, &|_| span)
}

/// Returns `tokens` located at `span`, with their own hygiene.
///
/// Use it for generated code in which an error is the fault of the user's code at `span`.
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
