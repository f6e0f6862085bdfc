//! Rules of `#[write_behind]`.

use proc_macro2::Span;
use syn::{GenericParam, LitInt, Type};

use crate::attr::arg::Arg;
use crate::attr::reference::ReferenceArgs;
use crate::attr::value::SkipName;
use crate::attr::write_behind::{COUNT, ItemOf, WHEN_FULL, WriteBehindArgs};
use crate::check::cached::forbid_ret;
use crate::check::constant::constant;
use crate::check::function::FnInfo;
use crate::check::scope::RetRule;
use crate::check::steps::Steps;
use crate::check::tiers::choice;
use crate::check::writes::{model, values};
use crate::diag::Errors;
use crate::fn_form::Form;
use crate::item::LooseFn;
use crate::model::{Argument, Callee, Constant, QueueKey, QueuedFn, Reference, Role, StepArg};
use crate::queued_types::{is_write_number, vec_of};

const NO_RET: RetRule =
    RetRule::Forbidden("the function has not run when its call is queued; name arguments");

/// Returns the model of a function with `#[write_behind]`. Returns `None` only if a mistake was
/// added to `errors`.
pub(crate) fn write_behind(
    args: WriteBehindArgs,
    item: &LooseFn,
    errors: &mut Errors,
) -> Option<QueuedFn> {
    let mut info = FnInfo::new("write_behind", item, errors);
    check_form(&info, item, errors);
    let (each, newest) = (args.each, args.newest);
    if let (Some(_), Some(newest)) = (&each, &newest) {
        errors.at(
            newest.key.span(),
            "a queued write either counts (`each`) or is replaced by the next one of its key \
             (`newest`); take one of them out",
        );
    }
    let is_each = each.is_some();
    let items = each.or(newest).and_then(|arg| arg.value);
    let mut roles = roles(&info, args.skip.as_ref(), errors);
    let items = items.and_then(|items| rename_items(&mut info, &mut roles, items, errors));
    check_items(&info, &roles, items.as_ref(), errors);
    let key = key(&info, args.references, args.key, is_each, errors);
    let value = args.value;
    check_value(&info, value.as_ref(), key.as_ref(), errors);
    let lengths = [
        (
            "every",
            args.every,
            "write `every = \"20ms\"` for writes at once: workers look into a queue no more often",
        ),
        (
            "timeout",
            args.timeout,
            "a `timeout` of 0 leaves no time to write; leave it out for 30 seconds",
        ),
    ];
    let lengths = lengths
        .into_iter()
        .filter_map(|(name, length, zero)| Some((name, constant(&info, length?, zero, errors)?)));
    let lengths: Vec<(&'static str, Constant)> = lengths.collect();
    let counts = [
        ("batch", args.batch, 1),
        ("capacity", args.capacity, 1),
        ("retries", args.retries, 0),
    ];
    let counts = counts
        .into_iter()
        .filter_map(|(name, count, least)| Some((name, number(name, &count?, least, errors)?)));
    let counts: Vec<_> = counts.collect();
    let when_full = args.when_full.as_ref();
    let when_full = when_full.and_then(|arg| choice(arg, WHEN_FULL, errors));
    if let Some(arg) = &args.when_full
        && when_full == Some("Write")
        && is_each
    {
        errors.at(
            arg.value.span(),
            "a call that writes itself would overtake queued writes of its key, which all count; write \
             `when_full = wait` or `fail`",
        );
    }
    let codec = args.codec.as_ref();
    let codec = codec.and_then(|arg| choice(arg, crate::attr::tiers::CODECS, errors));
    forbid_ret(
        &info,
        args.cache.as_ref(),
        "the cache is needed before the function runs",
        errors,
    );
    Some(QueuedFn {
        function: info.into_function(args.krate, args.cache),
        roles,
        items,
        key: key?,
        value: value.map(|value| value.value),
        is_each,
        name: args.name.map(|name| name.value.value()),
        lengths,
        counts,
        when_full,
        codec,
    })
}

fn check_form(info: &FnInfo, item: &LooseFn, errors: &mut Errors) {
    let sig = &item.sig;
    if let Some(receiver) = &info.receiver {
        errors.on(
            receiver,
            "`#[write_behind]` stands on a free function, because a worker runs it later, without \
             this `self`; take what the body needs as an argument, and name that in `skip(..)`",
        );
    } else if !matches!(info.form, Form::Async) && errors.is_empty() {
        errors.on(
            sig.fn_token,
            "`#[write_behind]` stands on an `async fn`, because its call waits for the queue",
        );
    }
    let generic = sig
        .generics
        .params
        .iter()
        .find(|param| !matches!(param, GenericParam::Lifetime(_)));
    if let Some(param) = generic {
        errors.on(
            param,
            "a worker runs the function later and must know its types; write types instead of \
             parameters",
        );
    }
}

/// Returns the role of each argument: queued, given to workers, or the number of the write.
fn roles(info: &FnInfo, skip: Option<&Arg<Vec<SkipName>>>, errors: &mut Errors) -> Vec<Role> {
    let skipped = skip.map_or(&[][..], |skip| &skip.value[..]);
    for SkipName(name) in skipped {
        if !info.arguments.iter().any(|argument| argument.name == *name) && !info.incomplete {
            errors.at(
                name.span(),
                format_args!("unused skip: there is no argument `{name}`"),
            );
        }
    }
    let role = |argument: &Argument| {
        if let Some(pattern) = &argument.pattern {
            errors.on(
                &pattern.written,
                "name this argument, and take it apart in the body: the queue keeps it whole",
            );
        }
        let is_skipped = skipped.iter().any(|SkipName(name)| *name == argument.name);
        if is_write_number(&argument.ty) || vec_of(&argument.ty).is_some_and(is_write_number) {
            Role::WriteNumber
        } else if is_skipped {
            Role::Provided
        } else {
            if let Type::Reference(reference) = &argument.ty
                && reference.mutability.is_some()
            {
                errors.on(
                    &argument.ty,
                    "a queued argument cannot be changed for the caller; take it by value, or name it \
                     in `skip(..)`",
                );
            }
            Role::Queued
        }
    };
    info.arguments.iter().map(role).collect()
}

/// Replaces the argument with all items by one item in `info`, so that templates and expressions
/// may name the item. Returns the argument that was replaced.
fn rename_items(
    info: &mut FnInfo,
    roles: &mut [Role],
    of: ItemOf,
    errors: &mut Errors,
) -> Option<Argument> {
    let ItemOf { item, items } = of;
    let Some(at) = info.position(&items) else {
        errors.at(items.span(), format_args!("there is no argument `{items}`"));
        return None;
    };
    let argument = &mut info.arguments[at];
    let Some(ty) = vec_of(&argument.ty).cloned() else {
        errors.on(
            &argument.ty,
            format_args!("the function gets many items at once; write `{items}: Vec<..>`"),
        );
        return None;
    };
    if !matches!(roles[at], Role::Queued) {
        errors.at(
            items.span(),
            format_args!("`{items}` is what is queued; take it out of `skip(..)`"),
        );
    }
    let one = Argument {
        name: item,
        ty,
        pattern: None,
    };
    Some(std::mem::replace(argument, one))
}

/// Reports queued arguments beside the items of `each(item in items)`, which may differ from call to
/// call, and a missing `Vec` of write numbers.
fn check_items(info: &FnInfo, roles: &[Role], items: Option<&Argument>, errors: &mut Errors) {
    let arguments = || info.arguments.iter().zip(roles);
    if let Some(items) = items {
        let queued = arguments().filter(|(_, role)| matches!(role, Role::Queued));
        for (argument, _) in queued.skip(1) {
            let name = &argument.name;
            errors.at(
                name.span(),
                format_args!(
                    "one run gets items of many calls, which may differ in `{name}`; make it a part \
                     of the items of `{}`, or name it in `skip(..)`",
                    items.name
                ),
            );
        }
    }
    for (argument, role) in arguments() {
        let is_many = vec_of(&argument.ty).is_some();
        if matches!(role, Role::WriteNumber) && is_many != items.is_some() {
            let words = if items.is_some() {
                "one run gets many items, each with its number; write `Vec<QueuedWrite>`"
            } else {
                "one run gets one write; write `QueuedWrite`"
            };
            errors.on(&argument.ty, words);
        }
    }
}

fn key(
    info: &FnInfo,
    references: Vec<crate::attr::reference::Reference>,
    key: Option<Arg<crate::attr::template::Template>>,
    is_each: bool,
    errors: &mut Errors,
) -> Option<QueueKey> {
    let mut references = references.into_iter();
    let reference = references.next();
    if let Some(another) = references.next() {
        errors.on(&another.written, "one function writes one entry");
    }
    match (reference, key) {
        (Some(reference), Some(key)) => {
            errors.on(
                &reference.written,
                format_args!("the entry names the key too; take it or `{}` out", key.key),
            );
            None
        }
        (Some(reference), None) if is_each => {
            errors.on(
                &reference.written,
                "with `each` no queued write alone is the value of an entry; write `key = \"..\"`, \
                 and put `#[invalidates(..)]` below this attribute for the entries that the writes \
                 change",
            );
            None
        }
        (Some(reference), None) => entry(info, reference, errors).map(QueueKey::Entry),
        (None, Some(key)) => {
            let mut steps = Steps::new(info, NO_RET, false);
            steps.template("key", &key.value, errors);
            let (before, _) = steps.finish();
            match before.into_iter().next()?.arg {
                StepArg::Text(text) => Some(QueueKey::Text(text)),
                _ => None,
            }
        }
        (None, None) => {
            if errors.is_empty() {
                errors.at(
                    Span::call_site(),
                    "say which writes belong together: `get_cart(_, user)`, the entry whose value \
                     they are, or `key = \"cart:{user}\"`",
                );
            }
            None
        }
    }
}

fn entry(
    info: &FnInfo,
    reference: crate::attr::reference::Reference,
    errors: &mut Errors,
) -> Option<Reference> {
    Steps::new(info, NO_RET, false).uses(&values(&reference), errors);
    if matches!(reference.args, ReferenceArgs::All) {
        errors.on(
            &reference.written,
            "`..` is every entry; name the one that the function writes",
        );
    }
    let written = reference.written.clone();
    let reference = model(reference, errors)?;
    if matches!(reference.callee, Callee::Receiver { .. }) {
        errors.on(
            &written,
            "a worker has no such value; name the method by its type: `Carts::get(_, user)`",
        );
    }
    Some(reference)
}

fn check_value(
    info: &FnInfo,
    value: Option<&Arg<syn::Expr>>,
    key: Option<&QueueKey>,
    errors: &mut Errors,
) {
    match (value, key) {
        (Some(value), Some(QueueKey::Text(_))) => errors.at(
            value.key.span(),
            "`value` is the value of an entry; name the entry in place of `key`: \
             `get_cart(_, user)`",
        ),
        (None, Some(QueueKey::Entry(_))) => errors.at(
            Span::call_site(),
            "say what the value of the entry is from now on: `value = cart`",
        ),
        (Some(value), _) => {
            Steps::new(info, NO_RET, false).uses(&value.value, errors);
        }
        (None, _) => {}
    }
}

fn number(name: &str, arg: &Arg<LitInt>, least: u64, errors: &mut Errors) -> Option<LitInt> {
    match arg.value.base10_parse::<u64>() {
        Ok(number) if number >= least && number <= u64::from(u32::MAX) => Some(arg.value.clone()),
        Ok(0) => {
            errors.at(
                arg.value.span(),
                format_args!("`{name} = 0` queues nothing; leave it out for the default"),
            );
            None
        }
        _ => {
            errors.at(arg.value.span(), COUNT);
            None
        }
    }
}
