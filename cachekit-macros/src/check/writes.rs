//! Rules of `#[invalidates]` and `#[write_through]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, parse_quote};

use crate::attr;
use crate::attr::arg::Arg;
use crate::attr::duration::DurationValue;
use crate::attr::invalidates::{InvalidatesArgs, Moment};
use crate::attr::reference::ReferenceArgs;
use crate::attr::write_through::WriteThroughArgs;
use crate::check::cached::forbid_ret;
use crate::check::function::FnInfo;
use crate::check::scope::RetRule;
use crate::check::steps::Steps;
use crate::diag::Errors;
use crate::item::LooseFn;
use crate::model::{Callee, InvalidatingFn, Position, Reference, StepArg, Stored, WritingFn};

/// Returns the model of a function with `#[invalidates]`. Returns `None` only if a mistake was
/// added to `errors`.
pub(crate) fn invalidates(
    args: InvalidatesArgs,
    item: &LooseFn,
    errors: &mut Errors,
) -> Option<InvalidatingFn> {
    let info = FnInfo::new("invalidates", item, errors);
    let moment = args.on.as_ref().map_or(Moment::Ok, |on| on.value);
    let rule = match moment {
        Moment::Ok => RetRule::Allowed,
        Moment::Always => RetRule::Forbidden(
            "with `on = always` there may be no value; name arguments, or write `on = ok`",
        ),
        Moment::Before => RetRule::Forbidden(
            "with `on = before` there is no value yet; name arguments, or write `on = ok`",
        ),
    };
    check_not_empty(&args, errors);
    let mut steps = Steps::new(&info, rule, true);
    if let Some(ack) = args.ack {
        check_waits(&info, &ack.key, errors);
        steps.add("ack", None, StepArg::Value(within(ack.value)));
    }
    if args.soft.is_some() {
        steps.add("soft", None, StepArg::Nothing);
    }
    if let Some(intent) = args.intent {
        let intent = crate::check::intent::intent(&info, intent, errors);
        steps.add("intent", None, StepArg::Value(intent));
    }
    for reference in args.references {
        let ret = steps.uses(&values(&reference), errors);
        let all = matches!(reference.args, ReferenceArgs::All);
        if let Some(reference) = model(reference, errors) {
            let method = if all { "function" } else { "target" };
            steps.add(method, ret, StepArg::Reference(reference));
        }
    }
    if let Some(key) = args.key {
        steps.template("key", &key.value, errors);
    }
    steps.items("key", Some("keys"), args.keys, errors);
    steps.items("tag", Some("tags"), args.tags, errors);
    steps.items("event", None, args.events, errors);
    if let Some(condition) = args.condition {
        steps.expr("only_if", condition.value, StepArg::Value, errors);
    }
    forbid_ret(
        &info,
        args.cache.as_ref(),
        "the cache is needed before the call gives a value",
        errors,
    );
    let (before, after) = steps.finish();
    let on = match moment {
        Moment::Ok => "Ok",
        Moment::Always => "Always",
        Moment::Before => "Before",
    };
    let function = info.into_function(args.krate, args.cache);
    errors.is_empty().then_some(InvalidatingFn {
        function,
        on,
        before,
        after,
    })
}

/// Reports an `#[invalidates]` that names nothing to invalidate.
fn check_not_empty(args: &InvalidatesArgs, errors: &mut Errors) {
    let nothing = args.references.is_empty()
        && args.key.is_none()
        && args.keys.is_none()
        && args.tags.is_none()
        && args.events.is_none();
    if nothing && errors.is_empty() {
        errors.at(
            Span::call_site(),
            "say what to invalidate: `get_user(_, id)`, `list_users(..)`, `tags = [..]`, \
             `key = \"..\"` or `events = [..]`",
        );
    }
}

/// Reports `ack` on a function that is not `async`, because such a function cannot wait for
/// acknowledgements.
fn check_waits(info: &FnInfo, key: &Ident, errors: &mut Errors) {
    if info.form.is_sync() {
        errors.at(
            key.span(),
            "`ack` waits for other processes at an `.await`, and a function that is not `async` has \
             none; make it an `async fn`, or take `ack` out",
        );
    }
}

