//! Check that the documentation of the attributes lists exactly the options that the parser knows.

use std::collections::BTreeSet;

use crate::attr::arg::Options;
use crate::attr::cached::CachedArgs;
use crate::attr::invalidates::InvalidatesArgs;
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
        // A cell that begins with a call stands for a reference to a cached function, except for
        // `skip(..)`.
        let is_call = cell[word.len()..].starts_with('(') && word != "skip";
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
}
