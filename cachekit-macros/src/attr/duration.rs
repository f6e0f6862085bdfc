//! Durations: `300`, `"5m"`, `"1h30m"`, or an expression.

use std::time::Duration;

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, Lit};

/// A duration as written.
pub(crate) enum DurationValue {
    /// Known now.
    Constant(Duration, Span),
    /// Anything else.
    Expr(Expr),
}

impl Parse for DurationValue {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut expr: Expr = input.parse()?;
        // What a macro was given as `$ttl:expr` comes in an invisible group.
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

/// Units and how many milliseconds they are, longest name first so that `ms` is not read as `m`.
const UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// Reads `1h30m`; the message says what is wrong with the text.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = |what: &str| {
        format!("`{text}` is not a duration: {what}; write `\"5m\"`, `\"1h30m\"` or `\"500ms\"`")
    };
    let mut rest = text;
    let mut millis: u64 = 0;
    if rest.is_empty() {
        return Err(wrong("it is empty"));
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        if digits == 0 {
            return Err(wrong("a number was expected"));
        }
        let (number, behind) = rest.split_at(digits);
        if behind.is_empty() {
            return Err(wrong("the last number has no unit"));
        }
        let (unit, factor) = UNITS
            .iter()
            .find(|(unit, _)| behind.starts_with(unit))
            .ok_or_else(|| wrong("the units are `ms`, `s`, `m`, `h`, `d` and `w`"))?;
        let amount: u64 = number.parse().map_err(|_| wrong("a number is too large"))?;
        millis = amount
            .checked_mul(*factor)
            .and_then(|part| millis.checked_add(part))
            .ok_or_else(|| wrong("it is too long"))?;
        rest = &behind[unit.len()..];
    }
    Ok(Duration::from_millis(millis))
}
