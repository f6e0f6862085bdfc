//! Values of options, except templates and durations.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Lit, LitBool, LitStr, Token, bracketed, parenthesized};

use crate::attr::template::Template;

/// List of templates, sequences and, for some options, single expressions.
pub(crate) struct Items(pub(crate) Vec<Item>);

/// Element of a list.
pub(crate) enum Item {
    /// `"org:{id}"`
    Template(Template),
    /// `..EXPR`
    Splice(Expr),
    /// `EXPR`
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
            // A mistake in a template does not hide mistakes in later ones.
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

/// Value of `companion`: `NAME`, `Self` or `false`.
pub(crate) enum CompanionName {
    Named(Ident),
    /// Functions beside the method in its `impl`.
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

/// Share of one: `0.1`.
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

/// Reads the parentheses of `skip(a, b)`.
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
