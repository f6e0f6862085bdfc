//! Resolution of names in templates and expressions: arguments, generic parameters, `self`, `ret`.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned as _;

use crate::attr;
use crate::check::function::FnInfo;
use crate::check::ident_usage;
use crate::diag::Errors;
use crate::model::text::{Piece, Text};
use crate::spelling::{did_you_mean, quoted};

/// Arguments and generic parameters that a template uses, such as `id` in `"user:{id}"`.
#[derive(Default)]
pub(crate) struct Named {
    /// Positions of the arguments that the template uses.
    pub(crate) arguments: BTreeSet<usize>,
    /// Positions of the arguments that the template contains as a whole, as in `{user}` and not
    /// `{user.id}`.
    pub(crate) whole: BTreeSet<usize>,
    /// Names that the template uses, each with the position of its argument. The position
    /// distinguishes two arguments to which a macro gave one name.
    pub(crate) words: BTreeSet<(usize, String)>,
    /// Positions of the type and const parameters that the template uses.
    pub(crate) params: BTreeSet<usize>,
    /// Positions of the type parameters for which the text contains the name of the actual type.
    pub(crate) types: BTreeSet<usize>,
    /// Positions of the arguments that an expression uses. The expression needs each of them in the
    /// type that the function's signature gives.
    pub(crate) in_expr: BTreeSet<usize>,
    /// `true` if the template uses `self`.
    pub(crate) receiver: bool,
    /// The name `ret`, with the span and hygiene of the first placeholder that uses it. `None`: the
    /// template does not use the returned value.
    pub(crate) ret: Option<Ident>,
}

/// Template with its placeholders resolved to arguments, generic parameters, `self` or `ret`.
pub(crate) struct Resolved {
    pieces: Vec<ResolvedPiece>,
    pub(crate) named: Named,
}

enum ResolvedPiece {
    Name,
    Literal(String),
    Value { value: TokenStream, of_ret: bool },
}

