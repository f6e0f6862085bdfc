//! Parser for the templates of keys, tags and events: `"user:{id}"`, or `"user:<id>"` with angle
//! brackets.
//!
//! An error points at the whole literal and quotes the placeholder, because the compiler does not
//! let macros point into a string.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned as _;
use syn::{Expr, LitStr, Token, parenthesized, parse_quote};

use crate::attr::arg::Arg;
use crate::diag::Errors;

/// Parsed template of a key, a tag or an event.
pub(crate) struct Template {
    /// String literal that the user wrote as the template, at which errors are reported. The
    /// literal is empty if the key is an expression, `expr(..)`.
    pub(crate) literal: LitStr,
    /// Pieces of the template, in order.
    pub(crate) pieces: Vec<Piece>,
}

/// Piece of a template: literal text or a value.
pub(crate) enum Piece {
    /// Literal text of the template.
    Literal(String),
    /// Placeholder in braces, such as `{user.id}`.
    Placeholder {
        /// Text between the braces, such as `user.id`.
        text: String,
        /// The text between the braces, parsed as an expression. The tokens have the span and the
        /// hygiene of the literal.
        expr: Box<Expr>,
        /// First name in the placeholder, such as `user` in `{user.id}`.
        root: Ident,
    },
    /// Name of the cached function, as a piece of its key.
    Name,
    /// Expression over the arguments, from `key = expr(..)`.
    Expression(Box<Expr>),
}

/// Parses the value of the option `key`: `= "user:{id}"`, or `= expr(EXPRESSION)`.
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

/// Parses the expression of `key = expr(..)`. cachekit writes the function's name before the value
/// of the expression, so that no two functions share a key.
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

/// Returns the span of the first `return` in an expression of a key. A `return` would leave the
/// closure that writes the key before the key is complete.
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

/// Piece of a template whose placeholder is not yet parsed as an expression.
enum Raw {
    Literal(String),
    Placeholder(String),
}

/// Splits the text of a template into literal text and placeholders.
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

/// Returns the text of a placeholder in braces, and the text after the closing brace.
fn braced(rest: &str) -> Result<(&str, &str), String> {
    let inside = &rest[1..];
    inside.split_once('}').ok_or_else(|| {
        format!("`{{` without `}}` before \"{inside}\"; a literal brace is written `{{{{`")
    })
}

/// Returns the text of a placeholder in angle brackets, and the text after the closing bracket.
/// Only names, fields and methods are accepted as a placeholder, so that other text with a `<`
/// stays literal.
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

/// Checks that literal text separates every two placeholders, so that the end of the first value
/// can be recognised in the key.
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

/// Parses the text of a placeholder. Returns its expression, and the first name in the expression.
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
        // The placeholder `{type}` means `r#type`, as in `format!`.
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

/// Returns `true` if a placeholder contains a colon that is not part of `::`, as a format such as
/// `{id:?}` does.
fn has_format(text: &str) -> bool {
    text.replace("::", "").contains(':')
}

/// Returns the first name in a placeholder's expression, such as `user` in `user.id`; `None` if the
/// expression has another form.
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
