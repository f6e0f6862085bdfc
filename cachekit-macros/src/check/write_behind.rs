//! Rules of `#[write_behind]`.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::{GenericArgument, GenericParam, LitInt, PathArguments, Type};

use crate::attr;
use crate::attr::arg::Arg;
use crate::attr::duration::DurationValue;
use crate::attr::reference::ReferenceArgs;
use crate::attr::template::Template;
use crate::attr::tiers::CODECS;
use crate::attr::write_behind::{COUNT, WHEN_FULL, WriteBehindArgs};
use crate::check::cached::{checked_name, forbid_ret};
use crate::check::constant::constant;
use crate::check::function::FnInfo;
use crate::check::ident_usage;
use crate::check::queued_arguments::{
    NO_GENERICS, check_items, check_queued, number_of_worker, rename_items, roles,
};
use crate::check::scope::RetRule;
use crate::check::steps::Steps;
use crate::check::tiers::choice;
use crate::check::writes::{model, values};
use crate::diag::Errors;
use crate::fn_form::Form;
use crate::item::LooseFn;
use crate::model::queued::{QueueKey, QueuedFn, Role};
use crate::model::text::Text;
use crate::model::{Constant, Reference, StepArg};

const NO_RET: RetRule =
    RetRule::Forbidden("the function has not run when its call is queued; name arguments");

const NO_KEY: &str = "say which writes belong together: `get_cart(_, user)`, the entry whose value they \
                      are, or `key = \"cart:{user}\"`";

const EACH_OF_ENTRY: &str = "with `each` no queued write alone is the value of an entry; write `key = \
                             \"..\"`, and put `#[invalidates(..)]` below this attribute for the entries \
                             that the writes change";

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
    let arguments = Arguments {
        info: &info,
        roles: &roles,
    };
    let key = arguments.key(args.references, args.key, is_each, errors);
    let value = args.value;
    arguments.check_value(value.as_ref(), key.as_ref(), errors);
    let lengths = lengths(&info, args.every, args.timeout, errors);
    let counts = [
        ("batch", args.batch, BATCH),
        ("capacity", args.capacity, CAPACITY),
        ("retries", args.retries, None),
    ];
    let counts = counts
        .into_iter()
        .filter_map(|(name, count, zero)| Some((name, number(&count?, zero, errors)?)));
    let counts: Vec<_> = counts.collect();
    let when_full = when_full(args.when_full.as_ref(), is_each, &roles, errors);
    let codec = args.codec.as_ref();
    let codec = codec.and_then(|arg| choice(arg, CODECS, errors));
    arguments.check_cache(args.cache.as_ref(), errors);
    let name = args.name;
    let name = name.and_then(|name| checked_name(&name.value, errors));
    Some(QueuedFn {
        function: info.into_function(args.krate, args.cache),
        roles,
        items: items.map(|items| items.all),
        key: key?,
        value: value.map(|value| value.value),
        is_each,
        name,
        lengths,
        counts,
        when_full,
        codec,
    })
}

/// Returns the name of the variant of cachekit's enum for the option `when_full`.
fn when_full(
    arg: Option<&Arg<Ident>>,
    is_each: bool,
    roles: &[Role],
    errors: &mut Errors,
) -> Option<&'static str> {
    let arg = arg?;
    let variant = choice(arg, WHEN_FULL, errors)?;
    if is_each && variant == "Write" {
        errors.at(
            arg.value.span(),
            "a call that writes itself would overtake queued writes of its key, which all count; write \
             `when_full = wait` or `fail`",
        );
    } else if variant == "Write" && !roles.iter().any(|role| matches!(role, Role::WriteNumber)) {
        errors.at(
            arg.value.span(),
            "a call that writes itself may be overtaken by a later write of its key, which only the \
             version shows; take an argument `write: QueuedWrite` and compare `write.version()` with \
             that of the row, or write `when_full = wait` or `fail`",
        );
    }
    Some(variant)
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
    check_result(&info.result, item, errors);
    let generic = sig
        .generics
        .params
        .iter()
        .find(|param| !matches!(param, GenericParam::Lifetime(_)));
    if let Some(param) = generic {
        errors.on(param, NO_GENERICS);
    }
}

/// Reports a return type that is visibly not `Result<(), E>`. The compiler checks other types.
fn check_result(result: &Type, item: &LooseFn, errors: &mut Errors) {
    const WORDS: &str = "a write-behind function returns `Result<(), E>`: its caller learns if the \
                         write was queued, and a worker if it is to repeat the write";
    match result {
        Type::Tuple(tuple) if tuple.elems.is_empty() => errors.on(&item.sig.ident, WORDS),
        Type::Path(path) => {
            let last = path.path.segments.last();
            let Some(PathArguments::AngleBracketed(arguments)) = last.map(|it| &it.arguments)
            else {
                return;
            };
            let is_result =
                last.is_some_and(|it| it.ident == "Result") && arguments.args.len() == 2;
            let is_unit = |argument: &GenericArgument| matches!(argument, GenericArgument::Type(Type::Tuple(tuple)) if tuple.elems.is_empty());
            if is_result && !arguments.args.first().is_some_and(is_unit) {
                errors.on(result, WORDS);
            }
        }
        _ => {}
    }
}

