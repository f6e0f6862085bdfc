//! Hash of the tags and events of a cached function.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

use crate::attr::arg::Arg;
use crate::attr::value::{Item, Items};

/// Returns a hash (FNV-1a) of all tags and events of a function; zero if there are none. An entry
/// that was stored with other tags or events has another hash.
///
/// The hash is part of entries in Redis, so it must be equal for every version of the compiler.
/// Therefore the hash is made from the tokens, and not from a text that the compiler formats.
pub(crate) fn hash(lists: [Option<&Arg<Items>>; 2]) -> u64 {
    let mut words = Vec::new();
    // The word `tag` or `event` precedes each text, so that an event is not taken for a tag with
    // the same text.
    for (list, option) in lists.into_iter().zip(["tag", "event"]) {
        let items = list.iter().flat_map(|items| &items.value.0);
        for item in items {
            let text = match item {
                Item::Template(template) => template.literal.value(),
                Item::Splice(expr) | Item::Expr(expr) => {
                    let mut text = String::new();
                    spell(expr.to_token_stream(), &mut text);
                    text
                }
            };
            words.push(format!("{option} {text}"));
        }
    }
    // The order of tags and events has no meaning, so it does not change the hash.
    words.sort();
    if words.is_empty() {
        return 0;
    }
    let bytes = words.iter().flat_map(|word| word.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Appends each of the tokens to `text`, followed by a space.
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
