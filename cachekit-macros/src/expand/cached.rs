//! The output of `#[cached]`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::assemble::assemble;
use crate::expand::{companion, function};
use crate::item::LooseFn;
use crate::model::CachedFn;
use crate::paths::Names;

/// A cached function and its controls.
pub(crate) fn cached(model: &CachedFn, item: &LooseFn) -> TokenStream {
    let names = Names::of(&model.function);
    let body = function::body(model, item, &names);
    let function = assemble(&model.function, item, body);
    let companion = companion::companion(model, item, &names);
    quote!(#function #companion)
}
