//! Output for bodies that own their arguments, because their computation may continue in the
//! background.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::model::{Function, OwnedBody};

/// Returns the names of the values to clone for the body: the arguments that are references, and
/// `self` if the body uses it.
pub(crate) fn owned(function: &Function, owned_body: &OwnedBody) -> TokenStream {
    let references = function
        .arguments
        .iter()
        .filter(|argument| argument.referent().is_some());
    let names = references.map(|argument| &argument.name);
    let own_self = owned_body.owns_self.map(|_| {
        let name = name_of_self(Span::call_site());
        quote!((self #name))
    });
    quote!([#own_self #(#names)*])
}

/// Returns the user's body with another name in place of each `self`: the variable with the body's
/// own clone of `self`.
pub(crate) fn with_own_self(body: &Group) -> Group {
    renamed_group(body)
}

fn name_of_self(span: Span) -> Ident {
    Ident::new("__self", Span::mixed_site().located_at(span))
}

fn renamed_group(group: &Group) -> Group {
    let mut renamed = Group::new(group.delimiter(), renamed(group.stream()));
    renamed.set_span(group.span());
    renamed
}

fn renamed(tokens: TokenStream) -> TokenStream {
    // An `impl` or a `trait` inside the body has a `self` of its own, which is not replaced.
    let mut is_inside = false;
    let mut trees = tokens.into_iter().peekable();
    let mut out = Vec::new();
    while let Some(tree) = trees.next() {
        out.push(match tree {
            TokenTree::Ident(word) if word == "impl" || word == "trait" => {
                is_inside = true;
                TokenTree::Ident(word)
            }
            TokenTree::Group(group) if is_inside => {
                is_inside = group.delimiter() != proc_macro2::Delimiter::Brace;
                TokenTree::Group(group)
            }
            TokenTree::Group(group) => TokenTree::Group(renamed_group(&group)),
            TokenTree::Ident(word) if word == "self" && !begins_path(trees.peek()) => {
                TokenTree::Ident(name_of_self(word.span()))
            }
            other => other,
        });
    }
    out.into_iter().collect()
}

/// Returns `true` if the word `self` before these tokens begins a path, as in `self::limit`, and is
/// not the receiver.
fn begins_path(behind: Option<&TokenTree>) -> bool {
    matches!(behind, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}
