//! Steps as statements, and the closure of those that wait for the value.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

use super::key::{rendered_name, stop_token, writer};
use super::reference::{Ask, call};
use crate::model::{After, Argument, Function, Step, What};
use crate::names::{Names, blaming};

/// Who owns the arguments where the closure is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The function: the closure runs before its call ends.
    Call,
    /// The controls: the closure is kept, and borrows nothing.
    Entry,
}

/// One statement per step.
pub(super) fn statements(steps: &[Step], receiver: &Ident, names: &Names) -> TokenStream {
    steps
        .iter()
        .map(|step| statement(step, receiver, names))
        .collect()
}

fn statement(step: &Step, receiver: &Ident, names: &Names) -> TokenStream {
    let method = Ident::new(step.method, proc_macro2::Span::call_site());
    let what = match &step.what {
        // Only keys hold the function's name.
        What::Text(text) => writer(text, &TokenStream::new(), names),
        What::Value(expr) => quote!(#expr),
        What::Once(expr) => quote!(::core::iter::once(#expr)),
        What::Reference(reference) => {
            let ask = if reference.args.is_none() {
                Ask::Spec
            } else {
                Ask::Key
            };
            call(reference, ask, names)
        }
    };
    quote!(#receiver.#method(#what);)
}

/// What runs when the value is known, for a template: `[bindings] |ret| statements`.
pub(super) fn after(
    after: Option<&After>,
    receiver: &Ident,
    place: Place,
    function: &Function,
    names: &Names,
) -> TokenStream {
    let Some(after) = after else {
        return TokenStream::new();
    };
    let krate = &names.krate;
    let rendered = after
        .rendered
        .iter()
        .enumerate()
        .map(|(index, (value, stop))| {
            let name = rendered_name(index);
            let stop = stop_token(*stop);
            blaming(
                value.span(),
                quote!(let #name = #krate::__rendered!(#stop, #value);),
            )
        });
    let bindings: TokenStream = rendered.collect();
    let cloned = || after.cloned.iter().map(|&at| &function.arguments[at]);
    let outside: TokenStream = cloned().map(|argument| outside(argument, place)).collect();
    let inside: TokenStream = cloned().map(|argument| inside(argument, place)).collect();
    let statements = statements(&after.steps, receiver, names);
    let ret = &after.ret;
    quote!([#bindings #outside] |#ret| #inside #statements)
}

/// The argument as the closure keeps it.
pub(super) fn outside(argument: &Argument, place: Place) -> TokenStream {
    let kept = |name: &Ident| {
        // A name of a pattern is a reference into the argument, which the body takes.
        let borrows = argument
            .pattern
            .as_ref()
            .is_some_and(|it| !it.is_reference())
            || (place == Place::Entry && argument.pattern.is_none());
        if borrows && (argument.pattern.is_some() || argument.referent().is_some()) {
            return quote!(let #name = ::std::borrow::ToOwned::to_owned(#name););
        }
        clone(name)
    };
    bindings(argument, kept)
}

/// The argument as the expression finds it: the closure may run again and keeps its own.
pub(super) fn inside(argument: &Argument, place: Place) -> TokenStream {
    let found = |name: &Ident| match (&argument.pattern, argument.referent()) {
        (Some(pattern), _) if !pattern.is_reference() => quote!(let #name = &#name;),
        (None, Some(ty)) if place == Place::Entry => {
            quote!(let #name: &#ty = ::core::borrow::Borrow::borrow(&#name);)
        }
        _ => clone(name),
    };
    bindings(argument, found)
}

/// One binding for each name; an expression may use some of a pattern's only.
fn bindings(argument: &Argument, binding: impl Fn(&Ident) -> TokenStream) -> TokenStream {
    let quiet = argument
        .pattern
        .is_some()
        .then(|| quote!(#[allow(unused_variables, reason = "of a pattern")]));
    let bindings = argument.names().iter().map(binding);
    quote!(#(#quiet #bindings)*)
}

/// An argument's own copy.
pub(super) fn clone(name: &Ident) -> TokenStream {
    quote!(let #name = ::core::clone::Clone::clone(&#name);)
}
