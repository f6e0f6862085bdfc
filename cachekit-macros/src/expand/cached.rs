//! Output of the attribute `#[cached]`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand::assemble::assemble;
use crate::expand::{companion, function};
use crate::item::LooseFn;
use crate::model::CachedFn;
use crate::paths::Paths;

/// Returns the code of a cached function and its companion.
pub(crate) fn cached(model: &CachedFn, item: &LooseFn) -> TokenStream {
    let paths = Paths::of(&model.function);
    let body = function::body(model, item, &paths);
    let function = assemble(&model.function, item, body);
    let companion = companion::companion(model, item, &paths);
    quote!(#function #companion)
}
