//! Output of steps: statements, and the closure for the steps that need the returned value.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

use crate::expand::key::{rendered_name, stop_token, write_text};
use crate::expand::reference::{HiddenFn, call};
use crate::model::{After, Cloned, Function, Step, StepArg};
use crate::paths::{Paths, with_span};

/// Function in which generated code builds the closure that runs on the returned value, for example
/// to add a tag made from the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClosureSite {
    /// The closure is built in the cached function itself, and runs before the function's call
    /// ends.
    Call,
    /// The closure is built in the companion's function `entry`. The handle to the entry keeps the
    /// closure, so the closure must not borrow anything.
    Entry,
}

/// Returns the generated statement for each of `steps`: a call of a method of `receiver`.
pub(crate) fn statements(steps: &[Step], receiver: &Ident, paths: &Paths) -> TokenStream {
    steps
        .iter()
        .map(|step| statement(step, receiver, paths))
        .collect()
}

fn statement(step: &Step, receiver: &Ident, paths: &Paths) -> TokenStream {
    let method = Ident::new(step.method, proc_macro2::Span::call_site());
    let arg = match &step.arg {
        StepArg::Nothing => TokenStream::new(),
        StepArg::Text(text) => return write_text(text, receiver, step.method, paths),
        StepArg::Value(expr) => quote!(#expr),
        StepArg::Once(expr) => quote!(::core::iter::once(#expr)),
        StepArg::Reference(reference) => {
            let hidden_fn = if reference.args.is_none() {
                HiddenFn::Spec
            } else {
                HiddenFn::Key
            };
            call(reference, hidden_fn, paths)
        }
    };
    quote!(#receiver.#method(#arg);)
}

/// Returns `on_value: ..` for a macro of cachekit: the closure that runs on the returned value.
/// Returns no tokens if no generated statement needs the returned value.
pub(crate) fn on_value(
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
    let outside: TokenStream = cloned()
        .map(|it| bind_outside(it, function, site))
        .collect();
    let inside: TokenStream = cloned().map(|it| bind_inside(it, function, site)).collect();
    let statements = statements(&after.steps, receiver, paths);
    let ret = &after.ret;
    quote!(on_value: ([#bindings #outside] |#ret| #inside #statements),)
}

/// Returns the statement before a closure that defines a variable which the closure captures: a
/// clone of an argument.
pub(crate) fn bind_outside(cloned: &Cloned, function: &Function, site: ClosureSite) -> TokenStream {
    allow_unused(&captured_binding(cloned, function, site))
}

fn captured_binding(cloned: &Cloned, function: &Function, site: ClosureSite) -> TokenStream {
    let name = &cloned.name;
    let argument = &function.arguments[cloned.argument];
    let borrows = match &argument.pattern {
        // A name that a pattern binds is a reference into the argument, which the body will take.
        Some(pattern) => !pattern.is_reference(),
        None => site == ClosureSite::Entry && argument.referent().is_some(),
    };
    if borrows {
        return quote!(let #name = ::std::borrow::ToOwned::to_owned(#name););
    }
    clone(name)
}

/// Returns the statement inside a closure that defines a variable for the user's expressions, from
/// a value that the closure has captured. The closure keeps the captured value, because the closure
/// may run again.
pub(crate) fn bind_inside(cloned: &Cloned, function: &Function, site: ClosureSite) -> TokenStream {
    allow_unused(&body_binding(cloned, function, site))
}

fn body_binding(cloned: &Cloned, function: &Function, site: ClosureSite) -> TokenStream {
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

/// Returns the statement `binding`, which defines a variable, with an attribute that allows the
/// variable to be unused. The variable is unused if a name in an expression is that of a field and
/// not that of an argument.
fn allow_unused(binding: &TokenStream) -> TokenStream {
    quote!(#[allow(unused_variables, reason = "found by its name")] #binding)
}

/// Returns the statement that defines a variable `name` as a clone of the argument `name`.
pub(crate) fn clone(name: &Ident) -> TokenStream {
    quote!(let #name = ::core::clone::Clone::clone(&#name);)
}
