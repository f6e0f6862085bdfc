//! Search for names in the tokens of an expression.

use std::iter::Peekable;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;

/// Returns the first token of `expr` that is the name `word`. Fields and methods do not count.
///
/// A name that a format string captures (`format!("{id}")`) counts, at the string.
pub(crate) fn find(expr: &impl ToTokens, word: &Ident) -> Option<Ident> {
    find_in(expr.to_token_stream(), word)
}

/// Returns `true` if `expr` uses one of `words`.
pub(crate) fn any(expr: &impl ToTokens, words: &[Ident]) -> bool {
    words.iter().any(|word| find(expr, word).is_some())
}

fn find_in(tokens: TokenStream, word: &Ident) -> Option<Ident> {
    let mut dots = 0;
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Group(group) => {
                if let Some(found) = find_in(group.stream(), word) {
                    return Some(found);
                }
            }
            // A dot begins a field, two dots are a range.
            // `self::limit` is a path, not the receiver.
            TokenTree::Ident(ident)
                if dots != 1 && ident == *word && !begins_path(&ident, &mut trees) =>
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

/// Returns `true` if `self` begins a path here.
fn begins_path(word: &Ident, behind: &mut Peekable<impl Iterator<Item = TokenTree>>) -> bool {
    word == "self"
        && matches!(behind.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// Returns `true` if a literal is a string that contains `{word}` or `{word:`.
fn captures(literal: &str, word: &Ident) -> bool {
    let opening = format!("{{{word}");
    literal.contains('"')
        && literal
            .match_indices(&opening)
            .any(|(at, found)| literal[at + found.len()..].starts_with(['}', ':']))
}
