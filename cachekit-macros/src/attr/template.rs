//! Syntax of templates for keys and tags: `"user:{id}"`, or `"user:<id>"` in the other spelling.
//!
//! Errors point at the whole literal and quote the placeholder: the compiler does not let macros
//! point into a string.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Expr, LitStr, Token, parenthesized, parse_quote};

use crate::attr::arg::Arg;
use crate::diag::Errors;

/// Parsed template.
pub(crate) struct Template {
    /// Literal, for its span; an empty one in the place of an expression.
    pub(crate) literal: LitStr,
    /// Pieces, in order.
    pub(crate) pieces: Vec<Piece>,
}

/// Piece of a template.
pub(crate) enum Piece {
    /// Literal text.
    Literal(String),
    /// Placeholder.
    Placeholder {
        /// Text between the braces.
        text: String,
        /// Parsed text. Its tokens have the span and the hygiene of the literal.
        expr: Box<Expr>,
        /// Name at the beginning.
        root: Ident,
    },
    /// Name of the function.
    Name,
    /// Expression over the arguments.
    Expression(Box<Expr>),
}

/// Reads the key of a cached function: `= "user:{id}"`, or `= expr(EXPRESSION)`.
pub(crate) fn read_key(
    slot: &mut Option<Arg<Template>>,
    key: &Ident,
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<()> {
    let ahead = input.fork();
    let has_sign = ahead.parse::<Token![=]>().is_ok();
    if !has_sign || ahead.is_empty() || ahead.peek(LitStr) {
        return Arg::read(slot, key, input, errors);
    }
    let span = ahead.span();
    let is_expr = ahead.parse::<Ident>().is_ok_and(|word| word == "expr");
    if !is_expr || !ahead.peek(syn::token::Paren) {
        return Err(syn::Error::new(
            span,
            "expected a template in quotes, like `\"user:{id}\"`; any other expression stands in \
             `key = expr(..)`",
        ));
    }
    input.parse::<Token![=]>()?;
    let word: Ident = input.parse()?;
    let content;
    parenthesized!(content in input);
    let template = expression(&word, &content)?;
    Arg::set(slot, key, template, errors);
    Ok(())
}

/// Parses the expression of a key. The function's name goes before its value, so that no two functions
/// share a key.
fn expression(word: &Ident, content: ParseStream<'_>) -> syn::Result<Template> {
    if content.is_empty() {
        return Err(syn::Error::new(
            word.span(),
            "expected an expression over the arguments, like `expr((id, page / 10))`",
        ));
    }
    let expr: Expr = content.parse()?;
    if !content.is_empty() {
        return Err(
            content.error("expected one expression; several stand in a tuple: `expr((a, b))`")
        );
    }
    if let Some(span) = leaves(quote::ToTokens::to_token_stream(&expr)) {
        let message = "an expression in a key gives a value and does not leave the function";
        return Err(syn::Error::new(span, message));
    }
    Ok(Template {
        literal: LitStr::new("", expr.span()),
        pieces: vec![
            Piece::Name,
            Piece::Literal(":".to_owned()),
            Piece::Expression(Box::new(expr)),
        ],
    })
}

/// Finds a `return`, which would leave the closure that writes the key before the key is complete.
fn leaves(tokens: TokenStream) -> Option<proc_macro2::Span> {
    tokens.into_iter().find_map(|tree| match tree {
        TokenTree::Ident(word) if word == "return" => Some(word.span()),
        TokenTree::Group(group) => leaves(group.stream()),
        _ => None,
    })
}

impl Parse for Template {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let span = input.span();
        let literal: LitStr = input.parse().map_err(|_| {
            syn::Error::new(span, "expected a template in quotes, like `\"user:{id}\"`")
        })?;
        let raw =
            scan(&literal.value()).map_err(|message| syn::Error::new(literal.span(), message))?;
        let mut pieces = Vec::new();
        for piece in raw {
            pieces.push(match piece {
                Raw::Literal(text) => Piece::Literal(text),
                Raw::Placeholder(text) => {
                    let (expr, root) = placeholder(&text, &literal)?;
                    Piece::Placeholder {
                        text,
                        expr: Box::new(expr),
                        root,
                    }
                }
            });
        }
        Ok(Self { literal, pieces })
    }
}

/// Piece before its expression is parsed.
enum Raw {
    Literal(String),
    Placeholder(String),
}

