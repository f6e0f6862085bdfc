//! The body of a function that writes through.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;

use super::body;
use super::reference::{Ask, call, place};
use super::steps::clone;
use crate::item::LooseFn;
use crate::model::WritingFn;
use crate::names::{Names, blaming, local};

/// The function, with its body around the write of an entry.
pub(crate) fn write_through(model: &WritingFn, item: &LooseFn) -> TokenStream {
    let names = Names::new(model.function.krate.as_ref());
    let Names { krate, private } = &names;
    let [plan, entry, value] = ["__plan", "__entry", "__value"].map(local);
    let result = &model.function.result;
    let target = call(&model.target, Ask::Entry, &names);
    let made = made(model);
    let body = body(&model.function, item);
    item.with_body(&quote! {
        let #plan = #krate::__plan!(#result);
        let #entry = #target;
        let #value = #made;
        #private::write_through(#plan, #entry.__begin(), #value, #body).await
    })
}

/// The closure that makes the value to store from the one returned. A value of another type than
/// the entry's is the fault of the reference, or of `value`.
fn made(model: &WritingFn) -> TokenStream {
    let plan = local("__plan");
    let Some(value) = &model.value else {
        let ret = local("__ret");
        let closure = quote!(|#ret| ::core::clone::Clone::clone(#ret));
        let closure = blaming(place(&model.target), closure);
        return quote!(#plan.value(#closure));
    };
    let expr = &value.expr;
    let ret = value
        .ret
        .as_ref()
        .map_or_else(|| quote!(_), |ret| quote!(#ret));
    let clones: TokenStream = value
        .cloned
        .iter()
        .map(|&at| clone(&model.function.arguments[at].name))
        .collect();
    let head = blaming(expr.span(), quote!(move |#ret|));
    let closure = quote!(#plan.value(#head #expr));
    if clones.is_empty() {
        closure
    } else {
        quote!({ #clones #closure })
    }
}
