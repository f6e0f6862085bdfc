//! Durations: `300`, `"5m"`, `"1h30m"`, or an expression.

use std::time::Duration;

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, Lit};

use crate::attr::duration_text::parse_length;

/// Duration as written.
pub(crate) enum DurationValue {
    /// Constant, with its span.
    Constant(Duration, Span),
    /// Any other expression.
    Expr(Expr),
}

impl Parse for DurationValue {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut expr: Expr = input.parse()?;
        // An argument that a macro got as `$ttl:expr` comes in an invisible group.
        while let Expr::Group(group) = expr {
            expr = *group.expr;
        }
        let Expr::Lit(ExprLit { lit, .. }) = &expr else {
            return Ok(Self::Expr(expr));
        };
        let span = lit.span();
        let constant = match lit {
            Lit::Int(number) => match number.suffix() {
                "" => Duration::from_secs(number.base10_parse()?),
                unit => {
                    let digits = number.base10_digits();
                    return Err(syn::Error::new(
                        span,
                        format_args!("write `\"{digits}{unit}\"` with quotes, or whole seconds"),
                    ));
                }
            },
            Lit::Str(text) => {
                parse_duration(&text.value()).map_err(|message| syn::Error::new(span, message))?
            }
            Lit::Float(number) => {
                return Err(syn::Error::new(
                    span,
                    format_args!(
                        "`{number}` is not a whole number of seconds; write `\"1500ms\"`, for example"
                    ),
                ));
            }
            _ => return Err(syn::Error::new(span, FORM)),
        };
        Ok(Self::Constant(constant, span))
    }
}

const FORM: &str = "expected seconds (`300`), units (`\"1h30m\"`, `\"500ms\"`) or an expression \
                    that gives a `Duration`";

/// Parses a duration in quotes. The error is the message.
fn parse_duration(text: &str) -> Result<Duration, String> {
    parse_length(text).map_err(|wrong| {
        format!("`{text}` is not a duration: {wrong}; write `\"5m\"`, `\"1h30m\"` or `\"500ms\"`")
    })
}
