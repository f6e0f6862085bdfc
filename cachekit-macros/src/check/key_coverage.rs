//! Rules for the arguments that a key leaves out, decided by the form of the argument's type.
//!
//! The compiler decides whether a type implements traits that make it data. The compiler considers
//! neither the further bounds of a type parameter, nor the purpose of a type from another crate.
//! This module considers both.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::punctuated::Punctuated;
use syn::{
    GenericArgument, GenericParam, Generics, PathArguments, PathSegment, Token, Type,
    TypeParamBound, WherePredicate,
};

use crate::model::ArgKind;

/// Traits of std and serde by which a body can get data out of an argument. The key must contain an
/// argument with such a bound.
const DATA: [&str; 24] = [
    "AsMut",
    "AsRef",
    "Borrow",
    "BorrowMut",
    "CacheKey",
    "Deref",
    "Deserialize",
    "DeserializeOwned",
    "Display",
    "DoubleEndedIterator",
    "Eq",
    "Error",
    "ExactSizeIterator",
    "Hash",
    "Into",
    "IntoIterator",
    "Iterator",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Serialize",
    "ToOwned",
    "ToString",
    "TryInto",
];

/// Traits of database connections and pools, from sqlx, sea-orm and tokio-postgres.
const CONNECTIONS: [&str; 8] = [
    "Acquire",
    "ConnectionTrait",
    "Executor",
    "GenericClient",
    "MySqlExecutor",
    "PgExecutor",
    "SqliteExecutor",
    "TransactionTrait",
];

/// Names of the types of pools and connections in sqlx and sea-orm.
const POOLS: [&str; 6] = [
    "AnyPool",
    "DatabaseConnection",
    "DbConn",
    "MySqlPool",
    "PgPool",
    "SqlitePool",
];

/// Returns `true` for a reference to an `Extension<_>`, a type of web servers that may contain the
/// current user. The key must contain such an argument. The key may leave out other references
/// unless their traits make them data.
fn is_lent_extension(ty: &Type) -> bool {
    match ty {
        Type::Paren(ty) => is_lent_extension(&ty.elem),
        Type::Group(ty) => is_lent_extension(&ty.elem),
        Type::Reference(ty) => match &*ty.elem {
            Type::Path(path) => path
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == "Extension"),
            inner => is_lent_extension(inner),
        },
        _ => false,
    }
}

/// Names of a function's type parameters, grouped by the kind of their bounds, to decide which
/// arguments the key may leave out.
pub(crate) struct Bounds {
    data: BTreeSet<String>,
    connections: BTreeSet<String>,
}

impl Bounds {
    /// Collects the type parameters of a function, grouped by the kind of their bounds.
    pub(crate) fn of(generics: &Generics) -> Self {
        let mut bounds = Self {
            data: BTreeSet::new(),
            connections: BTreeSet::new(),
        };
        for param in &generics.params {
            if let GenericParam::Type(param) = param {
                bounds.note([param.ident.to_string()].into(), &param.bounds);
            }
        }
        let predicates = generics.where_clause.iter().flat_map(|it| &it.predicates);
        for predicate in predicates {
            if let WherePredicate::Type(predicate) = predicate {
                let mut words = BTreeSet::new();
                names(&predicate.bounded_ty, &mut words);
                bounds.note(words, &predicate.bounds);
            }
        }
        bounds
    }

    fn note(&mut self, names: BTreeSet<String>, bounds: &Punctuated<TypeParamBound, Token![+]>) {
        if has_one_of(bounds, &DATA) {
            self.data.extend(names);
        } else if has_one_of(bounds, &CONNECTIONS) {
            self.connections.extend(names);
        }
    }

    /// Returns the rule that decides whether the key may leave out an argument of this type.
    pub(crate) fn kind_of(&self, ty: &Type) -> ArgKind {
        if self.has_data(ty) || is_lent_extension(ty) {
            ArgKind::Data
        } else if self.is_handle(ty) {
            ArgKind::Borrowed
        } else {
            ArgKind::Owned
        }
    }

