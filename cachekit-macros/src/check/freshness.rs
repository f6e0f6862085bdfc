//! Rules for stale values, early expiration, and computations in the background.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{LitBool, ReceiverKind, Type};

use crate::attr::arg::Arg;
use crate::attr::duration::DurationValue;
use crate::attr::freshness::FreshnessArgs;
use crate::check::constant::constant;
use crate::check::function::FnInfo;
use crate::check::ident_usage;
use crate::diag::Errors;
use crate::item::LooseFn;
use crate::model::{Choice, Constant, OwnedBody};

/// Part of a function's model that the options about freshness determine.
pub(crate) struct Freshness {
    pub(crate) depends: Option<&'static str>,
    pub(crate) early: Option<f32>,
    pub(crate) lengths: Vec<(&'static str, Constant)>,
    pub(crate) stale_if_error_at: Option<Span>,
    pub(crate) owned_body: Option<OwnedBody>,
}

/// Checks the options about freshness: `stale`, `stale_if_error`, `soft_timeout`, `detach` and
/// `early`.
pub(crate) fn freshness(
    info: &FnInfo,
    item: &LooseFn,
    args: FreshnessArgs,
    choices: &[Choice],
    errors: &mut Errors,
) -> Freshness {
    if let Some(soft) = &args.soft_timeout
        && args.stale.is_none()
        && args.stale_if_error.is_none()
    {
        errors.at(
            soft.key.span(),
            "`soft_timeout` serves an old value, and nothing keeps one; add `stale = ..` or \
             `stale_if_error = ..`",
        );
    }
    let detach = args.detach.as_ref().filter(|arg| arg.value.value);
    detach.inspect(|arg| check_detach(arg, choices, errors));
    let option = [&args.stale, &args.soft_timeout].into_iter().flatten();
    let option = option.map(|arg| &arg.key);
    let option = option.chain(detach.map(|arg| &arg.key)).next();
    let owned = option.and_then(|option| owned_body(info, item, option, errors));
    let owned_body = owned.map(|owned| OwnedBody {
        detaches: detach.is_some(),
        ..owned
    });
    let stale_if_error_at = args.stale_if_error.as_ref().map(|arg| arg.key.span());
    let given = [
        (
            "stale",
            "leave `stale` out: then no old value is served",
            args.stale,
        ),
        (
            "stale_if_error",
            "leave `stale_if_error` out: then no old value is served",
            args.stale_if_error,
        ),
        (
            "soft_timeout",
            "a `soft_timeout` of 0 waits for nothing; `stale = ..` serves the old value at once",
            args.soft_timeout,
        ),
    ];
    let read = |(name, zero, arg): (&'static str, &str, Option<Arg<DurationValue>>)| {
        Some((name, constant(info, arg?, zero, errors)?))
    };
    Freshness {
        depends: args.depends.map(|arg| arg.value.0),
        early: args.early.map(|early| early.value.0),
        lengths: given.into_iter().filter_map(read).collect(),
        stale_if_error_at,
        owned_body,
    }
}

/// Reports the option `detach` (computations continue after their caller was dropped) together with
/// `single_flight = off`, because no other call can wait for the detached computation.
fn check_detach(detach: &Arg<LitBool>, choices: &[Choice], errors: &mut Errors) {
    let is_off = |choice: &Choice| choice.option == "single_flight" && choice.variant == "Off";
    if choices.iter().any(is_off) {
        errors.at(
            detach.key.span(),
            "`detach` and `single_flight = off`: every call computes for itself; take one out",
        );
    }
}

/// Returns the body in a form that owns its arguments, so that the computation can continue after
/// its caller was dropped. Returns `None` if the body cannot own them.
fn owned_body(
    info: &FnInfo,
    item: &LooseFn,
    option: &Ident,
    errors: &mut Errors,
) -> Option<OwnedBody> {
    if info.form.is_sync() {
        errors.at(
            option.span(),
            format_args!(
                "`{option}` computes in the background, which a function that is not `async` cannot; \
                 make it an `async fn`, or take `{option}` out"
            ),
        );
        return None;
    }
    for argument in &info.arguments {
        let referent = match &argument.ty {
            Type::Reference(ty) if ty.mutability.is_some() => {
                errors.on(&argument.ty, mutable_message(option));
                continue;
            }
            _ => argument.referent().unwrap_or(&argument.ty),
        };
        if let Some(span) = first_borrow(referent.to_token_stream()) {
            errors.at(span, borrowed_message(option));
        }
    }
    own_self(info, item, option, errors)
}

fn mutable_message(option: &Ident) -> String {
    format!(
        "`{option}` computes in the background, which cannot change what its caller has; take \
         this argument by value, or take `{option}` out"
    )
}

fn borrowed_message(option: &Ident) -> String {
    format!(
        "`{option}` computes in the background, after its caller has gone, and what is borrowed \
         here cannot be cloned for it; take an owned value (`Option<String>` for `Option<&str>`, \
         `Arc<T>` for a reference inside of another type), or take `{option}` out"
    )
}

/// Returns the data about a body that owns its arguments, for a computation that can continue after
/// its caller was dropped: the body may need a clone of `&self`. Returns `None` if the body needs
/// `self` but cannot own it.
fn own_self(
    info: &FnInfo,
    item: &LooseFn,
    option: &Ident,
    errors: &mut Errors,
) -> Option<OwnedBody> {
    let Some(receiver) = &info.receiver else {
        return Some(OwnedBody::default());
    };
    let body = match &info.form {
        crate::fn_form::Form::Block(block) => &block.content,
        _ => &item.body,
    };
    let word = Ident::new("self", Span::call_site());
    match &receiver.kind {
        ReceiverKind::Reference(_, _, Some(_)) => {
            errors.on(receiver, mutable_message(option));
            None
        }
        ReceiverKind::Reference(..) => {
            let found = ident_usage::find(body, &word);
            if let Some(text) = self_in_format_string(body.stream()) {
                errors.at(
                    text,
                    format_args!(
                        "`{option}` gives the body its own clone of `self`, which a format string \
                         cannot name; write `\"{{}}\", self` in the place of `{{self}}`"
                    ),
                );
                return None;
            }
            Some(OwnedBody {
                owns_self: found.map(|_| receiver.self_token.span),
                ..OwnedBody::default()
            })
        }
        _ => {
            if let Some(span) = first_borrow(receiver.to_token_stream()) {
                errors.at(span, borrowed_message(option));
            }
            Some(OwnedBody::default())
        }
    }
}

/// Returns the span of the first format string that names `self`, as `"{self}"` does.
fn self_in_format_string(tokens: TokenStream) -> Option<Span> {
    tokens.into_iter().find_map(|tree| match tree {
        TokenTree::Group(group) => self_in_format_string(group.stream()),
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let names =
                text.contains('"') && ["{self}", "{self:"].iter().any(|name| text.contains(name));
            names.then(|| literal.span())
        }
        _ => None,
    })
}

/// Returns the span of the first borrow in a type: a lifetime that is not `'static`, written or
/// elided.
fn first_borrow(tokens: TokenStream) -> Option<Span> {
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Group(group) => {
                if let Some(found) = first_borrow(group.stream()) {
                    return Some(found);
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                let is_named =
                    matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                if !is_named {
                    return Some(punct.span());
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => match trees.next() {
                Some(TokenTree::Ident(name)) if name == "static" => {}
                _ => return Some(punct.span()),
            },
            _ => {}
        }
    }
    None
}
