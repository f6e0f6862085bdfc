//! Output of the attribute `#[invalidates]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::expand::assemble::{GivenCache, assemble, body, form_word};
use crate::expand::pattern_refs::pattern_bindings;
use crate::expand::steps::{ClosureSite, on_value, statements};
use crate::item::LooseFn;
use crate::model::InvalidatingFn;
use crate::paths::{Paths, local};

/// Returns the code of a function with `#[invalidates]`. The code makes the texts of tags, events
/// and keys from the arguments before the user's body runs, because the body takes the arguments.
/// The texts are used after the body.
pub(crate) fn invalidates(model: &InvalidatingFn, item: &LooseFn) -> TokenStream {
    let paths = Paths::of(&model.function);
    let krate = &paths.krate;
    let inv = local("__inv");
    let result = &model.function.result;
    let cache = GivenCache::of(&model.function, &paths);
    let bind_cache = cache.as_ref().map(|cache| &cache.binding);
    let cache = cache.as_ref().map(GivenCache::argument);
    let on = Ident::new(model.on, Span::call_site());
    let before = statements(&model.before, &inv, &paths);
    let on_value = on_value(
        model.after.as_ref(),
        &inv,
        ClosureSite::Call,
        &model.function,
        &paths,
    );
    let body = body(&model.function, item, None);
    let form = form_word(&model.function, None);
    let pattern_bindings = pattern_bindings(model.function.arguments.iter(), false);
    let inner = quote! {
        #pattern_bindings
        #bind_cache
        #krate::__invalidates!(
            form: #form,
            returns: #result,
            #cache
            on: #on,
            invalidation: |#inv| { #before },
            #on_value
            #body
        )
    };
    assemble(&model.function, item, inner)
}