/// Rule for the use of `ret`, the name of the returned value, in a template or an expression.
#[derive(Clone, Copy)]
pub(crate) enum RetRule {
    Allowed,
    /// `ret`, the returned value, must not be used, because the option is evaluated before the
    /// function returns. The text is the reason, for the error message.
    Forbidden(&'static str),
}

/// Resolves the names in every placeholder of a template, and reports unknown names.
pub(crate) fn resolve(
    info: &FnInfo,
    template: &crate::attr::template::Template,
    rule: RetRule,
    errors: &mut Errors,
) -> Resolved {
    let mut resolved = Resolved {
        pieces: Vec::new(),
        named: Named::default(),
    };
    for piece in &template.pieces {
        let (text, expr, root) = match piece {
            attr::template::Piece::Literal(text) => {
                resolved.pieces.push(ResolvedPiece::Literal(text.clone()));
                continue;
            }
            attr::template::Piece::Name => {
                resolved.pieces.push(ResolvedPiece::Name);
                continue;
            }
            attr::template::Piece::Expression(expr) => {
                resolved.expression(info, expr, rule, errors);
                continue;
            }
            attr::template::Piece::Placeholder { text, expr, root } => (text, expr, root),
        };
        let mut of_ret = false;
        if let Some(position) = info.position(root) {
            resolved.named.arguments.insert(position);
            resolved.named.words.insert((position, root.to_string()));
        } else if root == "self" && info.receiver.is_some() {
            resolved.named.receiver = true;
        } else if let Some(position) = info.params.iter().position(|param| param.name == *root) {
            resolved.named.params.insert(position);
        } else if root == "ret" {
            of_ret = true;
            resolved.named.ret.get_or_insert_with(|| root.clone());
            if let RetRule::Forbidden(reason) = rule {
                errors.at(
                    template.literal.span(),
                    format_args!("`{{{text}}}`: {reason}"),
                );
            }
        } else if !info.incomplete {
            errors.at(template.literal.span(), unknown(info, text, root));
        }
        let mut params = info.params.iter();
        let type_param = params.position(|it| it.name == *root && !it.is_const);
        let value = match (type_param, &**expr) {
            // A placeholder that names a type parameter stands for the name of its type.
            (Some(position), syn::Expr::Path(path)) if path.path.is_ident(root) => {
                resolved.named.types.insert(position);
                quote!(::core::any::type_name::<#root>())
            }
            _ => expr.to_token_stream(),
        };
        resolved.pieces.push(ResolvedPiece::Value { value, of_ret });
    }
    resolved
}

impl Resolved {
    /// Records arguments and generic parameters that the expression of `key = expr(..)` uses.
    fn expression(&mut self, info: &FnInfo, expr: &syn::Expr, rule: RetRule, errors: &mut Errors) {
        info.check_self(expr, errors);
        let named = &mut self.named;
        for (position, argument) in info.arguments.iter().enumerate() {
            for name in argument.names() {
                if ident_usage::find(expr, name).is_some() {
                    named.arguments.insert(position);
                    named.in_expr.insert(position);
                    named.words.insert((position, name.to_string()));
                }
            }
        }
        let params = info.params.iter().enumerate();
        let params = params.filter(|(_, param)| ident_usage::find(expr, &param.name).is_some());
        named.params.extend(params.map(|(position, _)| position));
        let [this, ret] = ["self", "ret"].map(|word| Ident::new(word, expr.span()));
        named.receiver |= info.receiver.is_some() && ident_usage::find(expr, &this).is_some();
        if info.position(&ret).is_none()
            && let Some(found) = ident_usage::find(expr, &ret)
            && let RetRule::Forbidden(reason) = rule
        {
            errors.at(found.span(), format_args!("`ret`: {reason}"));
        }
        // The invisible group distinguishes this expression from a placeholder.
        let mut value = Group::new(Delimiter::None, expr.to_token_stream());
        value.set_span(expr.span());
        self.pieces.push(ResolvedPiece::Value {
            value: TokenTree::Group(value).into(),
            of_ret: false,
        });
    }

    /// Returns the text of the template. Generated code writes the values at the moment when it
    /// makes the text.
    pub(crate) fn into_text(self) -> Text {
        let pieces = self.pieces.into_iter().map(|piece| match piece {
            ResolvedPiece::Name => Piece::Name,
            ResolvedPiece::Literal(text) => Piece::Literal(text),
            ResolvedPiece::Value { value, .. } => Piece::Part { value, stop: 0 },
        });
        text(pieces.collect())
    }

    /// Returns the text of a template that is written after the body took the arguments. The values
    /// of arguments are moved to `rendered`, so that they are rendered as text before the body
    /// runs.
    pub(crate) fn into_deferred_text(self, rendered: &mut Vec<(TokenStream, u8)>) -> Text {
        let of_ret: Vec<bool> = self
            .pieces
            .iter()
            .map(|piece| matches!(piece, ResolvedPiece::Value { of_ret: true, .. }))
            .collect();
        let mut text = self.into_text();
        for (piece, of_ret) in text.pieces.iter_mut().zip(of_ret) {
            let Piece::Part { value, stop } = piece else {
                continue;
            };
            if !of_ret {
                rendered.push((value.clone(), *stop));
                *piece = Piece::Rendered {
                    index: rendered.len() - 1,
                };
            }
        }
        text
    }
}

/// Joins neighbouring literals in `pieces`. Each value gets its stop, the byte that follows the
/// value in the text. If the value itself contains this byte, cachekit escapes the byte in the
/// value.
pub(crate) fn text(pieces: Vec<Piece>) -> Text {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Literal(before)), Piece::Literal(more)) => before.push_str(&more),
            (last, Piece::Literal(text)) => {
                if let Some(Piece::Part { stop, .. } | Piece::TypeOf { stop, .. }) = last {
                    *stop = text.bytes().next().unwrap_or(0);
                }
                joined.push(Piece::Literal(text));
            }
            (_, piece) => joined.push(piece),
        }
    }
    Text { pieces: joined }
}

fn unknown(info: &FnInfo, text: &str, root: &Ident) -> String {
    if root == "self" {
        return format!("`{{{text}}}`: this function has no `self`");
    }
    let names: Vec<String> = info
        .arguments
        .iter()
        .flat_map(|argument| argument.names().iter().map(Ident::to_string))
        .collect();
    let known = || names.iter().map(String::as_str);
    let rule = format!("unknown placeholder `{{{text}}}`: no argument of that name");
    if let Some(meant) = did_you_mean(&root.to_string(), known()) {
        format!("{rule}; did you mean `{meant}`?")
    } else if names.is_empty() {
        format!("{rule}; the function has no arguments")
    } else {
        format!("{rule}; the arguments are {}", quoted(known()))
    }
}
