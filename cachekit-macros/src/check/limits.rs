//! Rules for the options `timeout`, `timeout_error` and `max_computations`.

use proc_macro2::Ident;
use syn::{Expr, LitInt};

use crate::attr::arg::Arg;
use crate::attr::limits::{EXPECTED_COUNT, LimitArgs};
use crate::check::constant::{constant, dependence};
use crate::check::function::FnInfo;
use crate::diag::Errors;
use crate::model::{Limits, TimeoutAnswer};

/// Checks the options about limits, and returns the part of the model that they determine.
pub(crate) fn limits(info: &FnInfo, args: LimitArgs, errors: &mut Errors) -> Limits {
    let error = args
        .timeout_error
        .and_then(|arg| checked_error(info, args.timeout.as_ref().map(|it| &it.key), arg, errors));
    let timeout_answer = args.timeout.as_ref().map(|timeout| {
        check_sync(info, &timeout.key, errors);
        TimeoutAnswer {
            at: timeout.key.span(),
            error,
        }
    });
    let zero = "a `timeout` of 0 leaves no time to compute; leave it out for no limit";
    Limits {
        timeout: args
            .timeout
            .and_then(|timeout| constant(info, timeout, zero, errors)),
        timeout_answer,
        max_computations: args
            .max_computations
            .and_then(|arg| max_computations(&arg, errors)),
    }
}

/// Reports a limit on a function that is not `async`: the cache cannot drop the computation of such
/// a function.
fn check_sync(info: &FnInfo, key: &Ident, errors: &mut Errors) {
    if info.form.is_sync() {
        errors.at(
            key.span(),
            "`timeout` drops a computation at an `.await`, and a function that is not `async` has \
             none; make it an `async fn`, or take `timeout` out",
        );
    }
}

/// Returns the expression of the option `timeout_error`, which makes the error for a computation
/// that exceeded its `timeout`. Reports the option if it cannot be used.
fn checked_error(
    info: &FnInfo,
    timeout: Option<&Ident>,
    arg: Arg<Expr>,
    errors: &mut Errors,
) -> Option<Expr> {
    let Arg { key, value } = arg;
    if timeout.is_none() {
        errors.at(
            key.span(),
            "`timeout_error` is the answer when the time is up, and there is no `timeout`; write \
             `timeout = \"2s\"` too, or take it out",
        );
    }
    if let Some(name) = dependence(info, &key, &value) {
        errors.at(
            name.span(),
            format_args!(
                "`timeout_error` is made for every caller who waits, after the body took the \
                 arguments, and cannot depend on `{name}`"
            ),
        );
        return None;
    }
    Some(value)
}

fn max_computations(arg: &Arg<LitInt>, errors: &mut Errors) -> Option<u32> {
    let parsed = arg.value.base10_parse::<u32>().ok();
    match parsed {
        Some(0) => errors.at(
            arg.value.span(),
            "with `max_computations = 0` nothing is ever computed; leave it out for no limit",
        ),
        None => errors.at(arg.value.span(), EXPECTED_COUNT),
        Some(_) => {}
    }
    parsed
}
