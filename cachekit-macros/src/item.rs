//! Parser for the function below an attribute, whose body stays unparsed.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, Signature, Token, Visibility};

/// Function with a parsed signature and an unparsed body. The compiler reports the mistakes in a
/// half-typed body.
pub(crate) struct LooseFn {
    /// Attributes and documentation above the function, including further attributes of cachekit.
    pub(crate) attrs: Vec<Attribute>,
    /// Visibility of the function, as written.
    pub(crate) vis: Visibility,
    /// Signature of the function, as written.
    pub(crate) sig: Signature,
    /// Inner attributes (`#![..]`) at the start of the body. These attributes apply to the
    /// function, so they must not move into a block inside the body.
    inner_attrs: TokenStream,
    /// Body of the function in braces, without the inner attributes.
    pub(crate) body: Group,
}

impl LooseFn {
    /// Parses the function below an attribute. `attribute` is the attribute's name, for messages.
    pub(crate) fn parse(attribute: &str, input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if let Some(error) = no_function(attribute, input) {
            return Err(error);
        }
        let sig: Signature = input.parse()?;
        if input.peek(Token![;]) {
            return Err(syn::Error::new_spanned(
                &sig.ident,
                "this function has no body; put the attribute on the `impl`",
            ));
        }
        let body = group(input)?;
        if body.delimiter() != Delimiter::Brace {
            return Err(syn::Error::new(
                body.span(),
                "expected the body of the function",
            ));
        }
        let (inner_attrs, body) = split_inner_attrs(&body);
        Ok(Self {
            attrs,
            vis,
            sig,
            inner_attrs,
            body,
        })
    }
}

impl LooseFn {
    /// Returns the function with `sig` as its signature and `body` as its body.
    pub(crate) fn with(&self, sig: &Signature, body: &TokenStream) -> TokenStream {
        let Self {
            attrs,
            vis,
            inner_attrs,
            ..
        } = self;
        quote!(#(#attrs)* #vis #sig { #inner_attrs #body })
    }
}

impl LooseFn {
    /// Returns a function with the attributes `attrs`, the signature `sig` and the body of this
    /// function. Only the code around the returned function can name it.
    pub(crate) fn inner<'a>(
        &self,
        attrs: impl Iterator<Item = &'a Attribute>,
        sig: &Signature,
    ) -> TokenStream {
        let (inner_attrs, body) = (&self.inner_attrs, self.body.stream());
        quote!(#(#attrs)* #sig { #inner_attrs #body })
    }
}

/// Returns an error if the item below the attribute is not a function.
fn no_function(attribute: &str, input: ParseStream<'_>) -> Option<syn::Error> {
    let ahead = input.fork();
    let mut word: Ident = ahead.call(Ident::parse_any).ok()?;
    if word == "unsafe" {
        word = ahead.call(Ident::parse_any).ok()?;
    }
    let advice = match word.to_string().as_str() {
        "impl" => "put it on each method",
        "trait" => "put it on the methods of an `impl`",
        "struct" | "enum" | "union" | "type" => "put it on the function that makes such a value",
        "static" | "let" => "make this a function",
        // `const fn` is rejected later, with a message of its own.
        "const"
            if !(ahead.peek(Token![fn])
                || ahead.peek(Token![async])
                || ahead.peek(Token![unsafe])
                || ahead.peek(Token![extern])) =>
        {
            "make this a function"
        }
        "mod" => "put it on each function",
        _ => return None,
    };
    let words = format!("`#[{attribute}]` stands on a function; {advice}");
    Some(syn::Error::new(input.span(), words))
}

/// Splits the body of a function into its leading `#![..]` and the remaining tokens.
fn split_inner_attrs(body: &Group) -> (TokenStream, Group) {
    let tokens: Vec<TokenTree> = body.stream().into_iter().collect();
    let is = |tree: &TokenTree, wanted: char| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted);
    let mut end = 0;
    while let [first, second, TokenTree::Group(group), ..] = &tokens[end..] {
        let is_attr = is(first, '#') && is(second, '!') && group.delimiter() == Delimiter::Bracket;
        if !is_attr {
            break;
        }
        end += 3;
    }
    if end == 0 {
        return (TokenStream::new(), body.clone());
    }
    let mut rest = tokens;
    let attrs: TokenStream = rest.drain(..end).collect();
    let mut inner = Group::new(Delimiter::Brace, rest.into_iter().collect());
    inner.set_span(body.span());
    (attrs, inner)
}

/// Parses a group of tokens. If the group was passed to a macro as `$body:block`, the parser
/// removes the invisible group around it.
fn group(input: ParseStream<'_>) -> syn::Result<Group> {
    let mut tree: TokenTree = input.parse()?;
    loop {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                tree = syn::parse2(group.stream())?;
            }
            TokenTree::Group(group) => return Ok(group),
            other => {
                return Err(syn::Error::new(
                    other.span(),
                    "expected the body of the function",
                ));
            }
        }
    }
}
