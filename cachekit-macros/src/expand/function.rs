//! The body of a cached function: look, and on a miss compute.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::spanned::Spanned;

use super::key::writer;
use super::steps::{Place, after, collected};
use super::{in_form, looked_at, source, spec};
use crate::item::LooseFn;
use crate::model::{CachedFn, Companion, LeftOut};
use crate::names::{Names, blaming, local};

/// The new body.
pub(super) fn body(model: &CachedFn, item: &LooseFn, names: &Names) -> TokenStream {
    let Names { krate, private } = names;
    let [plan, looked, hit, miss, labels, spec] = [
        "__plan", "__looked", "__hit", "__miss", "__labels", "__spec",
    ]
    .map(local);
    let guards = guards(model, names);
    let result = &model.function.result;
    let (cache, source) = source(&model.function, names);
    let find_spec = find_spec(model, item, names);
    let when = model
        .when
        .as_ref()
        .map_or_else(|| quote!(true), |when| quote!(#when));
    let key = writer(&model.key, &quote!(#spec), names);
    let (label, labelled) = collected(
        quote!(#private::Labels::new()),
        &model.before,
        &labels,
        names,
    );
    let after = after(
        model.after.as_ref(),
        "after",
        &labels,
        Place::Call,
        &model.function,
        names,
    );
    let body = super::body(&model.function, item);
    // A type that cannot be kept is the return type's fault.
    let place = result.span();
    let look = blaming(place, quote!(#private::look));
    let (compute, wait) = in_form(&model.function, "compute", place);
    let compute = blaming(place, quote!(#private::#compute));
    let planned = blaming(place, quote!(#plan));
    let mut computed = Group::new(
        Delimiter::Parenthesis,
        quote!(#miss, #planned, #labelled, #after, #body),
    );
    computed.set_span(Span::call_site().located_at(place));
    // What looks is a statement of its own: temporaries of a scrutinee would live across the await.
    let looked_at = looked_at(model.function.arguments.iter(), false);
    quote! {
        #looked_at
        #guards
        #cache
        let #plan = #krate::__plan!(#result);
        let #spec = #find_spec;
        let #looked = #look(#source, #spec, #planned, #when, #key);
        match #looked {
            ::core::result::Result::Ok(#hit) => #hit,
            ::core::result::Result::Err(#miss) => {
                #label
                #compute #computed #wait
            }
        }
    }
}

/// Arguments the key forgets, for the type system to judge.
fn guards(model: &CachedFn, names: &Names) -> TokenStream {
    let krate = &names.krate;
    let mut guards = TokenStream::new();
    for LeftOut { name, is_pattern } in &model.left_out {
        let looked_at = if *is_pattern {
            name.clone()
        } else {
            unnoticed(name)
        };
        guards.extend(blaming(
            name.span(),
            quote!(#krate::__left_out!(#looked_at);),
        ));
    }
    if let Some(receiver) = &model.shared_self {
        guards.extend(blaming(
            receiver.span,
            quote!(#krate::__shared_self!(Self);),
        ));
    }
    guards
}

/// An argument, so that a look at `_pool` is not the user's use of it. Others keep their hygiene.
fn unnoticed(name: &Ident) -> Ident {
    let mut name = name.clone();
    if name.to_string().starts_with('_') {
        name.set_span(Span::call_site().located_at(name.span()));
    }
    name
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
            let name = spec::plain_name();
            let function = spec::function(model, &name, None, names);
            // A block of its own, so that the user's body does not see the function.
            quote!({ #function #name() })
        }
    }
}
