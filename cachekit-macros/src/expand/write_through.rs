//! The body of a function that writes through.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::reference::{Ask, call, place};
use super::steps::{Place, inside, outside};
use super::{assemble, body, form_word, looked_at};
use crate::item::LooseFn;
use crate::model::WritingFn;
use crate::names::{Names, blaming, local};

/// The function, with its body around the write of an entry.
pub(crate) fn write_through(model: &WritingFn, item: &LooseFn) -> TokenStream {
    let names = Names::new(model.function.krate.as_ref());
    let krate = &names.krate;
    let result = &model.function.result;
    let target = call(&model.target, Ask::Entry, &names);
    let (bindings, store) = store(model);
    let body = body(&model.function, item);
    let form = form_word(&model.function);
    let looked_at = looked_at(model.function.arguments.iter(), false);
    let inner = quote! {
        #looked_at
        #krate::__write_through!(#form (#result) (#target) [#bindings] (#store) #body)
    };
    assemble(&model.function, item, inner)
}

/// What is bound before, and the closure that stores what it makes of the value returned. A value
/// of another type than the entry's is the fault of the reference, or of `value`.
fn store(model: &WritingFn) -> (TokenStream, TokenStream) {
    let pending = local("__pending");
    let Some(value) = &model.value else {
        let ret = local("__ret");
        let closure = quote!(|#ret, #pending| #pending.store(::core::clone::Clone::clone(#ret)));
        return (TokenStream::new(), blaming(place(&model.target), closure));
    };
    let expr = &value.expr;
    let unused = || quote!(_);
    let ret = value
        .ret
        .as_ref()
        .map_or_else(unused, ToTokens::to_token_stream);
    let function = &model.function;
    let outside = value
        .cloned
        .iter()
        .map(|it| outside(it, function, Place::Call))
        .collect();
    let of_patterns = value
        .cloned
        .iter()
        .filter(|it| function.arguments[it.argument].pattern.is_some());
    let inside: TokenStream = of_patterns
        .map(|it| inside(it, function, Place::Call))
        .collect();
    (
        outside,
        quote!(move |#ret, #pending| { #inside #pending.store(#expr) }),
    )
}
