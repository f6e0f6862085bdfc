//! Collection of the steps of generated code: steps that run before the body, and steps that need
//! the returned value.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::Expr;

use crate::attr;
use crate::attr::arg::Arg;
use crate::attr::value::{Item, Items};
use crate::check::function::FnInfo;
use crate::check::ident_usage;
use crate::check::scope::{RetRule, resolve};
use crate::diag::Errors;
use crate::model::{After, Argument, Cloned, Step, StepArg};

/// Collector of the steps (statements of generated code about tags or invalidations) of one
/// attribute, and of the arguments that the steps use.
pub(crate) struct Steps<'a> {
    info: &'a FnInfo,
    rule: RetRule,
    /// `true` if an expression that uses `ret` (the returned value) may also use `self`, for a
    /// function with `&self`. `false` if the closure with the expression outlives the call, and so
    /// must not borrow `self`.
    self_beside_ret: bool,
    before: Vec<Step>,
    after: Vec<Step>,
    ret: Option<Ident>,
    /// `true` if an argument with the name `ret`, which hides the returned value, was already
    /// reported.
    hidden_is_reported: bool,
    rendered: Vec<(TokenStream, u8)>,
    /// Names of arguments that an expression uses together with `ret`, each with the argument's
    /// position. Generated code clones these arguments.
    cloned: BTreeMap<(usize, String), Ident>,
    /// Positions of the function's arguments that any step (a statement of generated code) uses.
    pub(crate) named: BTreeSet<usize>,
    /// Positions of the function's arguments that an expression in the attribute uses.
    pub(crate) in_expr: BTreeSet<usize>,
    /// Positions of the type and const parameters that any step (a statement of generated code)
    /// uses.
    pub(crate) params: BTreeSet<usize>,
}

impl<'a> Steps<'a> {
    /// Creates a collector without steps (statements of generated code).
    pub(crate) fn new(info: &'a FnInfo, rule: RetRule, self_beside_ret: bool) -> Self {
        Self {
            info,
            rule,
            self_beside_ret,
            before: Vec::new(),
            after: Vec::new(),
            ret: None,
            hidden_is_reported: false,
            rendered: Vec::new(),
            cloned: BTreeMap::new(),
            named: BTreeSet::new(),
            in_expr: BTreeSet::new(),
            params: BTreeSet::new(),
        }
    }

    /// Adds a step (a statement of generated code) that writes the text of `template` and passes
    /// the text to cachekit's method `method`.
    pub(crate) fn template(
        &mut self,
        method: &'static str,
        template: &crate::attr::template::Template,
        errors: &mut Errors,
    ) {
        let is_ret = |piece: &crate::attr::template::Piece| matches!(piece, attr::template::Piece::Placeholder { root, .. } if root == "ret");
        if template.pieces.iter().any(is_ret) {
            self.check_hidden(errors);
        }
        let mut resolved = resolve(self.info, template, self.rule, errors);
        self.named.append(&mut resolved.named.arguments);
        self.params.append(&mut resolved.named.params);
        if let Some(ret) = resolved.named.ret.take() {
            let arg = StepArg::Text(resolved.into_deferred_text(&mut self.rendered));
            self.add_after(method, ret, arg);
        } else {
            self.before.push(Step {
                method,
                arg: StepArg::Text(resolved.into_text()),
            });
        }
    }

    /// Adds a step (a statement of generated code) for each item of a list, such as `tags = [..]`.
    /// Templates go to cachekit's method `one`, sequences to the method `many`.
    pub(crate) fn items(
        &mut self,
        one: &'static str,
        many: Option<&'static str>,
        items: Option<Arg<Items>>,
        errors: &mut Errors,
    ) {
        for item in items.into_iter().flat_map(|items| items.value.0) {
            match (item, many) {
                (Item::Template(template), _) => self.template(one, &template, errors),
                (Item::Splice(expr), Some(many)) => self.expr(many, expr, StepArg::Value, errors),
                (Item::Expr(expr), Some(many)) if one == "key" => {
                    self.expr(many, expr, StepArg::Once, errors);
                }
                (Item::Expr(expr), Some(_)) => errors.on(
                    &expr,
                    "expected a template in quotes, or `..EXPR` for a sequence of texts",
                ),
                (Item::Expr(expr) | Item::Splice(expr), None) => {
                    errors.on(
                        &expr,
                        "expected a template in quotes, like `\"product.updated\"`",
                    );
                }
            }
        }
    }

