//! Which tags and events are made from the value, as a number.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;

use crate::attr::arg::Arg;
use crate::attr::template::Piece;
use crate::attr::value::{Item, Items};
use crate::check::ident_usage;

/// A hash (FNV-1a) of all that mention `ret`; zero, if none does.
///
/// It stands in entries, so it depends on the words alone, not on how a compiler prints them.
pub(crate) fn hash(lists: [Option<&Arg<Items>>; 2]) -> u64 {
    let ret = Ident::new("ret", Span::call_site());
    let mut words = Vec::new();
    // The option first: what was a tag and is an event now is another label.
    for (list, option) in lists.into_iter().zip(["tag", "event"]) {
        let items = list.iter().flat_map(|items| &items.value.0);
        for item in items {
            let (is_of_value, text) = match item {
                Item::Template(template) => {
                    let mut pieces = template.pieces.iter();
                    let of_value = |piece: &Piece| match piece {
                        Piece::Literal(_) | Piece::Name => false,
                        Piece::Expression(expr) | Piece::Placeholder { expr, .. } => {
                            ident_usage::find(expr, &ret).is_some()
                        }
                    };
                    (pieces.any(of_value), template.literal.value())
                }
                Item::Splice(expr) | Item::Expr(expr) => {
                    let mut text = String::new();
                    spell(expr.to_token_stream(), &mut text);
                    (ident_usage::find(expr, &ret).is_some(), text)
                }
            };
            if is_of_value {
                words.push(format!("{option} {text}"));
            }
        }
    }
    // Their order means nothing.
    words.sort();
    if words.is_empty() {
        return 0;
    }
    let bytes = words.iter().flat_map(|word| word.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The tokens, with one space after each.
fn spell(tokens: TokenStream, text: &mut String) {
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                text.push_str("( ");
                spell(group.stream(), text);
                text.push_str(") ");
            }
            other => {
                text.push_str(&other.to_string());
                text.push(' ');
            }
        }
    }
}
