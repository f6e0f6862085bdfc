//! Body of a cached function: a look-up in the cache, and a computation after a miss.

use proc_macro2::{Delimiter, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::spanned::Spanned;

use crate::expand::assemble::{GivenCache, form_word, optional, tier_word};
use crate::expand::companion::hidden_spec_name;
use crate::expand::key::{path_of, type_of, write_key};
use crate::expand::pattern_refs::pattern_bindings;
use crate::expand::reference::HiddenFn;
use crate::expand::spec;
use crate::expand::steps::{ClosureSite, on_value, statements};
use crate::item::LooseFn;
use crate::model::text::Piece;
use crate::model::{ArgKind, CachedFn, Companion, OwnedBody, TimeoutAnswer, Uncovered};
use crate::paths::{Paths, as_user_code, local, trait_probe, with_span};

/// Returns the generated body of a cached function, which contains the user's body.
pub(crate) fn body(model: &CachedFn, item: &LooseFn, paths: &Paths) -> TokenStream {
    let krate = &paths.krate;
    let [tags, spec] = ["__tags", "__spec"].map(local);
    let result = &model.function.result;
    let tier = tier_word(model);
    // If the returned value cannot be stored, the error points at the return type.
    let span = result.span();
    let traits: &[&str] = if model.policy.in_memory {
        &["__Keep"]
    } else {
        &["__Own", "__Store", "__Keep"]
    };
    let probe = trait_probe(span, traits);
    let type_checks = type_checks(model);
    let timeout_answer = timeout_answer(model);
    let owned_body = model.owned_body.as_ref();
    let form = form_word(&model.function, owned_body);
    let pattern_bindings = pattern_bindings(model.function.arguments.iter(), false);
    let checks = checks(model, paths);
    let cache = GivenCache::of(&model.function, paths);
    let bind_cache = cache.as_ref().map(|cache| &cache.binding);
    let cache = cache.as_ref().map(GivenCache::argument);
    let find_spec = find_spec(model, item, paths);
    let when = when(model);
    let key = write_key(&model.key, &quote!(#spec), Some(&item.sig.ident), paths);
    let types = types(model, item);
    let before = statements(&model.before, &tags, paths);
    let on_value = on_value(
        model.after.as_ref(),
        &tags,
        if owned_body.is_some() {
            ClosureSite::Entry
        } else {
            ClosureSite::Call
        },
        &model.function,
        paths,
    );
    let body = crate::expand::assemble::body(&model.function, item, owned_body);
    // The patterns are bound again in the closure that takes the arguments, because references to
    // the arguments cannot move with them.
    let has_tags = !before.is_empty() || model.after.is_some();
    let rebound = has_tags.then_some(&pattern_bindings);
    quote! {
        #pattern_bindings
        #checks
        #bind_cache
        #krate::__cached!(
            form: #form,
            return_ops: (#tier #probe #type_checks #timeout_answer),
            returns: #result,
            spec: #spec = #find_spec,
            #cache
            when: #when,
            key: #key,
            #types
            tags: |#tags| { #rebound #before },
            #on_value
            #body
        )
    }
}

/// Returns the condition of the option `when`; `true` if the option is not set. A call for which
/// the condition is false bypasses the cache.
fn when(model: &CachedFn) -> TokenStream {
    let when = model.when.as_ref();
    when.map_or_else(|| quote!(true), ToTokens::to_token_stream)
}

/// Returns the types in the key, as an argument for a macro of cachekit. The function's name stands
/// for the types whose `impl` contains the function. Each other type is given by an expression for
/// its name.
fn types(model: &CachedFn, item: &LooseFn) -> TokenStream {
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
    optional("types", Delimiter::Bracket, types)
}

/// Returns the checks of the return type that the options `none_ttl`, `err_ttl` and
/// `stale_if_error` need.
fn type_checks(model: &CachedFn) -> TokenStream {
    let probes = [
        ("RequireOption", model.policy.none_ttl_at),
        ("RequireFallible", model.policy.stale_if_error_at),
        ("RequireErrors", model.policy.err_ttl_at),
        ("RequireCloneableError", model.policy.err_ttl_at),
    ];
    let probes = probes.into_iter().filter_map(|(name, span)| {
        let name = format_ident!("{name}");
        let probe = trait_probe(span?, &["__Also"]);
        Some(quote!(, #name #probe))
    });
    probes.collect()
}

/// Returns the error for a computation that exceeded its `timeout`, as input for the macro
/// `__kept!`. Returns `None` if the function has no option `timeout`.
fn timeout_answer(model: &CachedFn) -> Option<TokenStream> {
    let TimeoutAnswer { at, error } = model.policy.limits.timeout_answer.as_ref()?;
    let failing = trait_probe(*at, &["__CanFail"]);
    let answer = match error {
        Some(error) => quote!((#error)),
        None => trait_probe(*at, &["__Answer"]),
    };
    Some(quote!(; (#failing) #answer))
}

/// Returns the statements in the body that let the compiler check types, such as those of the
/// arguments that the key leaves out.
fn checks(model: &CachedFn, paths: &Paths) -> TokenStream {
    let krate = &paths.krate;
    let mut checks = TokenStream::new();
    for value in &model.uncovered {
        checks.extend(uncovered_check(value, krate));
    }
    let owned_body = model.owned_body.iter();
    checks.extend(owned_body.flat_map(|owned_body| clone_checks(model, owned_body, paths)));
    for choice in &model.policy.choices {
        if choice.ty == "Codec" {
            let codec = format_ident!("{}", choice.variant);
            checks.extend(with_span(choice.span, quote!(#krate::__codec!(#codec);)));
        }
    }
    if let Some((true, span)) = model.policy.compress {
        checks.extend(with_span(span, quote!(#krate::__compress!();)));
    }
    if let Some((true, span)) = model.policy.encrypt {
        checks.extend(with_span(span, quote!(#krate::__encrypt!();)));
    }
    if let Some(receiver) = &model.shared_self {
        let check = quote!(let _: fn(&Self) = <Self as #krate::Shared>::__cachekit_shared;);
        checks.extend(as_user_code(receiver.span, check));
    }
    checks
}

/// Returns the statement that lets the compiler check whether the key may leave `value` out.
fn uncovered_check(value: &Uncovered, krate: &TokenStream) -> TokenStream {
    let Uncovered { name, .. } = value;
    let kind = match value.kind {
        ArgKind::Owned => quote!(owned),
        ArgKind::Borrowed => quote!(borrowed),
        ArgKind::Data => quote!(data),
    };
    let borrow = (!value.is_reference).then(|| quote!(&));
    let (message, note) = if value.is_named {
        (
            format!("`{name}` could change the result, but the key forgets it"),
            format!(
                "write `{{{{{name}}}}}` or a part of it in `key`, or `skip({name})` if it does not \
                 matter"
            ),
        )
    } else {
        (
            "this argument could change the result, but the key forgets it".to_owned(),
            "give the argument a name, and write that in `key` or `skip(..)`".to_owned(),
        )
    };
    // These tokens have exactly the argument's span, so that the error mentions no macro.
    let span = value.name.span();
    let check = as_user_code(span, quote!(InKeyOrSkip::check(#name)));
    let mut guard =
        quote!(#krate::__left_out!(#kind #borrow #name, #name #message #note (#check)););
    if name.to_string().starts_with('_') {
        // Clippy must not take the check for a use of an argument such as `_pool` by the user.
        guard = quote!(#[allow(clippy::used_underscore_binding)] { #guard });
    }
    with_span(span, guard)
}

/// Returns the statements that let the compiler check that the body can own clones of its
/// arguments.
fn clone_checks(model: &CachedFn, owned_body: &OwnedBody, paths: &Paths) -> Vec<TokenStream> {
    let krate = &paths.krate;
    let references = model
        .function
        .arguments
        .iter()
        .filter(|argument| argument.referent().is_some());
    let arguments = references.map(|argument| {
        let name = &argument.name;
        (name.span(), name.to_token_stream())
    });
    let own_self = owned_body.owns_self.map(|span| (span, quote!(self)));
    let probes = arguments.chain(own_self).map(|(span, value)| {
        let probe = trait_probe(span, &["__OwnClone"]);
        quote!(#krate::__ownable!(#value => #probe);)
    });
    probes.collect()
}

/// Returns the expression that finds the cached function's spec: its name, options and key
/// template.
fn find_spec(model: &CachedFn, item: &LooseFn, paths: &Paths) -> TokenStream {
    match &model.companion {
        Companion::Type { .. } => {
            let hidden = hidden_spec_name(item);
            quote!(#hidden())
        }
        Companion::Siblings { .. } => {
            let hidden = HiddenFn::Spec.name_beside_method(&item.sig.ident);
            quote!(Self::#hidden())
        }
        Companion::None => {
            let krate = &paths.krate;
            let constants = spec::constants(model, paths);
            // The function `__spec` is in a block of its own, so that the user's body cannot see
            // it.
            quote!({ #krate::__spec!(__spec #constants); __spec() })
        }
    }
}
