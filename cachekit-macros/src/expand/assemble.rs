//! Parts that the expansions of all attributes have: the function around a new body, and arguments
//! for cachekit's own macros.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::quote;
use syn::{FnArg, Pat, parse_quote};

use crate::expand::owned_args;
use crate::fn_form::Form;
use crate::item::LooseFn;
use crate::model::{CachedFn, Function, OwnedBody, Pattern};
use crate::paths::{Paths, local};

/// Cache that the option `cache = EXPR` gives to a function.
pub(crate) struct GivenCache {
    /// Name of the local variable that holds the cache.
    pub(crate) local: Ident,
    /// Statement that binds the local variable to the cache.
    pub(crate) binding: TokenStream,
}

impl GivenCache {
    /// Returns the cache that the function's option `cache` gives; `None` if the function uses the
    /// current cache.
    pub(crate) fn of(function: &Function, paths: &Paths) -> Option<Self> {
        let krate = &paths.krate;
        let expr = function.cache.as_ref()?;
        let local = local("__cache");
        let binding = quote!(let #local: &#krate::Cache = &(#expr););
        Some(Self { local, binding })
    }

    /// Returns `cache: LOCAL,`, an argument for the call of a macro of cachekit: the name of the
    /// local variable with the cache.
    pub(crate) fn argument(&self) -> TokenStream {
        let local = &self.local;
        quote!(cache: #local,)
    }
}

/// Returns `label: {tokens}`, an argument of a macro call under the name `label`. Returns no tokens
/// if `tokens` is empty.
pub(crate) fn optional(label: &str, delimiter: Delimiter, tokens: TokenStream) -> TokenStream {
    if tokens.is_empty() {
        return tokens;
    }
    let label = Ident::new(label, Span::call_site());
    let tokens = Group::new(delimiter, tokens);
    quote!(#label: #tokens,)
}

/// Returns the function with the body `inner`. An `async fn` stays an `async fn`, a plain `fn`
/// stays plain, and a function that returns a future still returns a future. Arguments that are
/// patterns get names.
pub(crate) fn assemble(function: &Function, item: &LooseFn, inner: TokenStream) -> TokenStream {
    let mut sig = item.sig.clone();
    let typed = sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(input) => Some(input),
        FnArg::Receiver(_) => None,
    });
    for (input, argument) in typed.zip(&function.arguments) {
        // A `mut` before a name moves into the body, because the body takes the argument under its
        // own pattern.
        if argument.pattern.is_some() || function.form.takes_arguments() {
            let name = &argument.name;
            *input.pat = parse_quote!(#name);
        }
    }
    item.with(&sig, &function.form.wrap(inner))
}

/// Returns the arguments `arguments: ..` and `body: ..` for the call of a macro of cachekit: the
/// arguments that the body takes, and the user's body.
pub(crate) fn body(
    function: &Function,
    item: &LooseFn,
    owned_body: Option<&OwnedBody>,
) -> TokenStream {
    let typed = item.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some(&*input.pat),
        FnArg::Receiver(_) => None,
    });
    let taken = function
        .arguments
        .iter()
        .zip(typed)
        .filter_map(|(argument, pat)| {
            let name = &argument.name;
            let is_mut = matches!(pat, Pat::Ident(pat) if pat.mutability.is_some());
            match &argument.pattern {
                Some(Pattern { written, .. }) => Some(quote!([#name #written])),
                // In a function that ends with an `async` block, statements before the `async`
                // block may have taken the argument.
                None if !function.form.takes_arguments() => None,
                None if is_mut => Some(quote!((mut #name))),
                None => Some(quote!(#name)),
            }
        });
    let taken: TokenStream = taken.collect();
    let inside;
    let body = match &function.form {
        Form::Block(block) => &block.content,
        Form::Async | Form::Opaque => &item.body,
        Form::Sync => {
            inside = generated_braces(&item.body);
            &inside
        }
    };
    let Some(owned_body) = owned_body else {
        return quote!(arguments: (#taken), body: #body);
    };
    let owned = owned_args::owned(function, owned_body);
    let own;
    let body = if owned_body.owns_self.is_some() {
        own = owned_args::with_own_self(body);
        &own
    } else {
        body
    };
    quote!(arguments: (#owned #taken), body: #body)
}

/// Returns the user's body as a block inside the generated body. The braces get a generated span,
/// so that no lint asks the user to remove them.
fn generated_braces(body: &Group) -> Group {
    let mut inside = body.clone();
    inside.set_span(Span::mixed_site().located_at(body.span()));
    inside
}

/// Returns the word that tells a macro of cachekit where values are stored: `memory` if values
/// never leave the process, otherwise `shared`.
pub(crate) fn tier_word(model: &CachedFn) -> TokenStream {
    if model.policy.in_memory {
        quote!(memory)
    } else {
        quote!(shared)
    }
}

/// Returns the word that tells a macro of cachekit how the function runs: `sync` if the function is
/// not asynchronous, `detachable` if its computation can continue in the background, and `async`
/// otherwise.
pub(crate) fn form_word(function: &Function, owned_body: Option<&OwnedBody>) -> TokenStream {
    if function.form.is_sync() {
        quote!(sync)
    } else if owned_body.is_some() {
        quote!(detachable)
    } else {
        quote!(async)
    }
}