/// Returns the longest time to wait for acknowledgements, as the argument of cachekit's method
/// `ack`.
fn within(length: Option<DurationValue>) -> Expr {
    match length {
        None => parse_quote!(::core::option::Option::None),
        Some(DurationValue::Constant(length, _)) => {
            let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            parse_quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#millis)))
        }
        Some(DurationValue::Expr(length)) => parse_quote!(::core::option::Option::Some(#length)),
    }
}

/// Returns the model of a function with `#[write_through]`.
pub(crate) fn write_through(
    args: WriteThroughArgs,
    item: &LooseFn,
    errors: &mut Errors,
) -> Option<WritingFn> {
    let info = FnInfo::new("write_through", item, errors);
    let mut references = args.references.into_iter();
    let first = references.next();
    if first.is_none() && errors.is_empty() {
        errors.at(
            Span::call_site(),
            "say which entry to write: `get_user(_, id)`",
        );
    }
    for another in references {
        errors.on(
            &another.written,
            "one function writes one entry; use a second `#[write_through(..)]` for this one",
        );
    }
    let rule = RetRule::Forbidden(
        "the entry is needed before the call gives a value; name arguments, or call \
                                   `entry(..).put(..)` in the body",
    );
    let target = first.and_then(|reference| {
        Steps::new(&info, rule, true).uses(&values(&reference), errors);
        if matches!(reference.args, ReferenceArgs::All) {
            errors.on(
                &reference.written,
                "`..` is every entry; name the one to write",
            );
        }
        model(reference, errors)
    });
    let stored = stored(&info, args.value, args.order_by, errors);
    let intent = args
        .intent
        .map(|it| crate::check::intent::intent(&info, it, errors));
    Some(WritingFn {
        function: info.into_function(args.krate, None),
        target: target?,
        stored,
        intent,
    })
}

/// Returns the value that `#[write_through]` stores, and the number that orders it among other
/// writes.
fn stored(
    info: &FnInfo,
    value: Option<Arg<Expr>>,
    order: Option<Arg<Expr>>,
    errors: &mut Errors,
) -> Stored {
    let mut steps = Steps::new(info, RetRule::Allowed, true);
    let mut ret = None;
    for expr in value.iter().chain(&order) {
        ret = ret.or(steps.uses(&expr.value, errors));
        // The closure that stores the value runs after the body took the arguments. So the
        // arguments are cloned even if the expression does not use `ret`.
        steps.clone_all(&expr.value);
    }
    Stored {
        value: value.map(|value| value.value),
        order: order.map(|order| order.value),
        ret,
        cloned: steps.take_cloned(),
    }
}

/// Returns the tokens of all values in a reference to a cached function, so that names can be
/// searched in them.
pub(crate) fn values(reference: &crate::attr::reference::Reference) -> TokenStream {
    let mut tokens = match &reference.callee {
        attr::reference::Callee::Method { receiver, .. } => receiver.to_token_stream(),
        attr::reference::Callee::Path(_) => TokenStream::new(),
    };
    if let ReferenceArgs::Positions(positions) = &reference.args {
        // A separator stands between the values: without it, a value that begins with a dot would
        // look like a field of the value before it.
        for position in positions {
            if let attr::reference::Position::Value(value) = position {
                tokens.extend(quote!(; #value));
            }
        }
    }
    tokens
}

/// Checks a reference to a cached function, such as `get_user(id)`, and returns the model of the
/// reference. Returns `None` if the reference has a mistake.
pub(crate) fn model(
    reference: crate::attr::reference::Reference,
    errors: &mut Errors,
) -> Option<Reference> {
    let all = matches!(reference.args, ReferenceArgs::All);
    let callee = match reference.callee {
        attr::reference::Callee::Path(path) if is_method(&path) => Callee::Method(path),
        attr::reference::Callee::Path(path) => {
            if let Some(function) = entry_of(&path) {
                let rest = if all {
                    "..)`"
                } else {
                    "_, id)`, where `_` stands for an argument that is not in the key"
                };
                errors.on(
                    &path,
                    format_args!(
                        "`{function}::entry` is for code; name the function and all its arguments: `{function}({rest}"
                    ),
                );
                return None;
            }
            Callee::Free(path)
        }
        attr::reference::Callee::Method {
            receiver,
            name,
            generics,
        } => {
            if all && !is_self(&receiver) {
                errors.on(
                    &reference.written,
                    format_args!("write the type: `Type::{name}(..)` is every entry of the method"),
                );
                return None;
            }
            let generics = generics.to_token_stream();
            Callee::Receiver {
                receiver,
                name,
                generics,
            }
        }
    };
    let args = match reference.args {
        ReferenceArgs::All => None,
        ReferenceArgs::Positions(positions) => {
            let positions = positions.into_iter().map(|position| match position {
                attr::reference::Position::NotInKey(span) => Position::NotInKey(span),
                attr::reference::Position::Value(value) => Position::Value(value),
            });
            Some(positions.collect())
        }
    };
    Some(Reference { callee, args })
}

/// Returns the name of the cached function if the reference was written like a call of the
/// companion: `get_user::entry(id)`.
fn entry_of(path: &syn::ExprPath) -> Option<&Ident> {
    let mut segments = path.path.segments.iter().rev();
    let is_entry = segments.next()?.ident == "entry";
    let function = &segments.next()?.ident;
    let is_module = ["self", "super", "crate"].iter().any(|it| function == it);
    (is_entry && !is_module).then_some(function)
}

fn is_self(expr: &syn::Expr) -> bool {
    matches!(expr, syn::Expr::Path(path) if path.path.is_ident("self"))
}

/// Returns `true` if the path names a method, because a type precedes the name: `Self::get`,
/// `Repo::get`, `<T as Trait>::get`.
fn is_method(path: &syn::ExprPath) -> bool {
    let segments = &path.path.segments;
    let before = segments
        .len()
        .checked_sub(2)
        .and_then(|at| segments.get(at));
    path.qself.is_some()
        || before.is_some_and(|segment| {
            segment
                .ident
                .to_string()
                .trim_start_matches("r#")
                .starts_with(char::is_uppercase)
        })
}
