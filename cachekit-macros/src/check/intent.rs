//! Check of the option `intent`, the time for which the mark of a running write stands in Redis.

use std::time::Duration;

use syn::{Expr, parse_quote};

use crate::attr::arg::Arg;
use crate::attr::duration::DurationValue;
use crate::attr::intent::IntentValue;
use crate::check::constant::dependence;
use crate::check::function::FnInfo;
use crate::diag::Errors;

/// Shortest time that the option `intent` accepts. A few round trips to Redis must fit into it.
const SHORTEST: Duration = Duration::from_millis(100);

/// Returns the argument that generated code passes to cachekit's method `intent`: the duration, or
/// `None` for `intent = false`.
pub(crate) fn intent(info: &FnInfo, arg: Arg<IntentValue>, errors: &mut Errors) -> Expr {
    let Arg { key, value } = arg;
    match value {
        IntentValue::Off => parse_quote!(::core::option::Option::None),
        IntentValue::Length(DurationValue::Constant(length, span)) => {
            if length < SHORTEST {
                errors.at(
                    span,
                    "an intent takes at least 100 milliseconds, in which a few round trips to Redis \
                     fit; write more, or `intent = false`",
                );
            }
            let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            parse_quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#millis)))
        }
        IntentValue::Length(DurationValue::Expr(length)) => {
            if let Some(name) = dependence(info, &key, &length) {
                errors.at(
                    name.span(),
                    format_args!("`intent` is a constant and cannot depend on `{name}`"),
                );
            }
            parse_quote!(::core::option::Option::Some(#length))
        }
    }
}