    /// Adds a step (a statement of generated code) that passes the value of `expr` to cachekit's
    /// method `method`. `arg` makes the argument of the call from `expr`.
    pub(crate) fn expr(
        &mut self,
        method: &'static str,
        expr: Expr,
        arg: fn(Expr) -> StepArg,
        errors: &mut Errors,
    ) {
        let ret = self.uses(&expr, errors);
        self.add(method, ret, arg(expr));
    }

    /// Adds a step (a statement of generated code) whose expression was already given to
    /// [`uses`](Self::uses). With a `ret`, the step runs after the function's body, otherwise
    /// before the body.
    pub(crate) fn add(&mut self, method: &'static str, ret: Option<Ident>, arg: StepArg) {
        match ret {
            Some(ret) => self.add_after(method, ret, arg),
            None => self.before.push(Step { method, arg }),
        }
    }

    /// Records the arguments that an expression uses. Returns the name `ret` if the expression uses
    /// the returned value.
    pub(crate) fn uses(&mut self, expr: &impl ToTokens, errors: &mut Errors) -> Option<Ident> {
        self.info.check_self(expr, errors);
        let ret = ident_usage::find(expr, &Ident::new("ret", Span::call_site()));
        let named = (0..self.info.arguments.len())
            .filter(|&at| ident_usage::any(expr, self.info.arguments[at].names()));
        for position in named {
            self.named.insert(position);
            self.in_expr.insert(position);
            if ret.is_some() {
                self.clone_names(position, expr);
            }
        }
        let params = &self.info.params;
        self.params.extend(
            (0..params.len()).filter(|&at| ident_usage::find(expr, &params[at].name).is_some()),
        );
        let ret = ret?;
        self.check_hidden(errors);
        if let RetRule::Forbidden(reason) = self.rule {
            errors.at(ret.span(), format_args!("`ret`: {reason}"));
        }
        let receiver = ident_usage::find(expr, &Ident::new("self", Span::call_site()));
        if let Some(receiver) = receiver
            && self.info.receiver.is_some()
            && !(self.self_beside_ret && self.info.shares_self())
        {
            errors.at(
                receiver.span(),
                "`self` and `ret` cannot stand in one expression, because the body has `self` then; \
                 use a template, where `{self.field}` is taken before",
            );
        }
        Some(ret)
    }

    fn clone_names(&mut self, position: usize, expr: &impl ToTokens) {
        for name in self.info.arguments[position].names() {
            if ident_usage::find(expr, name).is_some() {
                self.cloned
                    .insert((position, name.to_string()), name.clone());
            }
        }
    }

    /// Records that generated code must clone every argument that `expr` uses.
    pub(crate) fn clone_all(&mut self, expr: &impl ToTokens) {
        for position in 0..self.info.arguments.len() {
            self.clone_names(position, expr);
        }
    }

    /// Returns the names of the arguments that the closure over the returned value must clone.
    pub(crate) fn take_cloned(&mut self) -> Vec<Cloned> {
        let cloned = std::mem::take(&mut self.cloned).into_iter();
        cloned
            .map(|((argument, _), name)| Cloned { argument, name })
            .collect()
    }

    /// Reports an argument named `ret`, because an expression in the attribute uses `ret` as the
    /// name of the returned value.
    fn check_hidden(&mut self, errors: &mut Errors) {
        if self.hidden_is_reported || matches!(self.rule, RetRule::Forbidden(_)) {
            return;
        }
        let mut names = self.info.arguments.iter().flat_map(Argument::names);
        if let Some(argument) = names.find(|name| *name == "ret") {
            self.hidden_is_reported = true;
            errors.at(
                argument.span(),
                "an argument named `ret` hides the value that `ret` means here; rename it",
            );
        }
    }

    fn add_after(&mut self, method: &'static str, ret: Ident, arg: StepArg) {
        self.ret.get_or_insert(ret);
        self.after.push(Step { method, arg });
    }

    /// Returns the steps (statements of generated code) that run before the function's body, and
    /// the steps that run on the returned value.
    pub(crate) fn finish(mut self) -> (Vec<Step>, Option<After>) {
        let cloned = self.take_cloned();
        let after = self.ret.map(|ret| After {
            ret,
            rendered: self.rendered,
            cloned,
            steps: self.after,
        });
        (self.before, after)
    }
}
