//! Rule for options with constant values, whose expressions must not depend on a call.

use proc_macro2::Ident;
use syn::Expr;

use crate::attr::arg::Arg;
use crate::attr::duration::DurationValue;
use crate::check::function::FnInfo;
use crate::check::ident_usage;
use crate::diag::Errors;
use crate::model::Constant;

/// Checks a duration that must be the same for every call. `zero` is the error message for a
/// duration of 0.
pub(crate) fn constant(
    info: &FnInfo,
    arg: Arg<DurationValue>,
    zero: &str,
    errors: &mut Errors,
) -> Option<Constant> {
    let Arg { key, value } = arg;
    match value {
        DurationValue::Constant(value, span) => {
            if value.is_zero() {
                errors.at(span, zero);
            }
            Some(Constant::Known(value))
        }
        DurationValue::Expr(expr) => {
            if let Some(name) = dependence(info, &key, &expr) {
                errors.at(
                    name.span(),
                    format_args!("`{key}` is a constant and cannot depend on `{name}`"),
                );
                return None;
            }
            Some(Constant::Expr(expr))
        }
    }
}

/// Returns the argument, `self` or `ret` that the expression names, or `None` if the expression
/// depends on none of them.
pub(crate) fn dependence(info: &FnInfo, key: &Ident, expr: &Expr) -> Option<Ident> {
    let arguments = info.arguments.iter();
    let given = arguments.flat_map(|argument| argument.names().iter().cloned());
    let always = ["ret", "self"].map(|name| Ident::new(name, key.span()));
    let mut words = given.chain(always);
    words.find_map(|word| ident_usage::find(expr, &word))
}
