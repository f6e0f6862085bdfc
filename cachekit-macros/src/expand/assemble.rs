//! What the outputs have in common: the function around a new body, and words for the templates.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::quote;
use syn::{FnArg, Pat, parse_quote};

use crate::expand::owned_args;
use crate::fn_form::Form;
use crate::item::LooseFn;
use crate::model::{Apart, CachedFn, Function, Pattern};
use crate::paths::{Paths, local};

/// The cache of a function with `cache = EXPR`.
pub(crate) struct GivenCache {
    /// The local that holds it.
    pub(crate) local: Ident,
    /// The statement that binds the local.
    pub(crate) binding: TokenStream,
}

impl GivenCache {
    /// `None` for the current cache.
    pub(crate) fn of(function: &Function, paths: &Paths) -> Option<Self> {
        let krate = &paths.krate;
        let expr = function.cache.as_ref()?;
        let local = local("__cache");
        let binding = quote!(let #local: &#krate::Cache = &(#expr););
        Some(Self { local, binding })
    }

    /// The argument of a template for the local.
    pub(crate) fn argument(&self) -> TokenStream {
        let local = &self.local;
        quote!(cache: #local,)
    }
}

/// An argument of a template, which is left out if it is empty.
pub(crate) fn optional(label: &str, delimiter: Delimiter, tokens: TokenStream) -> TokenStream {
    if tokens.is_empty() {
        return tokens;
    }
    let label = Ident::new(label, Span::call_site());
    let tokens = Group::new(delimiter, tokens);
    quote!(#label: #tokens,)
}

/// The function with `inner` for its body: in its own form, and with names for its patterns.
pub(crate) fn assemble(function: &Function, item: &LooseFn, inner: TokenStream) -> TokenStream {
    let mut sig = item.sig.clone();
    let typed = sig.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(input) => Some(input),
        FnArg::Receiver(_) => None,
    });
    for (input, argument) in typed.zip(&function.arguments) {
        // `mut` goes with the body, which takes the argument under its own pattern.
        if argument.pattern.is_some() || function.form.takes_arguments() {
            let name = &argument.name;
            *input.pat = parse_quote!(#name);
        }
    }
    item.with(&sig, &function.form.wrap(inner))
}

/// The arguments of a template for the function's arguments and its body.
pub(crate) fn body(function: &Function, item: &LooseFn, apart: Option<&Apart>) -> TokenStream {
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
                // The block of another form may have taken it before.
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
    let Some(apart) = apart else {
        return quote!(arguments: (#taken), body: #body);
    };
    let owned = owned_args::owned(function, apart);
    let own;
    let body = if apart.owns_self.is_some() {
        own = owned_args::with_own_self(body);
        &own
    } else {
        body
    };
    quote!(arguments: (#owned #taken), body: #body)
}

/// The body as a block in another one: its braces are not those that the user wrote around the
/// function, and nobody is told to remove them.
fn generated_braces(body: &Group) -> Group {
    let mut inside = body.clone();
    inside.set_span(Span::mixed_site().located_at(body.span()));
    inside
}

/// How a template is told whether values stay in this process.
pub(crate) fn tier_word(model: &CachedFn) -> TokenStream {
    if model.policy.in_memory {
        quote!(memory)
    } else {
        quote!(shared)
    }
}

/// How a template is told the form.
pub(crate) fn form_word(function: &Function, apart: Option<&Apart>) -> TokenStream {
    if function.form.is_sync() {
        quote!(sync)
    } else if apart.is_some() {
        quote!(detachable)
    } else {
        quote!(async)
    }
}
