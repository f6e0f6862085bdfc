//! Rules of `#[write_behind]` for the arguments of the function: each argument is queued, is given
//! to workers, or is the number of the write.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Type;

use crate::attr::arg::Arg;
use crate::attr::value::SkipName;
use crate::attr::write_behind::ItemOf;
use crate::check::function::FnInfo;
use crate::check::ident_usage;
use crate::check::key::unknown_skip;
use crate::diag::Errors;
use crate::model::Argument;
use crate::model::queued::Role;
use crate::queued_types::{is_write_number, vec_of};

/// The argument with all items of `each(item in items)`.
pub(crate) struct Items {
    pub(crate) all: Argument,
    /// Position of the argument with all items, which one item replaces.
    at: usize,
}

/// Message for a function with type parameters.
pub(crate) const NO_GENERICS: &str =
    "a worker runs the function later and must know its types; write types instead of parameters";

/// Returns the role of each argument: queued, given to workers, or the number of the write.
pub(crate) fn roles(
    info: &FnInfo,
    skip: Option<&Arg<Vec<SkipName>>>,
    errors: &mut Errors,
) -> Vec<Role> {
    let skipped = skip.map_or(&[][..], |skip| &skip.value[..]);
    for (at, SkipName(name)) in skipped.iter().enumerate() {
        if skipped[..at].iter().any(|SkipName(before)| before == name) {
            errors.at(name.span(), format_args!("`{name}` is skipped twice"));
        }
        if !info.arguments.iter().any(|argument| argument.name == *name) && !info.incomplete {
            errors.at(name.span(), unknown_skip(info, name));
        }
    }
    let role = |argument: &Argument| {
        if let Some(pattern) = &argument.pattern {
            errors.on(
                &pattern.written,
                "name this argument, and take it apart in the body: the queue keeps it whole",
            );
        }
        if let Some(word) = ident_usage::find(&argument.ty, &Ident::new("impl", Span::call_site()))
        {
            errors.at(word.span(), NO_GENERICS);
        }
        let is_skipped = skipped.iter().any(|SkipName(name)| *name == argument.name);
        if is_write_number(&argument.ty) || vec_of(&argument.ty).is_some_and(is_write_number) {
            Role::WriteNumber
        } else if is_skipped {
            if is_exclusive(&argument.ty) {
                errors.on(
                    &argument.ty,
                    "the runs of a worker share what it is given; take it by value or by `&`",
                );
            }
            Role::Provided
        } else {
            check_kept(&argument.ty, errors);
            Role::Queued
        }
    };
    info.arguments.iter().map(role).collect()
}

fn is_exclusive(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if reference.mutability.is_some())
}

/// Reports a queued argument that the queue cannot keep for longer than the call.
fn check_kept(ty: &Type, errors: &mut Errors) {
    if is_exclusive(ty) {
        errors.on(
            ty,
            "a queued argument cannot be changed for the caller; take it by value",
        );
        return;
    }
    // The queue keeps what an outer reference borrows.
    let kept = match ty {
        Type::Reference(reference) => &*reference.elem,
        ty => ty,
    };
    if borrows(kept.to_token_stream()) {
        errors.on(
            ty,
            "the queue keeps this argument for longer than the call, and what it borrows would be \
             gone; write owned types inside of it, like `String` for `&str`",
        );
    }
}

/// Returns `true` if a type borrows something that is not `'static`, as far as its tokens show.
fn borrows(tokens: TokenStream) -> bool {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let is_punct = |at: usize, wanted: char| matches!(trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted);
    trees.iter().enumerate().any(|(at, tree)| match tree {
        TokenTree::Group(group) => borrows(group.stream()),
        TokenTree::Punct(punct) => match punct.as_char() {
            '&' => !is_punct(at + 1, '\''),
            '\'' => !matches!(trees.get(at + 1), Some(TokenTree::Ident(name)) if name == "static"),
            _ => false,
        },
        _ => false,
    })
}

/// Replaces the argument with all items by one item in `info`, so that templates and expressions
/// may name the item.
pub(crate) fn rename_items(
    info: &mut FnInfo,
    roles: &mut [Role],
    of: ItemOf,
    errors: &mut Errors,
) -> Option<Items> {
    let ItemOf { item, items } = of;
    let Some(at) = info.position(&items) else {
        errors.at(items.span(), format_args!("there is no argument `{items}`"));
        info.incomplete = true;
        return None;
    };
    let argument = &mut info.arguments[at];
    let Some(ty) = vec_of(&argument.ty).cloned() else {
        errors.on(
            &argument.ty,
            format_args!("the function gets many items at once; write `{items}: Vec<..>`"),
        );
        info.incomplete = true;
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
    let all = std::mem::replace(argument, one);
    Some(Items { all, at })
}

/// Reports queued arguments beside the items of `each(item in items)`, because they may differ
/// between calls. Also reports a write number whose type does not fit: a `Vec` belongs to items.
pub(crate) fn check_items(
    info: &FnInfo,
    roles: &[Role],
    items: Option<&Items>,
    errors: &mut Errors,
) {
    if let Some(items) = items {
        for (at, argument) in info.arguments.iter().enumerate() {
            if at == items.at || !matches!(roles[at], Role::Queued) {
                continue;
            }
            let name = &argument.name;
            errors.at(
                name.span(),
                format_args!(
                    "one run gets items of many calls, which may differ in `{name}`; make it a part \
                     of the items of `{}`, or name it in `skip(..)`",
                    items.all.name
                ),
            );
        }
    }
    if info.incomplete {
        return;
    }
    for (argument, role) in info.arguments.iter().zip(roles) {
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

/// Reports each argument that `expr` uses although it is not queued.
/// `named` has the positions of the arguments that `expr` uses.
pub(crate) fn check_queued(
    info: &FnInfo,
    roles: &[Role],
    named: &BTreeSet<usize>,
    expr: &impl ToTokens,
    errors: &mut Errors,
) {
    for &position in named {
        let argument = &info.arguments[position];
        let used = argument
            .names()
            .iter()
            .find_map(|name| ident_usage::find_variable(expr, name));
        let Some(name) = used else { continue };
        match roles[position] {
            Role::Queued => {}
            Role::Provided => errors.at(
                name.span(),
                format_args!(
                    "`{name}` is not queued, so a read that looks into the queue does not have it; \
                     take it out of `skip(..)`"
                ),
            ),
            Role::WriteNumber => errors.at(name.span(), number_of_worker(&name)),
        }
    }
}

/// Returns the message for the use of `name`, an argument that only the function's body has.
pub(crate) fn number_of_worker(name: &Ident) -> String {
    format!(
        "`{name}` is made when the write is queued, and only the body has it; name other arguments"
    )
}
