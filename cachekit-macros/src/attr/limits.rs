//! Parser for the options of `#[cached]` that limit the duration and the number of computations.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Expr, LitInt};

use crate::attr::arg::Arg;
use crate::attr::duration::DurationValue;
use crate::diag::Errors;

/// Parsed options about limits: `timeout`, `timeout_error` and `max_computations`.
#[derive(Default)]
pub(crate) struct LimitArgs {
    pub(crate) max_computations: Option<Arg<LitInt>>,
    pub(crate) timeout: Option<Arg<DurationValue>>,
    pub(crate) timeout_error: Option<Arg<Expr>>,
}

/// Error message for a value of `max_computations` that is not a whole number from 1 to 4294967295.
pub(crate) const EXPECTED_COUNT: &str = "expected a whole number from 1 to 4294967295, like `64`";

impl LimitArgs {
    /// Parses the value of the option named `key`. Returns `false` if `key` is no option about
    /// limits.
    pub(crate) fn option(
        &mut self,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<bool> {
        match key.to_string().as_str() {
            "max_computations" => {
                Arg::read_or(
                    &mut self.max_computations,
                    key,
                    input,
                    errors,
                    EXPECTED_COUNT,
                )?;
            }
            "timeout" => Arg::read(&mut self.timeout, key, input, errors)?,
            "timeout_error" => Arg::read(&mut self.timeout_error, key, input, errors)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}
