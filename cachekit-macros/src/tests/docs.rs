//! Check that the documentation of the attributes lists exactly the options that the parser knows, and
//! has an example for each of them.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::tokens;
use crate::attr::arg::Options;
use crate::attr::cached::CachedArgs;
use crate::attr::invalidates::InvalidatesArgs;
use crate::attr::write_behind::WriteBehindArgs;
use crate::attr::write_through::WriteThroughArgs;

/// Returns the names of the options in the table that documents the attribute `name`.
fn documented(name: &str) -> BTreeSet<String> {
    let source = include_str!("../lib.rs");
    let end = source
        .find(&format!("pub fn {name}("))
        .expect("the attribute exists");
    let start = source[..end].rfind("| option |").expect("it has a table");
    let options = source[start..end].lines().filter_map(|line| {
        let cell = line.trim().strip_prefix("/// | `")?;
        let word = cell
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()?;
        // Any other cell that begins with a call stands for a reference to a cached function.
        let takes_parentheses = ["each", "newest", "skip"].contains(&word);
        let is_call = cell[word.len()..].starts_with('(') && !takes_parentheses;
        (!is_call).then(|| word.to_owned())
    });
    options.collect()
}

fn known(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn tables_are_complete() {
    assert_eq!(documented("cached"), known(CachedArgs::NAMES));
    assert_eq!(documented("invalidates"), known(InvalidatesArgs::NAMES));
    assert_eq!(documented("write_through"), known(WriteThroughArgs::NAMES));
    assert_eq!(documented("write_behind"), known(WriteBehindArgs::NAMES));
}

/// Returns the examples in the documentation of an attribute. rustdoc compiles them, because their
/// fences have no words.
fn examples(file: &str, attribute: &str) -> Vec<TokenStream> {
    let lib = include_str!("../lib.rs");
    let shown = format!(
        "#[doc = include_str!(\"examples/{attribute}.md\")]\n\
         #[proc_macro_attribute]\npub fn {attribute}("
    );
    assert!(lib.contains(&shown), "{attribute} does not show its file");
    let parts = file.split("```").skip(1).step_by(2);
    let code = parts.map(|part| {
        let code = part.strip_prefix('\n').expect("a fence without words");
        let lines = code
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or(line));
        tokens(&lines.collect::<Vec<_>>().join("\n"))
    });
    code.collect()
}

/// Adds the first word of each argument of the attribute `name` in `code`.
fn add_arguments(code: TokenStream, name: &str, found: &mut BTreeSet<String>) {
    let mut before = None;
    for tree in code {
        if let TokenTree::Group(group) = &tree {
            let is_attribute = group.delimiter() == Delimiter::Parenthesis
                && matches!(&before, Some(TokenTree::Ident(word)) if word == name);
            if is_attribute {
                let trees: Vec<_> = group.stream().into_iter().collect();
                let is_comma =
                    |it: &TokenTree| matches!(it, TokenTree::Punct(p) if p.as_char() == ',');
                let arguments = trees.split(is_comma);
                let words = arguments.filter_map(|argument| argument.first());
                found.extend(words.map(ToString::to_string));
            } else {
                add_arguments(group.stream(), name, found);
            }
        }
        before = Some(tree);
    }
}

#[test]
fn each_option_has_an_example() {
    fn check<A: Options>(file: &str) {
        let mut found = BTreeSet::new();
        for example in examples(file, A::ATTRIBUTE) {
            add_arguments(example, A::ATTRIBUTE, &mut found);
        }
        let missing: Vec<_> = A::NAMES.iter().filter(|it| !found.contains(**it)).collect();
        let attribute = A::ATTRIBUTE;
        assert!(
            missing.is_empty(),
            "no example of {attribute} has {missing:?}"
        );
    }
    check::<CachedArgs>(include_str!("../examples/cached.md"));
    check::<InvalidatesArgs>(include_str!("../examples/invalidates.md"));
    check::<WriteThroughArgs>(include_str!("../examples/write_through.md"));
    check::<WriteBehindArgs>(include_str!("../examples/write_behind.md"));
}

#[test]
fn names_and_parser_are_one_list() {
    fn check<A: Options>() {
        for name in A::NAMES {
            let mut args = A::default();
            let mut errors = crate::diag::Errors::new();
            let key = syn::parse_str::<proc_macro2::TokenStream>(name).expect("a word");
            let parser = |input: syn::parse::ParseStream<'_>| {
                use syn::ext::IdentExt as _;
                let key = input.call(proc_macro2::Ident::parse_any)?;
                // An option without its value may cause an error, but not an error about an unknown
                // option.
                Ok(args.option(&key, input, &mut errors).unwrap_or(true))
            };
            assert!(
                syn::parse::Parser::parse2(parser, key).expect("a word"),
                "{name}"
            );
            drop(errors.finish(Some(())));
        }
    }
    check::<CachedArgs>();
    check::<InvalidatesArgs>();
    check::<WriteThroughArgs>();
    check::<WriteBehindArgs>();
}
