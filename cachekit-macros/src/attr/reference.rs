//! Syntax of references to cached functions, written as calls: `get_user(_, id)`, `self.get(id)`,
//! `list_users(..)`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{AngleBracketedGenericArguments, Expr, Ident, Path, Token};

/// Reference to a cached function.
pub(crate) struct Reference {
    /// Function of the reference.
    pub(crate) callee: Callee,
    /// Entries of the function.
    pub(crate) args: ReferenceArgs,
    /// Whole reference, for errors.
    pub(crate) written: Expr,
}

/// Function of a reference: the part before the parentheses.
pub(crate) enum Callee {
    /// `users::get_user`, `Self::get`
    Path(syn::ExprPath),
    /// `self.get`
    Method {
        receiver: Box<Expr>,
        name: Ident,
        generics: Option<AngleBracketedGenericArguments>,
    },
}

/// Entries of a reference: the part in parentheses.
pub(crate) enum ReferenceArgs {
    /// `..`
    All,
    /// Arguments by position.
    Positions(Vec<Position>),
}

/// Argument in one position.
pub(crate) enum Position {
    /// `_`
    NotInKey(Span),
    /// Value.
    Value(Expr),
}

const EXPECTED: &str = "expected a function reference like `get_user(_, id)`, where `_` stands for an \
                   argument that is not in the key, or `list_users(..)` for all its entries";

impl Parse for Reference {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // The parser's own message for a literal or a stray token would not say what belongs here.
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
