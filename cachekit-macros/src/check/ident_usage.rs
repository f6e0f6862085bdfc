//! Search for names in the tokens of an expression.

use std::iter::Peekable;

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// Returns the first token of `expr` that uses the variable `word`. The name of a field or a method
/// does not count.
///
/// A variable that a format string captures, as in `format!("{id}")`, counts as used at the string.
pub(crate) fn find(expr: &impl ToTokens, word: &Ident) -> Option<Ident> {
    find_in(expr.to_token_stream(), word, false)
}

/// Returns the token that [`find`] returns, but skips a word before a single colon, because the
/// word is the name of a field, as in `User { id: 1 }`.
pub(crate) fn find_variable(expr: &impl ToTokens, word: &Ident) -> Option<Ident> {
    find_in(expr.to_token_stream(), word, true)
}

/// Returns `true` if `expr` uses a variable whose name is one of `words`.
pub(crate) fn any(expr: &impl ToTokens, words: &[Ident]) -> bool {
    words.iter().any(|word| find(expr, word).is_some())
}

fn find_in(tokens: TokenStream, word: &Ident, skips_fields: bool) -> Option<Ident> {
    let mut dots = 0;
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Group(group) => {
                if let Some(found) = find_in(group.stream(), word, skips_fields) {
                    return Some(found);
                }
            }
            // A word after one dot is a field, but after two dots it is the end of a range. The
            // `self` of `self::limit` is part of a path, not the receiver.
            TokenTree::Ident(ident)
                if dots != 1
                    && ident == *word
                    && !begins_path(&ident, &mut trees)
                    && !(skips_fields && is_field(&mut trees)) =>
            {
                return Some(ident);
            }
            TokenTree::Literal(literal) if captures(&literal.to_string(), word) => {
                let mut name = word.clone();
                name.set_span(literal.span());
                return Some(name);
            }
            TokenTree::Punct(punct) if punct.as_char() == '.' => {
                dots += 1;
                continue;
            }
            _ => {}
        }
        dots = 0;
    }
    None
}

/// Returns `true` if `word` is the `self` at the beginning of a path, such as `self::limit`.
fn begins_path(word: &Ident, behind: &mut Peekable<impl Iterator<Item = TokenTree>>) -> bool {
    word == "self"
        && matches!(behind.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// Returns `true` if `behind`, the tokens after a word, begins with a single colon.
fn is_field(behind: &mut Peekable<impl Iterator<Item = TokenTree>>) -> bool {
    matches!(behind.peek(), Some(TokenTree::Punct(punct))
        if punct.as_char() == ':' && punct.spacing() == Spacing::Alone)
}

/// Returns `true` if a literal is a string that captures the variable `word`, as `{word}` or
/// `{word:`.
fn captures(literal: &str, word: &Ident) -> bool {
    let opening = format!("{{{word}");
    literal.contains('"')
        && literal
            .match_indices(&opening)
            .any(|(at, found)| literal[at + found.len()..].starts_with(['}', ':']))
}