/// Message for a batch of zero.
const BATCH: Option<&str> = Some("`batch = 0` takes nothing from the queue; leave it out for 100");

/// Message for a capacity of zero.
const CAPACITY: Option<&str> = Some("`capacity = 0` queues nothing; leave it out for 100,000");

fn lengths(
    info: &FnInfo,
    every: Option<Arg<DurationValue>>,
    timeout: Option<Arg<DurationValue>>,
    errors: &mut Errors,
) -> Vec<(&'static str, Constant)> {
    let lengths = [
        (
            "every",
            every,
            "write `every = \"20ms\"` for writes at once: workers look into a queue no more often",
        ),
        (
            "timeout",
            timeout,
            "a `timeout` of 0 leaves no time to write; leave it out for 30 seconds",
        ),
    ];
    let lengths = lengths
        .into_iter()
        .filter_map(|(name, length, zero)| Some((name, constant(info, length?, zero, errors)?)));
    lengths.collect()
}

/// Returns the number in `arg`. If the number is zero, reports the message `zero`, if it is `Some`.
fn number(arg: &Arg<LitInt>, zero: Option<&str>, errors: &mut Errors) -> Option<LitInt> {
    let message = match (arg.value.base10_parse::<u32>(), zero) {
        (Ok(0), Some(zero)) => zero,
        (Ok(_), _) => return Some(arg.value.clone()),
        (Err(_), _) => COUNT,
    };
    errors.at(arg.value.span(), message);
    None
}

/// The arguments of the function, each with its role: queued, provided, or the write's number.
struct Arguments<'a> {
    info: &'a FnInfo,
    roles: &'a [Role],
}

impl Arguments<'_> {
    fn key(
        &self,
        references: Vec<attr::reference::Reference>,
        key: Option<Arg<Template>>,
        is_each: bool,
        errors: &mut Errors,
    ) -> Option<QueueKey> {
        let mut references = references.into_iter();
        let reference = references.next();
        if let Some(another) = references.next() {
            errors.on(
                &another.written,
                "one function writes one entry; take the others out, or put `#[invalidates(..)]` \
                 below this attribute for them",
            );
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
                errors.on(&reference.written, EACH_OF_ENTRY);
                None
            }
            (Some(reference), None) => self.entry(reference, errors).map(QueueKey::Entry),
            (None, Some(key)) => self.text(&key, errors).map(QueueKey::Text),
            (None, None) => {
                if errors.is_empty() {
                    errors.at(Span::call_site(), NO_KEY);
                }
                None
            }
        }
    }

    fn text(&self, key: &Arg<Template>, errors: &mut Errors) -> Option<Text> {
        let mut steps = Steps::new(self.info, NO_RET, false);
        steps.template("key", &key.value, errors);
        for &position in &steps.named {
            if matches!(self.roles[position], Role::WriteNumber) {
                let name = &self.info.arguments[position].name;
                errors.at(key.value.literal.span(), number_of_worker(name));
            }
        }
        let (before, _) = steps.finish();
        match before.into_iter().next()?.arg {
            StepArg::Text(text) => Some(text),
            _ => None,
        }
    }

    fn entry(
        &self,
        reference: attr::reference::Reference,
        errors: &mut Errors,
    ) -> Option<Reference> {
        if matches!(reference.callee, attr::reference::Callee::Method { .. }) {
            errors.on(
                &reference.written,
                "a worker has no such value; name the method by its type: `Carts::get(_, user)`, \
                 where `_` stands for `self`",
            );
            return None;
        }
        self.uses(&values(&reference), errors);
        if matches!(reference.args, ReferenceArgs::All) {
            errors.on(
                &reference.written,
                "`..` is every entry; name the one that the function writes",
            );
        }
        model(reference, errors)
    }

    fn check_value(
        &self,
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
            (Some(value), _) => self.uses(&value.value, errors),
            (None, _) => {}
        }
    }

    /// Reports names in `expr` that a queued write does not have.
    fn uses(&self, expr: &impl ToTokens, errors: &mut Errors) {
        let mut steps = Steps::new(self.info, NO_RET, false);
        steps.uses(expr, errors);
        check_queued(self.info, self.roles, &steps.named, expr, errors);
    }

    fn check_cache(&self, cache: Option<&Arg<syn::Expr>>, errors: &mut Errors) {
        let reason = "the cache is needed before the function runs";
        forbid_ret(self.info, cache, reason, errors);
        let Some(cache) = cache else { return };
        for (argument, role) in self.info.arguments.iter().zip(self.roles) {
            if matches!(role, Role::WriteNumber)
                && let Some(name) = ident_usage::find(&cache.value, &argument.name)
            {
                errors.at(name.span(), number_of_worker(&name));
            }
        }
    }
}
