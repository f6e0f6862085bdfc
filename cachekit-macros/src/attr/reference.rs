//! Parser for references to cached functions, which are written as calls: `get_user(_, id)`,
//! `self.get(id)`, `list_users(..)`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{AngleBracketedGenericArguments, Expr, Ident, Path, Token};

/// Parsed reference to a cached function, such as `get_user(_, id)`.
pub(crate) struct Reference {
    /// Cached function that the reference names, such as `get_user` in `get_user(_, id)`.
    pub(crate) callee: Callee,
    /// Entries that the reference stands for: `_, id` in `get_user(_, id)`.
    pub(crate) args: ReferenceArgs,
    /// The whole reference as an expression, at which errors point.
    pub(crate) written: Expr,
}

/// Cached function that a reference names: the part before the parentheses.
pub(crate) enum Callee {
    /// Path of a function or a method, such as `users::get_user` or `Self::get`.
    Path(syn::ExprPath),
    /// Method with its receiver, such as `self.get`.
    Method {
        receiver: Box<Expr>,
        name: Ident,
        generics: Option<AngleBracketedGenericArguments>,
    },
}

/// Entries of a cached function that a reference stands for: the part in parentheses.
pub(crate) enum ReferenceArgs {
    /// All entries of the function, written `..`.
    All,
    /// A single entry, given by its arguments in the order of the function's parameters.
    Positions(Vec<Position>),
}

/// Argument in one position of a reference to a cached function.
pub(crate) enum Position {
    /// The placeholder `_`, with its span, for an argument that is not in the key.
    NotInKey(Span),
    /// Expression for an argument that is in the key.
    Value(Expr),
}

const EXPECTED: &str = "expected a function reference like `get_user(_, id)`, where `_` stands for an \
                   argument that is not in the key, or `list_users(..)` for all its entries";

impl Parse for Reference {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // For a literal or a stray token, the message of syn's parser would not name the expected
        // reference.
        let start = input.span();
        let written: Expr = input
            .parse()
            .map_err(|_| syn::Error::new(start, EXPECTED))?;
        let (callee, args) = match &written {
            Expr::Call(call) => match peel(&call.func) {
                Expr::Path(path) => (Callee::Path(path.clone()), &call.args),
                _ => return Err(syn::Error::new_spanned(&written, EXPECTED)),
            },
            Expr::MethodCall(call) => {
                let callee = Callee::Method {
                    receiver: call.receiver.clone(),
                    name: call.method.clone(),
                    generics: call.turbofish.clone(),
                };
                (callee, &call.args)
            }
            Expr::Path(path) => return Err(bare(&path.path)),
            _ => return Err(syn::Error::new_spanned(&written, EXPECTED)),
        };
        let args = positions(args)?;
        Ok(Self {
            callee,
            args,
            written,
        })
    }
}

fn bare(path: &Path) -> syn::Error {
    let name = path
        .segments
        .last()
        .map(|last| last.ident.to_string())
        .unwrap_or_default();
    let message = format!(
        "say which entries: `{name}(_, id)` for one, where `_` stands for an argument that is not \
         in the key, or `{name}(..)` for all"
    );
    syn::Error::new_spanned(path, message)
}

fn positions(args: &Punctuated<Expr, Token![,]>) -> syn::Result<ReferenceArgs> {
    let is_all = |arg: &Expr| matches!(arg, Expr::Range(range) if range.start.is_none() && range.end.is_none());
    if args.len() == 1 && args.first().is_some_and(is_all) {
        return Ok(ReferenceArgs::All);
    }
    let mut positions = Vec::new();
    for arg in args {
        match arg {
            Expr::Infer(infer) => {
                positions.push(Position::NotInKey(infer.underscore_token.span));
            }
            arg if is_all(arg) => {
                return Err(syn::Error::new_spanned(
                    arg,
                    "`..` stands alone: all entries",
                ));
            }
            arg => positions.push(Position::Value(arg.clone())),
        }
    }
    Ok(ReferenceArgs::Positions(positions))
}

fn peel(mut expr: &Expr) -> &Expr {
    while let Expr::Group(group) = expr {
        expr = &group.expr;
    }
    expr
}
