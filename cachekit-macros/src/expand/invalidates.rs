//! The body of a function that invalidates.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::steps::{Place, after, collected};
use super::{assemble, body, in_form, looked_at, source};
use crate::item::LooseFn;
use crate::model::InvalidatingFn;
use crate::names::{Names, local};

/// The function, with its body between what is rendered before and what is applied after.
pub(crate) fn invalidates(model: &InvalidatingFn, item: &LooseFn) -> TokenStream {
    let names = Names::new(model.function.krate.as_ref());
    let Names { krate, private } = &names;
    let [plan, inv] = ["__plan", "__inv"].map(local);
    let result = &model.function.result;
    let (cache, source) = source(&model.function, &names);
    let on = Ident::new(model.on, Span::call_site());
    let new = quote!(#private::Invalidation::new(#source, #private::On::#on));
    let (steps, collected) = collected(new, &model.before, &inv, &names);
    let after = after(
        model.after.as_ref(),
        "after_write",
        &inv,
        Place::Call,
        &model.function,
        &names,
    );
    let body = body(&model.function, item);
    let (around, wait) = in_form(&model.function, "invalidate_around", Span::call_site());
    let looked_at = looked_at(model.function.arguments.iter(), false);
    let inner = quote! {
        #looked_at
        #cache
        let #plan = #krate::__plan!(#result);
        #steps
        #private::#around(#plan, #collected, #after, #body) #wait
    };
    assemble(&model.function, item, inner)
}
