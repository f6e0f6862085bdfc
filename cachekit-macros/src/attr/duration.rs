//! Parser for durations in attributes: `300`, `"5m"`, `"1h30m"`, or an expression.

use std::time::Duration;

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, Lit};

use crate::attr::duration_text::parse_length;

/// Duration in an attribute, as the user wrote it.
pub(crate) enum DurationValue {
    /// Constant duration, and the span of its literal.
    Constant(Duration, Span),
    /// Expression for the duration, if the user wrote no literal.
    Expr(Expr),
}

impl Parse for DurationValue {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut expr: Expr = input.parse()?;
        // If an argument was passed to a macro as `$ttl:expr`, the parser finds an invisible group
        // around it.
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

/// Parses the text of a duration that is written in quotes. The `Err` is an error message.
fn parse_duration(text: &str) -> Result<Duration, String> {
    parse_length(text).map_err(|wrong| {
        format!("`{text}` is not a duration: {wrong}; write `\"5m\"`, `\"1h30m\"` or `\"500ms\"`")
    })
}
