//! Steps as statements, and the closure of those that wait for the value.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

use crate::expand::key::{rendered_name, stop_token, written};
use crate::expand::reference::{Ask, call};
use crate::model::{After, Cloned, Function, Step, What};
use crate::paths::{Paths, with_span};

/// Who owns the arguments where the closure is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClosureSite {
    /// The function: the closure runs before its call ends.
    Call,
    /// The controls: the closure is kept, and borrows nothing.
    Entry,
}

/// One statement per step.
pub(crate) fn statements(steps: &[Step], receiver: &Ident, paths: &Paths) -> TokenStream {
    steps
        .iter()
        .map(|step| statement(step, receiver, paths))
        .collect()
}

fn statement(step: &Step, receiver: &Ident, paths: &Paths) -> TokenStream {
    let method = Ident::new(step.method, proc_macro2::Span::call_site());
    let what = match &step.what {
        What::Nothing => TokenStream::new(),
        What::Text(text) => return written(text, receiver, step.method, paths),
        What::Value(expr) => quote!(#expr),
        What::Once(expr) => quote!(::core::iter::once(#expr)),
        What::Reference(reference) => {
            let ask = if reference.args.is_none() {
                Ask::Spec
            } else {
                Ask::Key
            };
            call(reference, ask, paths)
        }
    };
    quote!(#receiver.#method(#what);)
}

/// What runs when the value is known, for a template: `[bindings] |ret| statements`.
pub(crate) fn after(
    after: Option<&After>,
    receiver: &Ident,
    site: ClosureSite,
    function: &Function,
    paths: &Paths,
) -> TokenStream {
    let Some(after) = after else {
        return TokenStream::new();
    };
    let krate = &paths.krate;
    let rendered = after
        .rendered
        .iter()
        .enumerate()
        .map(|(index, (value, stop))| {
            let name = rendered_name(index);
            let stop = stop_token(*stop);
            with_span(
                value.span(),
                quote!(let #name = #krate::__rendered!(#stop, #value);),
            )
        });
    let bindings: TokenStream = rendered.collect();
    let cloned = || after.cloned.iter();
    let outside: TokenStream = cloned().map(|it| outside(it, function, site)).collect();
    let inside: TokenStream = cloned().map(|it| inside(it, function, site)).collect();
    let statements = statements(&after.steps, receiver, paths);
    let ret = &after.ret;
    quote!([#bindings #outside] |#ret| #inside #statements)
}

/// The argument as the closure keeps it.
pub(crate) fn outside(cloned: &Cloned, function: &Function, site: ClosureSite) -> TokenStream {
    quiet(&kept(cloned, function, site))
}

fn kept(cloned: &Cloned, function: &Function, site: ClosureSite) -> TokenStream {
    let name = &cloned.name;
    let argument = &function.arguments[cloned.argument];
    let borrows = match &argument.pattern {
        // A name of a pattern is a reference into the argument, which the body takes.
        Some(pattern) => !pattern.is_reference(),
        None => site == ClosureSite::Entry && argument.referent().is_some(),
    };
    if borrows {
        return quote!(let #name = ::std::borrow::ToOwned::to_owned(#name););
    }
    clone(name)
}

/// The argument as the expression finds it: the closure may run again and keeps its own.
pub(crate) fn inside(cloned: &Cloned, function: &Function, site: ClosureSite) -> TokenStream {
    quiet(&found(cloned, function, site))
}

fn found(cloned: &Cloned, function: &Function, site: ClosureSite) -> TokenStream {
    let name = &cloned.name;
    let argument = &function.arguments[cloned.argument];
    match (&argument.pattern, argument.referent()) {
        (Some(pattern), _) if !pattern.is_reference() => quote!(let #name = &#name;),
        (None, Some(ty)) if site == ClosureSite::Entry => {
            quote!(let #name: &#ty = ::core::borrow::Borrow::borrow(&#name);)
        }
        _ => clone(name),
    }
}

/// A binding that may be unused: a word of an expression may be a field's name, not the argument's.
fn quiet(binding: &TokenStream) -> TokenStream {
    quote!(#[allow(unused_variables, reason = "found by its name")] #binding)
}

/// An argument's own copy.
pub(crate) fn clone(name: &Ident) -> TokenStream {
    quote!(let #name = ::core::clone::Clone::clone(&#name);)
}
