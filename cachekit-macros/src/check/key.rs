//! Rules for the options `key` and `skip`.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use quote::{ToTokens, quote};
use syn::{LitInt, Token};

use crate::attr::arg::Arg;
use crate::attr::cached::VERSION;
use crate::attr::template::Template;
use crate::attr::value::SkipName;
use crate::check::anonymous;
use crate::check::function::FnInfo;
use crate::check::scope::{Named, RetRule, resolve, text};
use crate::diag::Errors;
use crate::model::text::{Piece, Text};
use crate::model::{ArgKind, Argument, Uncovered};
use crate::spelling::{did_you_mean, quoted};

/// Checked key of a function, and the values that the key leaves out.
pub(crate) struct Key {
    pub(crate) text: Text,
    /// Positions of the arguments that the key contains.
    pub(crate) arguments: BTreeSet<usize>,
    /// Positions of the arguments that the expression in `key = expr(..)` names.
    pub(crate) in_expr: BTreeSet<usize>,
    /// Positions of the type and const parameters that are not in `skip(..)`.
    pub(crate) params: BTreeSet<usize>,
    /// Type parameters of the function for which the key contains the name of the actual type.
    pub(crate) type_params: Vec<Ident>,
    pub(crate) uncovered: Vec<Uncovered>,
    pub(crate) shared_self: Option<Token![self]>,
}

/// Names that the user wrote in `skip(..)`.
#[derive(Default)]
struct Skipped {
    words: BTreeSet<(usize, String)>,
    params: BTreeSet<usize>,
    receiver: bool,
}

/// Returns the checked key of a function. `may_be_inside` is `true` if the function can be in an
/// `impl` or a trait; the key then contains the types around the function.
pub(crate) fn key(
    info: &FnInfo,
    may_be_inside: bool,
    written: Option<&Arg<Template>>,
    skip: Option<&Arg<Vec<SkipName>>>,
    version: Option<&Arg<LitInt>>,
    errors: &mut Errors,
) -> Key {
    let skipped = skipped(info, skip, errors);
    let (mut pieces, mut named) = match written {
        Some(template) => {
            let rule = RetRule::Forbidden(
                "the key is needed before the call gives a value; name arguments here, `ret` can stand in `tags` \
                                           and `store_if`",
            );
            let mut resolved = resolve(info, &template.value, rule, errors);
            let named = std::mem::take(&mut resolved.named);
            (resolved.into_text().pieces, named)
        }
        None => default_pieces(info, &skipped),
    };
    check_unused(info, &skipped, &named, skip, errors);
    check_exclusive(info, &named, errors);
    let params: BTreeSet<usize> = (0..info.params.len())
        .filter(|at| !skipped.params.contains(at))
        .collect();
    let typed = typed(info, &skipped, &named);
    pieces.extend(types(info, &params, &typed, &mut named));
    if may_be_inside {
        let of_self = info.receiver.is_some();
        pieces.push(Piece::OuterTypes { of_self });
    }
    if let Some(version) = version.and_then(|it| version_of(it, errors)) {
        pieces.push(Piece::Literal(format!(";v{version}")));
    }
    let receiver = info.receiver.as_ref().map(|receiver| receiver.self_token);
    Key {
        text: text(pieces),
        uncovered: uncovered(info, &skipped, &named),
        arguments: named.arguments.union(&typed).copied().collect(),
        params,
        type_params: named
            .types
            .iter()
            .map(|&at| info.params[at].name.clone())
            .collect(),
        shared_self: receiver.filter(|_| !named.receiver && !skipped.receiver),
        in_expr: named.in_expr,
    }
}

/// Returns the values that the body can use, but that are named neither in `key` nor in `skip(..)`
/// (the option for arguments that the key leaves out).
fn uncovered(info: &FnInfo, skipped: &Skipped, named: &Named) -> Vec<Uncovered> {
    let mut uncovered = Vec::new();
    for (position, argument) in info.arguments.iter().enumerate() {
        if named.whole.contains(&position) {
            continue;
        }
        if argument.pattern.as_ref().is_some_and(|it| it.is_open) {
            uncovered.push(value(info, argument, &argument.name));
        }
        for name in argument.names() {
            let word = (position, name.to_string());
            if !named.words.contains(&word) && !skipped.words.contains(&word) {
                uncovered.push(value(info, argument, name));
            }
        }
    }
    uncovered
}

/// Returns an argument, or a name that its pattern binds, as a value that is named neither in `key`
/// nor in `skip(..)` (the option for arguments that the key leaves out).
fn value(info: &FnInfo, argument: &Argument, name: &Ident) -> Uncovered {
    let is_bound = argument.names().contains(name);
    let pattern = argument.pattern.as_ref().filter(|_| is_bound);
    let is_copy = pattern.is_some_and(|pattern| pattern.copies.contains(name));
    let kind = match info.bounds.kind_of(&argument.ty) {
        // The pattern of an argument that is a reference binds its names to references.
        ArgKind::Owned if pattern.is_some() && !is_copy && argument.referent().is_some() => {
            ArgKind::Borrowed
        }
        kind => kind,
    };
    Uncovered {
        name: name.clone(),
        // `#[async_trait]` moves the pattern of an argument into the body, and gives the argument a
        // name that begins with `__arg`.
        is_named: is_bound && !name.to_string().starts_with("__arg"),
        is_reference: pattern.is_some() && !is_copy,
        kind,
    }
}

