//! Which controls a cached function gets, and what they take.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Expr, GenericParam, Generics, Visibility, WherePredicate};

use super::function::Facts;
use super::key::Key;
use super::mention;
use crate::attr::{Arg, CompanionName};
use crate::item::LooseFn;
use crate::model::{Companion, CompanionParts};

/// What the attribute names.
pub(super) struct Uses<'a> {
    pub(super) key: &'a Key,
    /// Arguments named by tags, events and expressions.
    pub(super) named: &'a BTreeSet<usize>,
    /// Arguments named by expressions.
    pub(super) in_expr: &'a BTreeSet<usize>,
    /// Type and const parameters named by tags, events and expressions.
    pub(super) params: &'a BTreeSet<usize>,
    /// `cache = EXPR`
    pub(super) cache: Option<&'a Expr>,
}

/// Whether a function may stand in an `impl` or a trait: not if it has a type beside it.
pub(super) fn may_be_inside(
    written: Option<&Arg<CompanionName>>,
    item: &LooseFn,
    facts: &Facts,
) -> bool {
    facts.receiver.is_some()
        || names_self(item)
        || written.is_some_and(|it| matches!(it.value, CompanionName::Omitted))
}

/// Whether the signature has the word `Self`.
fn names_self(item: &LooseFn) -> bool {
    let this = Ident::new("Self", item.sig.ident.span());
    mention::find(&item.sig, &this).is_some()
}

/// Decides the controls.
pub(super) fn companion(
    written: Option<Arg<CompanionName>>,
    item: &LooseFn,
    facts: &Facts,
    uses: &Uses<'_>,
) -> Companion {
    let name = match written.map(|arg| arg.value) {
        Some(CompanionName::Omitted) => return Companion::None,
        Some(CompanionName::Named(name)) => Some(name),
        Some(CompanionName::Default) | None => None,
    };
    let positions = 0..facts.arguments.len();
    let in_cache: Vec<bool> = positions
        .clone()
        .map(|at| {
            uses.cache
                .is_some_and(|cache| mention::any(cache, facts.arguments[at].names()))
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
    let generics = reachable(&item.sig.generics, facts, &in_entry, uses);
    let parts = CompanionParts {
        in_entry,
        in_key,
        in_key_expr,
        in_cache,
        in_expr,
        generics,
    };
    let fn_name = item.sig.ident.clone();
    if facts.receiver.is_none() {
        // An associated function, then: a type cannot stand in an `impl`. One without `Self` in
        // its signature cannot be told from a free function.
        if names_self(item) {
            return Companion::None;
        }
        return Companion::Type {
            name: name.unwrap_or(fn_name),
            parts,
        };
    }
    // A method without visibility may stand in a trait impl, where nothing can be added. The macro
    // cannot see that; a visibility proves the opposite.
    match (name, &item.vis) {
        (Some(prefix), _) => Companion::Siblings { prefix, parts },
        (None, Visibility::Inherited) => Companion::None,
        (None, _) => Companion::Siblings {
            prefix: fn_name,
            parts,
        },
    }
}

/// The generics of the controls: an unreachable `T: Repo` could not be inferred in
/// `get::entry(4)`.
fn reachable(generics: &Generics, facts: &Facts, in_entry: &[bool], uses: &Uses<'_>) -> Generics {
    let mut reached: TokenStream = facts.result.to_token_stream();
    for (argument, _) in facts
        .arguments
        .iter()
        .zip(in_entry)
        .filter(|(_, kept)| **kept)
    {
        argument.ty.to_tokens(&mut reached);
    }
    uses.cache.to_tokens(&mut reached);
    for &position in uses.key.params.union(uses.params) {
        facts.params[position].name.to_tokens(&mut reached);
    }
    // A bound of a kept parameter may name another one; once round for each is enough.
    for _ in 0..generics.params.len() {
        for param in &generics.params {
            if mention::find(&reached, name_of(param)).is_some() {
                param.to_tokens(&mut reached);
            }
        }
    }
    let kept = |param: &GenericParam| mention::find(&reached, name_of(param)).is_some();
    let needs_dropped = |predicate: &WherePredicate| {
        generics
            .params
            .iter()
            .any(|param| !kept(param) && mention::find(predicate, name_of(param)).is_some())
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
