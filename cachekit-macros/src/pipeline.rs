//! Stages of the expansion of an attribute, in order: parse, check, expand.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::{Span, TokenStream};
use syn::parse::{ParseStream, Parser as _};

use crate::attr::arg::{Options, parse_all};
use crate::check;
use crate::diag::Errors;
use crate::expand;
use crate::item::LooseFn;

/// Returns the code that `#[cached]` expands to, or its mistakes as compile errors.
pub(crate) fn cached(args: TokenStream, item: TokenStream) -> TokenStream {
    run(
        "cached",
        args,
        item,
        check::cached::cached,
        expand::cached::cached,
    )
}

/// Returns the code that `#[invalidates]` expands to, or its mistakes as compile errors.
pub(crate) fn invalidates(args: TokenStream, item: TokenStream) -> TokenStream {
    run(
        "invalidates",
        args,
        item,
        check::writes::invalidates,
        expand::invalidates::invalidates,
    )
}

/// Returns the code that `#[write_through]` expands to, or its mistakes as compile errors.
pub(crate) fn write_through(args: TokenStream, item: TokenStream) -> TokenStream {
    run(
        "write_through",
        args,
        item,
        check::writes::write_through,
        expand::write_through::write_through,
    )
}

/// Returns the code that `#[write_behind]` expands to, or its mistakes as compile errors.
pub(crate) fn write_behind(args: TokenStream, item: TokenStream) -> TokenStream {
    run(
        "write_behind",
        args,
        item,
        check::write_behind::write_behind,
        expand::write_behind::write_behind,
    )
}

/// Returns the code that `#[derive(CacheKey)]` expands to. If the type is not supported, returns a
/// compile error instead.
pub(crate) fn derive_cache_key(item: TokenStream) -> TokenStream {
    expand::derive_cache_key::derive_cache_key(item)
        .unwrap_or_else(|error| error.to_compile_error())
}

/// Runs the stages of one attribute. If the attribute has mistakes, the output contains the
/// mistakes and the function without the attribute, so that the function's callers still compile.
fn run<Args: Options, Model>(
    attribute: &str,
    args: TokenStream,
    item: TokenStream,
    check: fn(Args, &LooseFn, &mut Errors) -> Option<Model>,
    expand: fn(&Model, &LooseFn) -> TokenStream,
) -> TokenStream {
    let kept = item.clone();
    let stages = AssertUnwindSafe(|| stages(attribute, args, item, check, expand));
    catch_unwind(stages).unwrap_or_else(|_| {
        let words =
            "bug in cachekit: the attribute panicked; please report the function it stands on";
        expand::fallback::fallback(attribute, &kept, &syn::Error::new(Span::call_site(), words))
    })
}

fn stages<Args: Options, Model>(
    attribute: &str,
    args: TokenStream,
    item: TokenStream,
    check: fn(Args, &LooseFn, &mut Errors) -> Option<Model>,
    expand: fn(&Model, &LooseFn) -> TokenStream,
) -> TokenStream {
    let mut errors = Errors::new();
    let args = parse_all::<Args>(args, &mut errors);
    let parse = |input: ParseStream<'_>| LooseFn::parse(attribute, input);
    let parsed = errors.keep(parse.parse2(item.clone()));
    let model = parsed
        .as_ref()
        .and_then(|item| check(args, item, &mut errors));
    match (errors.finish(model), parsed) {
        (Ok(model), Some(item)) => expand(&model, &item),
        (Ok(_), None) => item,
        (Err(error), _) => expand::fallback::fallback(attribute, &item, &error),
    }
}