/// Returns the pieces of a key for the types in it: for type and const parameters that the template
/// does not name, and for the types of the arguments in `typed`.
fn types(
    info: &FnInfo,
    params: &BTreeSet<usize>,
    typed: &BTreeSet<usize>,
    named: &mut Named,
) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for &position in params.difference(&named.params) {
        let param = &info.params[position];
        let name = &param.name;
        let value = if param.is_const {
            quote!(#name)
        } else {
            named.types.insert(position);
            quote!(::core::any::type_name::<#name>())
        };
        pieces.push(Piece::Literal(";".to_owned()));
        pieces.push(Piece::Part { value, stop: 0 });
    }
    for &position in typed {
        let argument = &info.arguments[position];
        pieces.push(Piece::Literal(";".to_owned()));
        pieces.push(Piece::TypeOf {
            name: argument.name.clone(),
            is_reference: argument.referent().is_some(),
            stop: 0,
        });
    }
    pieces
}

/// Returns the positions of the arguments whose types are in the key: those with an `impl Trait`,
/// which is a type parameter without a name. The type is left out if `skip` names the argument.
fn typed(info: &FnInfo, skipped: &Skipped, named: &Named) -> BTreeSet<usize> {
    let is_typed = |&at: &usize| {
        let argument = &info.arguments[at];
        let mut bound = argument.names().iter();
        let is_in_key = named.arguments.contains(&at);
        anonymous::is_open(&argument.ty, is_in_key)
            && !bound.all(|name| skipped.words.contains(&(at, name.to_string())))
    };
    (0..info.arguments.len()).filter(is_typed).collect()
}

/// Reports a `&mut` argument in the key: a hit does not run the body, so the hit would not change
/// the argument's target.
fn check_exclusive(info: &FnInfo, named: &Named, errors: &mut Errors) {
    for &position in &named.arguments {
        let argument = &info.arguments[position];
        if matches!(&argument.ty, syn::Type::Reference(ty) if ty.mutability.is_some()) {
            let name = argument.names().first().unwrap_or(&argument.name);
            errors.at(
                name.span(),
                format_args!(
                    "a hit would not change `{name}`; take it by `&`, or leave it out with \
                     `skip({name})`"
                ),
            );
        }
    }
}

fn version_of(version: &Arg<LitInt>, errors: &mut Errors) -> Option<u32> {
    let parsed = version.value.base10_parse::<u32>();
    errors.keep(parsed.map_err(|_| syn::Error::new(version.value.span(), VERSION)))
}

/// Returns the pieces of the key of a function without the option `key`: the function's name, and
/// every argument that is not skipped.
fn default_pieces(info: &FnInfo, skipped: &Skipped) -> (Vec<Piece>, Named) {
    let mut pieces = vec![Piece::Name];
    let mut named = Named::default();
    for (position, argument) in info.arguments.iter().enumerate() {
        // If `skip` names one of the names that the pattern binds, the key contains the remaining
        // names. Otherwise the key contains the whole argument.
        let bound = argument.names();
        let whole = std::slice::from_ref(&argument.name);
        let is_skipped = |name: &&Ident| skipped.words.contains(&(position, name.to_string()));
        let parts = if bound.iter().any(|name| is_skipped(&name)) {
            bound
        } else {
            named.whole.insert(position);
            whole
        };
        for name in parts.iter().filter(|name| !is_skipped(name)) {
            pieces.push(Piece::Literal(":".to_owned()));
            pieces.push(Piece::Part {
                value: name.to_token_stream(),
                stop: 0,
            });
            named.arguments.insert(position);
            named.words.insert((position, name.to_string()));
        }
    }
    (pieces, named)
}

fn skipped(info: &FnInfo, skip: Option<&Arg<Vec<SkipName>>>, errors: &mut Errors) -> Skipped {
    let mut skipped = Skipped::default();
    for SkipName(name) in skip.iter().flat_map(|skip| &skip.value) {
        let new = if name == "self" && info.receiver.is_some() {
            !std::mem::replace(&mut skipped.receiver, true)
        } else if let Some(position) = info.position(name) {
            skipped.words.insert((position, name.to_string()))
        } else if let Some(position) = info.params.iter().position(|param| param.name == *name) {
            skipped.params.insert(position)
        } else {
            if !info.incomplete {
                errors.at(name.span(), unknown_skip(info, name));
            }
            true
        };
        if !new {
            errors.at(name.span(), format_args!("`{name}` is skipped twice"));
        }
    }
    skipped
}

/// Returns the message for a `name` in `skip(..)` that is no argument of the function.
pub(crate) fn unknown_skip(info: &FnInfo, name: &Ident) -> String {
    let mut names: Vec<String> = info
        .arguments
        .iter()
        .flat_map(|argument| argument.names().iter().map(Ident::to_string))
        .collect();
    names.extend(info.params.iter().map(|param| param.name.to_string()));
    names.extend(info.receiver.iter().map(|_| "self".to_owned()));
    let known = || names.iter().map(String::as_str);
    let rule = format!("unused skip: there is no argument `{name}`");
    if let Some(meant) = did_you_mean(&name.to_string(), known()) {
        format!("{rule}; did you mean `{meant}`?")
    } else if names.is_empty() {
        format!("{rule}; the function has no arguments")
    } else {
        format!("{rule}; one may skip {}", quoted(known()))
    }
}

/// Reports names that are both in `skip(..)` (the option for arguments that the key leaves out) and
/// in the key.
fn check_unused(
    info: &FnInfo,
    skipped: &Skipped,
    named: &Named,
    skip: Option<&Arg<Vec<SkipName>>>,
    errors: &mut Errors,
) {
    for SkipName(name) in skip.iter().flat_map(|skip| &skip.value) {
        let param = info.params.iter().position(|param| param.name == *name);
        let in_key = named.words.iter().any(|(_, word)| name == word)
            || param.is_some_and(|at| named.params.contains(&at))
            || (name == "self" && skipped.receiver && named.receiver);
        if in_key {
            errors.at(
                name.span(),
                format_args!("unused skip: `{name}` is in the key; take it out of one of them"),
            );
        }
    }
}
