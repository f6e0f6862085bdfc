//! The body of a function that writes through.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

use super::reference::{Ask, call, place};
use super::steps::{Place, inside, outside};
use super::{assemble, body, in_form, looked_at};
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
    let (write, wait) = in_form(&model.function, "write_through", Span::call_site());
    let looked_at = looked_at(model.function.arguments.iter(), false);
    let inner = quote! {
        #looked_at
        let #plan = #krate::__plan!(#result);
        let #entry = #target;
        let #value = #made;
        #private::#write(#plan, #entry.__begin(), #value, #body) #wait
    };
    assemble(&model.function, item, inner)
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
    let cloned = || value.cloned.iter().map(|&at| &model.function.arguments[at]);
    let outside: TokenStream = cloned().map(|it| outside(it, Place::Call)).collect();
    let inside: TokenStream = cloned()
        .filter(|it| it.pattern.is_some())
        .map(|it| inside(it, Place::Call))
        .collect();
    let head = blaming(expr.span(), quote!(move |#ret|));
    if outside.is_empty() {
        return quote!(#plan.value(#head #expr));
    }
    let made = if inside.is_empty() {
        quote!(#expr)
    } else {
        quote!({ #inside #expr })
    };
    quote!({ #outside #plan.value(#head #made) })
}