    /// Returns `true` if the type contains, at any depth, a type parameter whose bounds make it
    /// data.
    fn has_data(&self, ty: &Type) -> bool {
        match ty {
            Type::ImplTrait(ty) => has_one_of(&ty.bounds, &DATA),
            Type::TraitObject(ty) => has_one_of(&ty.bounds, &DATA),
            Type::Path(path) => {
                let word = path.path.get_ident().filter(|_| path.qself.is_none());
                word.is_some_and(|word| self.data.contains(&word.to_string()))
                    || parts(ty).into_iter().any(|part| self.has_data(part))
            }
            _ => parts(ty).into_iter().any(|part| self.has_data(part)),
        }
    }

    /// Returns `true` if the type is a known type of a database pool, a connection, or the state of
    /// a server, such as `Pool<Postgres>`. A key may leave out arguments of these types.
    fn is_handle(&self, ty: &Type) -> bool {
        let path = match ty {
            Type::Paren(ty) => return self.is_handle(&ty.elem),
            Type::Group(ty) => return self.is_handle(&ty.elem),
            Type::ImplTrait(ty) => return has_one_of(&ty.bounds, &CONNECTIONS),
            Type::Path(ty) if ty.qself.is_none() => &ty.path,
            _ => return false,
        };
        let Some(last) = path.segments.last() else {
            return false;
        };
        let inside: Vec<&Type> = arguments(last).collect();
        let name = last.ident.to_string();
        match (name.as_str(), &inside[..]) {
            // An `Extension` may also contain values of one request, such as the current user. So
            // only an `Extension` of a known handle is a handle.
            ("Extension", [inner]) => self.is_handle(inner),
            ("Arc" | "Rc", [inner]) => is_object(inner),
            ("State" | "Data", [inner]) => !matches!(inner, Type::Reference(_)),
            ("Pool", [_, ..]) => true,
            (name, []) => POOLS.contains(&name) || self.connections.contains(name),
            _ => false,
        }
    }
}

fn is_object(ty: &Type) -> bool {
    match ty {
        Type::TraitObject(_) => true,
        Type::Paren(ty) => is_object(&ty.elem),
        Type::Group(ty) => is_object(&ty.elem),
        _ => false,
    }
}

fn has_one_of(bounds: &Punctuated<TypeParamBound, Token![+]>, traits: &[&str]) -> bool {
    let last = |bound: &TypeParamBound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().map(|it| it.ident.to_string()),
        _ => None,
    };
    let mut named = bounds.iter().filter_map(last);
    named.any(|name| traits.contains(&name.as_str()))
}

/// Collects the names in a type that stand alone: `T` in `&Vec<T>`, but not in `T::Item`.
fn names(ty: &Type, found: &mut BTreeSet<String>) {
    if let Type::Path(path) = ty
        && path.qself.is_none()
    {
        found.extend(path.path.get_ident().map(Ident::to_string));
    }
    for part in parts(ty) {
        names(part, found);
    }
}

/// Returns the types that a type contains, one level deep.
fn parts(ty: &Type) -> Vec<&Type> {
    match ty {
        Type::Array(ty) => vec![&ty.elem],
        Type::Group(ty) => vec![&ty.elem],
        Type::Paren(ty) => vec![&ty.elem],
        Type::Reference(ty) => vec![&ty.elem],
        Type::Slice(ty) => vec![&ty.elem],
        Type::Tuple(ty) => ty.elems.iter().collect(),
        Type::Path(ty) => ty.path.segments.iter().flat_map(arguments).collect(),
        _ => Vec::new(),
    }
}

fn arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let generics = match &segment.arguments {
        PathArguments::AngleBracketed(generics) => Some(&generics.args),
        _ => None,
    };
    let arguments = generics.into_iter().flatten();
    arguments.filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
