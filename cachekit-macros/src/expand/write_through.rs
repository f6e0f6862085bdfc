//! Output of the attribute `#[write_through]`.

use proc_macro2::{Delimiter, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::expand::assemble::{assemble, body, form_word, optional};
use crate::expand::pattern_refs::pattern_bindings;
use crate::expand::reference::{HiddenFn, call, span_of};
use crate::expand::steps::{ClosureSite, bind_inside, bind_outside};
use crate::item::LooseFn;
use crate::model::{Stored, WritingFn};
use crate::paths::{Paths, local, with_span};

/// Returns the code of a function with `#[write_through]`, which stores its value as an entry of a
/// cached function.
pub(crate) fn write_through(model: &WritingFn, item: &LooseFn) -> TokenStream {
    let paths = Paths::of(&model.function);
    let krate = &paths.krate;
    let result = &model.function.result;
    let mut target = call(&model.target, HiddenFn::Entry, &paths);
    if let Some(order) = &model.stored.order {
        let (private, entry) = (&paths.private, local("__entry"));
        // If writes of the entry cannot be ordered, the error points at the expression of
        // `order_by`.
        let checked = with_span(order.span(), quote!(#private::ordered(#entry)));
        target = quote!({ let #entry = #target; #checked });
    }
    let (bindings, store) = store(model);
    let bind = optional("bind", Delimiter::Brace, bindings);
    let order = model.stored.order.as_ref().map(|_| quote!(order: ordered,));
    let intent = model.intent.as_ref();
    let intent = intent.map(|intent| quote!(intent: (#intent),));
    let body = body(&model.function, item, None);
    let form = form_word(&model.function, None);
    let pattern_bindings = pattern_bindings(model.function.arguments.iter(), false);
    let inner = quote! {
        #pattern_bindings
        #krate::__write_through!(
            form: #form,
            returns: #result,
            entry: #target,
            #order
            #intent
            #bind
            store: (#store),
            #body
        )
    };
    assemble(&model.function, item, inner)
}

/// Returns the statements before the body, and the closure that stores the value. If the value and
/// the entry have different types, the compiler reports the error at the reference to the cached
/// function, or at the option `value`.
fn store(model: &WritingFn) -> (TokenStream, TokenStream) {
    let pending = local("__pending");
    let Stored {
        value,
        order,
        ret,
        cloned,
    } = &model.stored;
    let ret = match (ret, value) {
        (Some(ret), _) => ret.to_token_stream(),
        (None, Some(_)) => quote!(_),
        (None, None) => local("__ret").to_token_stream(),
    };
    let returned = || {
        let store = quote!(#pending.store(::core::clone::Clone::clone(#ret)));
        with_span(span_of(&model.target), store)
    };
    let store = value
        .as_ref()
        .map_or_else(returned, |value| quote!(#pending.store(#value)));
    if value.is_none() && order.is_none() {
        let closure = with_span(span_of(&model.target), quote!(|#ret, #pending| #store));
        return (TokenStream::new(), closure);
    }
    // The order is computed first, because the expression of the value may move arguments that the
    // expression of the order uses.
    let order = order
        .as_ref()
        .map(|order| quote_spanned!(order.span()=> #pending.order(&(#order));));
    let function = &model.function;
    let outside = cloned
        .iter()
        .map(|it| bind_outside(it, function, ClosureSite::Call))
        .collect();
    let of_patterns = cloned
        .iter()
        .filter(|it| function.arguments[it.argument].pattern.is_some());
    let inside: TokenStream = of_patterns
        .map(|it| bind_inside(it, function, ClosureSite::Call))
        .collect();
    (
        outside,
        quote!(move |#ret, #pending| { #inside #order #store }),
    )
}
