//! Rules for companions: the kind of companion that a function gets, and the parameters of its
//! functions.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, GenericParam, Generics, Visibility, WherePredicate};

use crate::attr::arg::Arg;
use crate::attr::value::CompanionName;
use crate::check::function::FnInfo;
use crate::check::ident_usage;
use crate::check::key::Key;
use crate::item::LooseFn;
use crate::model::{Companion, CompanionParts};

/// Arguments and generic parameters that the options of one `#[cached]` use, as far as the
/// companion's functions need them.
pub(crate) struct Uses<'a> {
    pub(crate) key: &'a Key,
    /// Positions of the arguments that tags, events and expressions name.
    pub(crate) named: &'a BTreeSet<usize>,
    /// Positions of the arguments that expressions name.
    pub(crate) in_expr: &'a BTreeSet<usize>,
    /// Positions of the type and const parameters that tags, events and expressions name.
    pub(crate) params: &'a BTreeSet<usize>,
    /// Expression of the option `cache = EXPR`. `None`: the option is not set.
    pub(crate) cache: Option<&'a Expr>,
}

/// Returns `true` if a function can be in an `impl` or a trait, where a companion type cannot be
/// defined. The attribute sees only the function itself, such as its `self`.
pub(crate) fn may_be_inside(
    written: Option<&Arg<CompanionName>>,
    item: &LooseFn,
    info: &FnInfo,
) -> bool {
    let is_said = |it: &Arg<CompanionName>| {
        matches!(it.value, CompanionName::Omitted | CompanionName::InSelf)
    };
    info.receiver.is_some() || names_self(item) || written.is_some_and(is_said)
}

/// Returns `true` if a function contains the word `Self`, which is allowed only in an `impl` or a
/// trait.
fn names_self(item: &LooseFn) -> bool {
    let this = Ident::new("Self", item.sig.ident.span());
    let body = without_items(item.body.stream());
    ident_usage::find(&item.sig, &this).is_some() || ident_usage::find(&body, &this).is_some()
}

/// Returns the tokens of a body without the items in which `Self` means another type, such as a
/// nested `impl`.
fn without_items(tokens: TokenStream) -> TokenStream {
    let mut is_inside = false;
    let mut kept = Vec::new();
    for tree in tokens {
        match tree {
            TokenTree::Ident(word) if is_item(&word) => is_inside = true,
            TokenTree::Punct(punct) if is_inside && punct.as_char() == ';' => is_inside = false,
            TokenTree::Group(group) if is_inside => {
                is_inside = group.delimiter() != Delimiter::Brace;
            }
            TokenTree::Group(group) => {
                let inside = without_items(group.stream());
                kept.push(TokenTree::Group(Group::new(group.delimiter(), inside)));
            }
            other if !is_inside => kept.push(other),
            _ => {}
        }
    }
    kept.into_iter().collect()
}

/// Returns `true` if the word begins an item in which `Self` means another type, such as a nested
/// `impl`.
fn is_item(word: &Ident) -> bool {
    ["impl", "trait", "struct", "enum", "union"]
        .iter()
        .any(|item| word == item)
}

/// Returns `true` if another attribute on the function defines a type of the function's name. The
/// route attributes of web servers, such as `#[get]`, do so.
fn is_route(item: &LooseFn) -> bool {
    const ROUTES: [&str; 14] = [
        "get", "post", "put", "delete", "head", "connect", "options", "trace", "patch", "route",
        "routes", "catch", "handler", "endpoint",
    ];
    item.attrs.iter().any(|attr| {
        let last = attr.path().segments.last();
        last.is_some_and(|last| ROUTES.iter().any(|route| last.ident == route))
    })
}