/// Splits the text of a template.
fn scan(text: &str) -> Result<Vec<Raw>, String> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    let mut spelling: Option<char> = None;
    while let Some(next) = rest.chars().next() {
        if let Some(escaped) = ["{{", "}}", "<<"]
            .into_iter()
            .find(|pair| rest.starts_with(pair))
        {
            literal.push_str(&escaped[1..]);
            rest = &rest[2..];
            continue;
        }
        let (inside, behind) = match next {
            '{' => braced(rest)?,
            '<' => angled(rest)?,
            '}' => {
                return Err(format!(
                    "`}}` without `{{` in \"{text}\"; a literal brace is written `}}}}`"
                ));
            }
            other => {
                literal.push(other);
                rest = &rest[other.len_utf8()..];
                continue;
            }
        };
        if spelling.is_some_and(|first| first != next) {
            return Err(format!(
                "\"{text}\" has both `{{..}}` and `<..>`; use one kind in a template, and `<<` for a \
                 literal `<`"
            ));
        }
        spelling = Some(next);
        if !literal.is_empty() {
            pieces.push(Raw::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(Raw::Placeholder(inside.to_owned()));
        rest = behind;
    }
    if !literal.is_empty() {
        pieces.push(Raw::Literal(literal));
    }
    if pieces.is_empty() {
        return Err("an empty template names nothing".to_owned());
    }
    check_neighbours(&pieces)?;
    Ok(pieces)
}

/// Returns the text between braces, and the text behind them.
fn braced(rest: &str) -> Result<(&str, &str), String> {
    let inside = &rest[1..];
    inside.split_once('}').ok_or_else(|| {
        format!("`{{` without `}}` before \"{inside}\"; a literal brace is written `{{{{`")
    })
}

/// Returns the text between angle brackets, and the text behind them. Only names, fields and methods are
/// accepted, so that other text with a `<` is not taken for a placeholder.
fn angled(rest: &str) -> Result<(&str, &str), String> {
    let stray = || {
        format!(
            "stray `<` before \"{}\"; a literal `<` is written `<<`",
            &rest[1..]
        )
    };
    let (inside, behind) = rest[1..].split_once('>').ok_or_else(stray)?;
    let is_name = |part: &str| {
        let name = part.strip_suffix("()").unwrap_or(part);
        let digits = !name.is_empty() && name.chars().all(|c| c.is_ascii_digit());
        digits || syn::parse_str::<Ident>(name).is_ok() || name == "self"
    };
    if inside.split('.').all(is_name) {
        Ok((inside, behind))
    } else {
        Err(stray())
    }
}

/// Checks that literal text separates two values, which marks the end of the first.
fn check_neighbours(pieces: &[Raw]) -> Result<(), String> {
    for pair in pieces.windows(2) {
        match pair {
            [Raw::Placeholder(left), Raw::Placeholder(right)] => {
                return Err(format!(
                    "`{left}` and `{right}` stand side by side, so that (1, 23) and (12, 3) would \
                     be one key; put a separator between them"
                ));
            }
            [Raw::Placeholder(left), Raw::Literal(text)] if text.starts_with(['%', '(']) => {
                let sign = &text[..1];
                return Err(format!(
                    "`{sign}` may not follow `{left}` directly, because it begins an escaped part \
                     of a value; put another separator between them"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Parses the text of a placeholder.
fn placeholder(text: &str, literal: &LitStr) -> syn::Result<(Expr, Ident)> {
    let error = |message: String| syn::Error::new(literal.span(), message);
    if text.trim().is_empty() {
        return Err(error(
            "empty placeholder `{}`; name an argument in it".to_owned(),
        ));
    }
    if has_format(text) {
        let name = text.split(':').next().unwrap_or(text);
        return Err(error(format!(
            "`{{{text}}}`: formats are not supported; write `{{{name}}}`"
        )));
    }
    let raw = syn::parse::Parser::parse_str(Ident::parse_any, text)
        .ok()
        .filter(|_| syn::parse_str::<Ident>(text).is_err())
        .filter(|word| {
            !["self", "Self", "super", "crate", "_"]
                .iter()
                .any(|it| word == it)
        });
    if let Some(word) = raw {
        // `{type}` means `r#type`, as in `format!`.
        let word = Ident::new_raw(&word.to_string(), literal.span());
        return Ok((parse_quote!(#word), word));
    }
    let expr: Expr = LitStr::new(text, literal.span())
        .parse()
        .map_err(|_| unreadable(text, literal))?;
    let root = root(&expr)
        .ok_or_else(|| unreadable(text, literal))?
        .clone();
    Ok((expr, root))
}

fn unreadable(text: &str, literal: &LitStr) -> syn::Error {
    syn::Error::new(
        literal.span(),
        format_args!(
            "`{{{text}}}` is not a placeholder; it may name an argument, a field (`{{req.page}}`) \
             or a method (`{{opts.sort()}}`)"
        ),
    )
}

/// Returns `true` if there is a colon that is not part of `::`.
fn has_format(text: &str) -> bool {
    text.replace("::", "").contains(':')
}

/// Returns the name at the beginning of a placeholder; `None` for another form of expression.
fn root(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) if path.qself.is_none() && path.path.leading_colon.is_none() => {
            path.path.segments.first().map(|first| &first.ident)
        }
        Expr::Field(field) => root(&field.base),
        Expr::MethodCall(call) => call
            .args
            .iter()
            .all(|arg| matches!(arg, Expr::Lit(_)))
            .then(|| root(&call.receiver))?,
        _ => None,
    }
}
