//! Paths that generated code uses: the crate's path and hygienic locals.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use crate::model::Function;

/// Arguments of users may not begin so: hidden items in their scope do.
pub(crate) const RESERVED: &str = "__cachekit";

/// Where the runtime is.
pub(crate) struct Paths {
    /// The crate itself, for its macros and public types.
    pub(crate) krate: TokenStream,
    /// The module that only generated code may name.
    pub(crate) private: TokenStream,
    /// Arguments whose types are written in one way, which is the cheaper one to compile.
    plain: Vec<Ident>,
}

/// Types that are parts of keys, with nothing inside.
const PLAIN: [&str; 17] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "bool",
    "char", "f64", "str", "String",
];

impl Paths {
    /// The paths in the code of a function.
    pub(crate) fn of(function: &Function) -> Self {
        let plain = function.arguments.iter();
        let plain = plain.filter(|argument| argument.pattern.is_none() && is_plain(&argument.ty));
        Self {
            plain: plain.map(|argument| argument.name.clone()).collect(),
            ..Self::new(function.krate.as_ref())
        }
    }

    /// The template that writes a value into a text.
    pub(crate) fn part(&self, value: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let mut trees = value.clone().into_iter();
        let is_star =
            |tree: &TokenTree| matches!(tree, TokenTree::Punct(it) if it.as_char() == '*');
        let first = trees.find(|tree| !is_star(tree));
        let is_plain = match (&first, trees.next()) {
            (Some(TokenTree::Ident(name)), None) => self.plain.contains(name),
            // The name of a type.
            (Some(TokenTree::Punct(_)), _) => true,
            _ => false,
        };
        if is_plain {
            quote!(#krate::__part!)
        } else {
            quote!(#krate::__nested!)
        }
    }

    /// The paths below `krate`, or below `::cachekit`.
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

/// Whether a type is one of those with nothing inside, or a reference to one.
pub(crate) fn is_plain(ty: &Type) -> bool {
    match ty {
        Type::Reference(ty) => is_plain(&ty.elem),
        Type::Paren(ty) => is_plain(&ty.elem),
        Type::Group(ty) => is_plain(&ty.elem),
        Type::Path(ty) => PLAIN.iter().any(|name| ty.path.is_ident(name)),
        _ => false,
    }
}

/// For a template that knows these traits of the runtime: the name of a local, and that asked for the traits,
/// the first one first, which only what is wrong has not.
///
/// It has the user's place and nothing of an expansion's: so the error is as short as one of the user's
/// own code.
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

/// A local variable that user code can neither see nor be shadowed by.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// `tokens` as if they stood at `place` themselves: an error of theirs is about what stands there, and
/// about no macro.
pub(crate) fn as_user_code(span: Span, tokens: TokenStream) -> TokenStream {
    respanned(tokens, &|_| span)
}

/// `tokens` with the place of `place`, for errors, and their own hygiene.
///
/// For generated code that only what stands there can be blamed for.
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
