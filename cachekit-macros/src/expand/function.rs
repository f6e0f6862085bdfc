//! The body of a cached function: look, and on a miss compute.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::spanned::Spanned;

use super::key::{path_of, type_of, writing};
use super::steps::{Place, after, statements};
use super::{form_word, looked_at, source, spec, tier_word};
use crate::item::LooseFn;
use crate::model::{Apart, CachedFn, Companion, InTime, Piece};
use crate::names::{Names, blaming, local};

/// The new body.
pub(super) fn body(model: &CachedFn, item: &LooseFn, names: &Names) -> TokenStream {
    let krate = &names.krate;
    let [labels, spec] = ["__labels", "__spec"].map(local);
    let result = &model.function.result;
    let tier = tier_word(model);
    // A type that cannot be kept is the return type's fault.
    let place = result.span();
    let plan = blaming(place, quote!(#krate::__kept!(#tier #result)));
    let plan = in_time(model, plan, names);
    let apart = model.apart.as_ref();
    let form = form_word(&model.function, apart);
    let looked_at = looked_at(model.function.arguments.iter(), false);
    let guards = guards(model, names);
    let (cache, source) = source(&model.function, names);
    let find_spec = find_spec(model, item, names);
    let always = || quote!(true);
    let when = model
        .when
        .as_ref()
        .map_or_else(always, ToTokens::to_token_stream);
    let key = writing(&model.key, &quote!(#spec), Some(&item.sig.ident), names);
    let types = types(model, item);
    let before = statements(&model.before, &labels, names);
    let after = after(
        model.after.as_ref(),
        &labels,
        if apart.is_some() {
            Place::Entry
        } else {
            Place::Call
        },
        &model.function,
        names,
    );
    let body = super::body(&model.function, item, apart);
    quote! {
        #looked_at
        #guards
        #cache
        #krate::__cached!(#form (#plan) (#result) (#spec = #find_spec, (#source), #when) (#key) #types (#labels #before) (#after) #body)
    }
}

/// The types in the key, for a template: the function's name for those that stand around it, and
/// the names of others.
fn types(model: &CachedFn, item: &LooseFn) -> Option<TokenStream> {
    let params = model.type_params.iter();
    let mut types: TokenStream = params
        .map(|name| quote!((::core::any::type_name::<#name>())))
        .collect();
    for piece in &model.key.pieces {
        match piece {
            Piece::OuterTypes { .. } => types.extend(path_of(&item.sig.ident).to_token_stream()),
            Piece::TypeOf {
                name, is_reference, ..
            } => {
                let name = type_of(name, *is_reference);
                types.extend(quote!((#name)));
            }
            _ => {}
        }
    }
    (!types.is_empty()).then(|| quote!([#types]))
}

/// The plan with its answer for a computation that takes too long.
fn in_time(model: &CachedFn, plan: TokenStream, names: &Names) -> TokenStream {
    let Some(InTime { at, error }) = &model.policy.limits.in_time else {
        return plan;
    };
    let krate = &names.krate;
    // A type that cannot be kept, and one that has no answer, are two mistakes in two places.
    let kept = local("__kept");
    let error = error.as_ref().map(|error| quote!(, #error));
    let answered = blaming(*at, quote!(#krate::__in_time!));
    // A wrong expression is blamed on its own words.
    let mut input = Group::new(Delimiter::Parenthesis, quote!(#kept #error));
    input.set_span(input.span().located_at(*at));
    quote!({ let #kept = #plan; #answered #input })
}

/// Arguments the key forgets, for the type system to judge.
fn guards(model: &CachedFn, names: &Names) -> TokenStream {
    let krate = &names.krate;
    let mut guards = TokenStream::new();
    for name in &model.left_out {
        let mut guard = quote!(#krate::__left_out!(#name););
        if name.to_string().starts_with('_') {
            // The look is not the user's use of an argument called `_pool`.
            guard = quote!(#[allow(clippy::used_underscore_binding)] { #guard });
        }
        guards.extend(blaming(name.span(), guard));
    }
    if let Some(place) = model.policy.none_ttl_at {
        let result = &model.function.result;
        guards.extend(blaming(place, quote!(#krate::__absent!(#result);)));
    }
    if let Some(place) = model.policy.err_ttl_at {
        let result = &model.function.result;
        guards.extend(blaming(place, quote!(#krate::__remembered!(#result);)));
    }
    if let Some(place) = model.policy.stale_if_error_at {
        let result = &model.function.result;
        guards.extend(blaming(place, quote!(#krate::__fallible!(#result);)));
    }
    guards.extend(
        model
            .apart
            .as_ref()
            .map(|apart| ownable(model, apart, names)),
    );
    for choice in &model.policy.choices {
        if choice.ty == "Codec" {
            let codec = format_ident!("{}", choice.variant);
            guards.extend(blaming(choice.place, quote!(#krate::__codec!(#codec);)));
        }
    }
    if let Some((true, place)) = model.policy.compress {
        guards.extend(blaming(place, quote!(#krate::__compress!();)));
    }
    if let Some(receiver) = &model.shared_self {
        guards.extend(blaming(
            receiver.span,
            quote!(#krate::__shared_self!(Self);),
        ));
    }
    guards
}

/// What the body is to own, for the type system to judge.
fn ownable(model: &CachedFn, apart: &Apart, names: &Names) -> TokenStream {
    let krate = &names.krate;
    let references = model
        .function
        .arguments
        .iter()
        .filter(|argument| argument.referent().is_some());
    let arguments = references.map(|argument| {
        let name = &argument.name;
        blaming(name.span(), quote!(#krate::__ownable!(#name);))
    });
    let own_self = apart
        .owns_self
        .map(|place| blaming(place, quote!(#krate::__ownable!(self);)));
    arguments.chain(own_self).collect()
}

/// The expression that finds the spec.
fn find_spec(model: &CachedFn, item: &LooseFn, names: &Names) -> TokenStream {
    match &model.companion {
        Companion::Type { name, .. } => quote!(#name::__spec()),
        Companion::Siblings { .. } => {
            let hidden = format_ident!("__cachekit_{}_spec", item.sig.ident);
            quote!(Self::#hidden())
        }
        Companion::None => {
            let krate = &names.krate;
            let constants = spec::constants(model, names);
            // A block of its own, so that the user's body does not see the function.
            quote!({ #krate::__spec!(__spec #constants); __spec() })
        }
    }
}
