//! Rules for the annotated function itself, such as its arguments and its return type.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, GenericParam, Receiver, ReceiverKind, Safety, Signature, Type};

use crate::attr::arg::Arg;
use crate::check::ident_usage;
use crate::check::key_coverage::Bounds;
use crate::check::pattern::argument;
use crate::diag::Errors;
use crate::fn_form::{Form, Shape};
use crate::item::LooseFn;
use crate::model::{Argument, Function};

/// Facts about the annotated function, which the rules for templates and expressions need.
pub(crate) struct FnInfo {
    /// Arguments of the function, without the receiver (`self`).
    pub(crate) arguments: Vec<Argument>,
    /// Receiver of the function (`self`). `None`: the function has none.
    pub(crate) receiver: Option<Receiver>,
    /// Type and const parameters of the function.
    pub(crate) params: Vec<Param>,
    /// Bounds of the function's type parameters.
    pub(crate) bounds: Bounds,
    /// Form of the function: an `async fn`, a plain `fn`, or a function that returns a future.
    pub(crate) form: Form,
    /// Type of the value that the function returns or that its future yields.
    pub(crate) result: Type,
    /// `true` if an argument was rejected. The names of that argument are unknown, so unknown names
    /// in options are not reported.
    pub(crate) incomplete: bool,
}

/// Type parameter or const parameter of the function.
pub(crate) struct Param {
    pub(crate) name: Ident,
    pub(crate) is_const: bool,
}

impl FnInfo {
    /// Checks the annotated function, and collects the facts about it.
    pub(crate) fn new(attribute: &str, item: &LooseFn, errors: &mut Errors) -> Self {
        let sig = &item.sig;
        let Shape { form, result } = Shape::of(item);
        check_kind(attribute, sig, &form, errors);
        check_result(attribute, &result, errors);
        let mut info = Self {
            arguments: Vec::new(),
            receiver: sig.receiver().cloned(),
            params: sig.generics.params.iter().filter_map(param).collect(),
            bounds: Bounds::of(&sig.generics),
            form,
            result,
            incomplete: false,
        };
        let inputs = sig.inputs.to_token_stream();
        let typed = sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(input) => Some(input),
            FnArg::Receiver(_) => None,
        });
        for (position, input) in typed.enumerate() {
            if input.attrs.iter().any(|attr| attr.path().is_ident("cfg")) {
                errors.on(
                    &input.pat,
                    format_args!(
                        "`#[{attribute}]` cannot take an argument with `#[cfg]`; put the `#[cfg]` \
                         on two versions of the function"
                    ),
                );
            }
            match argument(position, &input.pat, &input.ty, &inputs) {
                Ok(argument) if argument.pattern.is_some() && info.form.has_head() => {
                    errors.on(
                        &input.pat,
                        "a pattern cannot stand here, because statements before the `async` block may \
                         use its names; name the argument and take it apart in the body",
                    );
                    info.incomplete = true;
                }
                Ok(argument) => info.arguments.push(argument),
                Err(error) => {
                    errors.push(error);
                    info.incomplete = true;
                }
            }
        }
        info
    }

    /// Returns the position of the argument with the name `name`, or whose pattern binds `name`.
    pub(crate) fn position(&self, name: &Ident) -> Option<usize> {
        self.arguments
            .iter()
            .position(|argument| argument.names().contains(name))
    }

    /// Reports `self` in an expression of an option if the function has no receiver.
    pub(crate) fn check_self(&self, expr: &impl ToTokens, errors: &mut Errors) {
        if self.receiver.is_some() {
            return;
        }
        if let Some(found) = ident_usage::find(expr, &Ident::new("self", Span::call_site())) {
            errors.at(found.span(), "`self`: this function has no `self`");
        }
    }

    /// Returns `true` if an expression of an option and the body can both use `self`, because the
    /// function has `&self` and not `self`.
    pub(crate) fn shares_self(&self) -> bool {
        matches!(
            self.receiver.as_ref().map(|receiver| &receiver.kind),
            Some(ReceiverKind::Reference(_, _, None))
        )
    }

    /// Returns the part of the function's model that all attributes have: its arguments, its form
    /// (an `async fn`, a plain `fn`, or a function that returns a future) and its cache.
    pub(crate) fn into_function(
        self,
        krate: Option<Arg<syn::Path>>,
        cache: Option<Arg<syn::Expr>>,
    ) -> Function {
        Function {
            krate: krate.map(|arg| arg.value),
            arguments: self.arguments,
            form: self.form,
            result: self.result,
            cache: cache.map(|arg| arg.value),
        }
    }
}

fn param(param: &GenericParam) -> Option<Param> {
    match param {
        GenericParam::Type(ty) => Some(Param {
            name: ty.ident.clone(),
            is_const: false,
        }),
        GenericParam::Const(value) => Some(Param {
            name: value.ident.clone(),
            is_const: true,
        }),
        GenericParam::Lifetime(_) => None,
    }
}

fn check_kind(attribute: &str, sig: &Signature, form: &Form, errors: &mut Errors) {
    if let Some(word) = &sig.constness {
        errors.on(
            word,
            format_args!("`#[{attribute}]` cannot stand on a `const fn`"),
        );
    } else if matches!(form, Form::Opaque) {
        errors.on(
            &sig.output,
            format_args!(
                "`#[{attribute}]` must see what is computed; make this an `async fn`, or end it with \
                 an `async move {{ .. }}` block"
            ),
        );
    }
    if let Safety::Unsafe(word) = &sig.safety {
        errors.on(
            word,
            format_args!(
                "`#[{attribute}]` cannot stand on an `unsafe fn`, because generated code would call \
                 it; put it on a safe function around it"
            ),
        );
    }
    if let Some(abi) = &sig.abi {
        errors.on(
            abi,
            format_args!("`#[{attribute}]` cannot stand on an `extern` function"),
        );
    }
    if let Some(variadic) = &sig.variadic {
        errors.on(
            variadic,
            format_args!("`#[{attribute}]` cannot stand on a function with variable arguments"),
        );
    }
}

/// Reports a return type that contains a borrow, because a stored value outlives the call. The
/// message of this check is clearer than the compiler's message about an unmet trait bound.
fn check_result(attribute: &str, ty: &Type, errors: &mut Errors) {
    match obstacle(ty.to_token_stream()) {
        Some(Obstacle::Impl(span)) => errors.at(
            span,
            format_args!(
                "`#[{attribute}]` cannot keep a value whose type has no name; write the type \
                 instead of `impl`"
            ),
        ),
        Some(Obstacle::Borrow(span)) => errors.at(
            span,
            format_args!(
                "`#[{attribute}]` cannot keep a borrowed value, because it outlives the call; \
                 return an owned one (`String` for `&str`, `Arc<T>` for `&T`)"
            ),
        ),
        None => {}
    }
}

enum Obstacle {
    Impl(Span),
    Borrow(Span),
}

fn obstacle(tokens: TokenStream) -> Option<Obstacle> {
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Group(group) => {
                if let Some(found) = obstacle(group.stream()) {
                    return Some(found);
                }
            }
            TokenTree::Ident(ident) if ident == "impl" => {
                return Some(Obstacle::Impl(ident.span()));
            }
            // A `&'static str` may be stored, so `&` alone is no mistake. A written lifetime is a
            // token of its own, which is checked too.
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                let named =
                    matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                if !named {
                    return Some(Obstacle::Borrow(punct.span()));
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => match trees.next() {
                Some(TokenTree::Ident(ident)) if ident == "static" => {}
                _ => return Some(Obstacle::Borrow(punct.span())),
            },
            _ => {}
        }
    }
    None
}
