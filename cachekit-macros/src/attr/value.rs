//! Parsers for the values of options, except templates and durations.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Lit, LitBool, LitStr, Token, bracketed, parenthesized};

use crate::attr::template::Template;

/// List in an option such as `tags = [..]`: templates, sequences and, for some options, single
/// expressions.
pub(crate) struct Items(pub(crate) Vec<Item>);

/// Item of a list in an option such as `tags = [..]`.
pub(crate) enum Item {
    /// Template in the list of an option, such as `"org:{id}"`.
    Template(Template),
    /// Expression for a sequence of values in the list of an option, written `..EXPR`.
    Splice(Expr),
    /// Expression for a single value in the list of an option, such as `tags = [..]`.
    Expr(Expr),
}

impl Parse for Items {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            let message = format!("expected a list: `[{:?}]`", text.value());
            return Err(syn::Error::new(text.span(), message));
        }
        let content;
        bracketed!(content in input);
        let mut items = Vec::new();
        let mut mistakes: Option<syn::Error> = None;
        while !content.is_empty() {
            // After a mistake in one template, parsing continues, so that mistakes in later
            // templates are reported too.
            match content.parse::<Item>() {
                Ok(item) => items.push(item),
                Err(error) => match &mut mistakes {
                    Some(first) => first.combine(error),
                    None => mistakes = Some(error),
                },
            }
            if content.is_empty() {
                break;
            }
            if let Err(error) = content.parse::<Token![,]>() {
                return Err(mistakes.unwrap_or(error));
            }
        }
        mistakes.map_or(Ok(Self(items)), Err)
    }
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![..]) {
            input.parse::<Token![..]>()?;
            return input.parse().map(Self::Splice);
        }
        if input.peek(LitStr) && (input.peek2(Token![,]) || input.peek2(syn::parse::End)) {
            return input.parse().map(Self::Template);
        }
        input.parse().map(Self::Expr)
    }
}

/// Parsed value of the option `companion`: `NAME`, `Self` or `false`.
pub(crate) enum CompanionName {
    Named(Ident),
    /// The word `Self`: the companion consists of functions in the `impl` of the method.
    InSelf,
    Omitted,
    Default,
}

impl Parse for CompanionName {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitBool) {
            let wanted: LitBool = input.parse()?;
            return Ok(if wanted.value {
                Self::Default
            } else {
                Self::Omitted
            });
        }
        if input.parse::<Option<Token![Self]>>()?.is_some() {
            return Ok(Self::InSelf);
        }
        input.parse().map(Self::Named).map_err(|error| {
            let words = "expected a name, `Self` for one in the `impl`, or `false` for none";
            syn::Error::new(error.span(), words)
        })
    }
}

/// Number from 0 to 1, such as `0.1`: the parsed value of the option `jitter`.
pub(crate) struct Share(pub(crate) f32);

impl Parse for Share {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let span = input.span();
        let mut expr: Expr = input.parse()?;
        while let Expr::Group(group) = expr {
            expr = *group.expr;
        }
        let value: Option<f32> = match expr {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Float(number) => number.base10_parse().ok(),
                Lit::Int(number) => number.base10_parse().ok(),
                _ => None,
            },
            _ => None,
        };
        value
            .filter(|share| (0.0..=1.0).contains(share))
            .map(Self)
            .ok_or_else(|| syn::Error::new(span, "expected a share between 0 and 1, like `0.1`"))
    }
}

/// Name in `skip(..)`: an argument, `self`, or a type or const parameter.
pub(crate) struct SkipName(pub(crate) Ident);

/// Parses the parentheses of `skip(a, b)` into the names in them.
pub(crate) fn parse_skip(key: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<SkipName>> {
    if !input.peek(syn::token::Paren) {
        return Err(wrong_skip(key.span()));
    }
    let content;
    parenthesized!(content in input);
    let names = content
        .parse_terminated(Ident::parse_any, Token![,])
        .map_err(|error| wrong_skip(error.span()))?;
    Ok(names.into_iter().map(SkipName).collect())
}

fn wrong_skip(span: Span) -> syn::Error {
    syn::Error::new(
        span,
        "expected the names of arguments: `skip(pool, trace_id)`",
    )
}
