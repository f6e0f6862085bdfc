//! Options of `#[cached]` about values near or past their `ttl`, and about computations in the
//! background.

use proc_macro2::Ident;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, Lit, LitBool};

use crate::attr::arg::Arg;
use crate::attr::depends::{DEPENDS, DependsValue};
use crate::attr::duration::DurationValue;
use crate::diag::Errors;

/// Parsed options about freshness: `stale`, `stale_if_error`, `soft_timeout`, `detach` and `early`.
#[derive(Default)]
pub(crate) struct FreshnessArgs {
    pub(crate) depends: Option<Arg<DependsValue>>,
    pub(crate) detach: Option<Arg<LitBool>>,
    pub(crate) early: Option<Arg<Early>>,
    pub(crate) soft_timeout: Option<Arg<DurationValue>>,
    pub(crate) stale: Option<Arg<DurationValue>>,
    pub(crate) stale_if_error: Option<Arg<DurationValue>>,
}

impl FreshnessArgs {
    /// Parses the value of the option named `key`. Returns `false` if `key` is no option about
    /// freshness.
    pub(crate) fn option(
        &mut self,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<bool> {
        match key.to_string().as_str() {
            "depends" => Arg::read_or(&mut self.depends, key, input, errors, DEPENDS)?,
            "detach" => Arg::read_switch(&mut self.detach, key, input, errors)?,
            "early" => Arg::read(&mut self.early, key, input, errors)?,
            "soft_timeout" => Arg::read(&mut self.soft_timeout, key, input, errors)?,
            "stale" => Arg::read(&mut self.stale, key, input, errors)?,
            "stale_if_error" => Arg::read(&mut self.stale_if_error, key, input, errors)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Parsed value of the option `early`: the beta of early expiration, or zero for `early = false`.
pub(crate) struct Early(pub(crate) f32);

impl Parse for Early {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let span = input.span();
        let mut expr: Expr = input.parse()?;
        while let Expr::Group(group) = expr {
            expr = *group.expr;
        }
        let Expr::Lit(ExprLit { lit, .. }) = expr else {
            return Err(syn::Error::new(span, EARLY));
        };
        let beta: Option<f32> = match &lit {
            Lit::Bool(wanted) => return Ok(Self(if wanted.value { 1.0 } else { 0.0 })),
            Lit::Float(number) => number.base10_parse().ok(),
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        };
        match beta {
            Some(0.0) => Err(syn::Error::new(
                span,
                "an `early` of 0 is never early; write `early = false`",
            )),
            Some(beta) if beta.is_finite() && beta <= 100.0 => Ok(Self(beta)),
            _ => Err(syn::Error::new(span, EARLY)),
        }
    }
}

const EARLY: &str = "expected `false`, or how early on the average, in times of a computation: a \
                     number up to 100, like `1.0`";
