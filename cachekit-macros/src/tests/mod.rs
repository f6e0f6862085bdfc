//! Unit tests of the parser, the messages and the expansions.

pub(crate) mod diagnostics;
pub(crate) mod docs;
pub(crate) mod duration;
pub(crate) mod expand;
pub(crate) mod function_rules;
pub(crate) mod show;
pub(crate) mod templates;
pub(crate) mod write_rules;

use proc_macro2::TokenStream;

use crate::pipeline;

/// Parses the text of Rust source into tokens.
fn tokens(source: &str) -> TokenStream {
    source
        .parse()
        .expect("the source of a test has balanced brackets")
}

/// Returns the error messages in an expansion, in order.
fn messages(expansion: &TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    let mut behind_compile_error = false;
    for tree in expansion.clone() {
        match tree {
            proc_macro2::TokenTree::Ident(ident) if ident == "compile_error" => {
                behind_compile_error = true;
            }
            proc_macro2::TokenTree::Group(group) if behind_compile_error => {
                behind_compile_error = false;
                let text: syn::LitStr =
                    syn::parse2(group.stream()).expect("compile_error has a string");
                found.push(text.value());
            }
            _ => {}
        }
    }
    found
}

/// Returns the error messages of `#[cached(args)]` on `item`.
fn cached_messages(args: &str, item: &str) -> Vec<String> {
    messages(&pipeline::cached(tokens(args), tokens(item)))
}
