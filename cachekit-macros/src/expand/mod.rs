//! The output: the function first, its controls last.

mod companion;
mod derive_cache_part;
mod fallback;
mod function;
mod invalidates;
mod key;
mod positional;
mod reference;
mod spec;
mod steps;
mod write_through;

use proc_macro2::TokenStream;
use quote::quote;

use crate::item::LooseFn;
use crate::model::{CachedFn, Function};
use crate::names::{Names, local};

pub(crate) use derive_cache_part::derive_cache_part;
pub(crate) use fallback::fallback;
pub(crate) use invalidates::invalidates;
pub(crate) use write_through::write_through;

/// A cached function and its controls.
pub(crate) fn cached(model: &CachedFn, item: &LooseFn) -> TokenStream {
    let names = Names::new(model.function.krate.as_ref());
    let function = item.with_body(&function::body(model, item, &names));
    let companion = companion::companion(model, item, &names);
    quote!(#function #companion)
}

/// The statement for `cache = EXPR`, and the expression for the cache.
fn source(function: &Function, names: &Names) -> (Option<TokenStream>, TokenStream) {
    let Names { krate, private } = names;
    let Some(expr) = &function.cache else {
        return (None, quote!(&#private::Current));
    };
    let cache = local("__cache");
    (
        Some(quote!(let #cache: &#krate::Cache = &(#expr);)),
        quote!(#cache),
    )
}

/// The body as an async closure, called once: `return` and `?` leave it and nothing else.
///
/// A return type on an async closure does not reach its body: `Err(Box::new(error))` would not
/// become a `Box<dyn Error>`, and a wrong type would be reported about closures. So the first
/// `return`, which never runs, says the type to later ones, and a local says it to the end.
fn body(function: &Function, item: &LooseFn) -> TokenStream {
    let result = &function.result;
    let body = &item.body;
    let ret = local("__ret");
    quote! {
        async move || {
            if let ::core::option::Option::Some(#ret) = ::core::option::Option::None::<#result> {
                return #ret;
            }
            let #ret: #result = #body;
            #[allow(unreachable_code, reason = "the body may end by `return`")]
            #ret
        }
    }
}