/// Returns the companion that a cached function gets: a type, functions beside a method, or none.
pub(crate) fn companion(
    written: Option<Arg<CompanionName>>,
    item: &LooseFn,
    info: &FnInfo,
    uses: &Uses<'_>,
) -> Companion {
    let (name, in_self) = match written.map(|arg| arg.value) {
        Some(CompanionName::Omitted) => return Companion::None,
        Some(CompanionName::Named(name)) => (Some(name), false),
        Some(CompanionName::InSelf) => (Some(item.sig.ident.clone()), true),
        None if is_route(item) => return Companion::None,
        Some(CompanionName::Default) | None => (None, false),
    };
    let positions = 0..info.arguments.len();
    let in_cache: Vec<bool> = positions
        .clone()
        .map(|at| {
            uses.cache
                .is_some_and(|cache| ident_usage::any(cache, info.arguments[at].names()))
        })
        .collect();
    let in_key: Vec<bool> = positions
        .clone()
        .map(|at| uses.key.arguments.contains(&at))
        .collect();
    let in_entry: Vec<bool> = positions
        .clone()
        .map(|at| in_key[at] || in_cache[at] || uses.named.contains(&at))
        .collect();
    let in_key_expr = positions
        .clone()
        .map(|at| uses.key.in_expr.contains(&at))
        .collect();
    let in_expr = positions.map(|at| uses.in_expr.contains(&at)).collect();
    let generics = reachable(&item.sig.generics, info, &in_entry, uses);
    let parts = CompanionParts {
        in_entry,
        in_key,
        in_key_expr,
        in_cache,
        in_expr,
        generics,
    };
    let fn_name = item.sig.ident.clone();
    // A companion type cannot be defined in an `impl`. An associated function that does not contain
    // the word `Self` cannot be distinguished from a free function.
    let is_free = info.receiver.is_none() && !in_self && !names_self(item);
    if is_free {
        return Companion::Type {
            name: name.unwrap_or(fn_name),
            parts,
        };
    }
    // A method without a visibility may be in a trait's `impl`, in which no further function can be
    // defined. The macro cannot see the `impl`. A method with a visibility cannot be in a trait's
    // `impl`.
    match (name, &item.vis) {
        (Some(prefix), _) => Companion::Siblings { prefix, parts },
        (None, Visibility::Inherited) => Companion::None,
        (None, _) => Companion::Siblings {
            prefix: fn_name,
            parts,
        },
    }
}

/// Returns the generics of the companion's functions. A type parameter that occurs in none of their
/// arguments is left out, because the compiler could not infer it in a call such as
/// `get::entry(4)`.
fn reachable(generics: &Generics, info: &FnInfo, in_entry: &[bool], uses: &Uses<'_>) -> Generics {
    let mut reached: TokenStream = info.result.to_token_stream();
    for (argument, _) in info
        .arguments
        .iter()
        .zip(in_entry)
        .filter(|(_, kept)| **kept)
    {
        argument.ty.to_tokens(&mut reached);
    }
    uses.cache.to_tokens(&mut reached);
    for &position in uses.key.params.union(uses.params) {
        info.params[position].name.to_tokens(&mut reached);
    }
    // A bound of a kept parameter may name another parameter. So the search is repeated, at most
    // once for each parameter.
    for _ in 0..generics.params.len() {
        for param in &generics.params {
            if ident_usage::find(&reached, name_of(param)).is_some() {
                param.to_tokens(&mut reached);
            }
        }
    }
    let kept = |param: &GenericParam| ident_usage::find(&reached, name_of(param)).is_some();
    let needs_dropped = |predicate: &WherePredicate| {
        generics
            .params
            .iter()
            .any(|param| !kept(param) && ident_usage::find(predicate, name_of(param)).is_some())
    };
    let mut result = generics.clone();
    result.params = generics
        .params
        .iter()
        .filter(|param| kept(param))
        .cloned()
        .collect();
    if let Some(clause) = &mut result.where_clause {
        let predicates = std::mem::take(&mut clause.predicates);
        clause.predicates = predicates
            .into_iter()
            .filter(|predicate| !needs_dropped(predicate))
            .collect();
    }
    result
}

fn name_of(param: &GenericParam) -> &Ident {
    match param {
        GenericParam::Lifetime(lifetime) => &lifetime.lifetime.ident,
        GenericParam::Type(ty) => &ty.ident,
        GenericParam::Const(value) => &value.ident,
    }
}
