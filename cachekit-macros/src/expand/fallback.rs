//! Output of an attribute that has mistakes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser as _};

use crate::item::LooseFn;
use crate::queued_types::{body_name, is_passed};

/// Returns the item, followed by the mistakes of `attribute` as compile errors. The item is
/// unchanged, unless its callers would not compile with the unchanged item.
pub(crate) fn fallback(attribute: &str, item: &TokenStream, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    let as_called = match attribute {
        "write_behind" => without_write_number(item),
        _ => None,
    };
    let item = as_called.unwrap_or_else(|| item.clone());
    quote!(#item #errors)
}

/// Returns a write-behind function without the argument that callers do not pass. The function as
/// the user wrote it is in its body. Returns `None` if there is no such argument.
fn without_write_number(item: &TokenStream) -> Option<TokenStream> {
    let parse = |input: ParseStream<'_>| LooseFn::parse("write_behind", input);
    let item = parse.parse2(item.clone()).ok()?;
    if item.sig.receiver().is_some() || item.sig.inputs.iter().all(is_passed) {
        return None;
    }
    let mut written = item.sig.clone();
    written.ident = body_name();
    let body = item.inner(std::iter::empty(), &written);
    let mut called = item.sig.clone();
    called.inputs = called.inputs.into_iter().filter(is_passed).collect();
    let vis = &item.vis;
    Some(quote! {
        #[allow(unused, reason = "the attribute has a mistake")]
        #vis #called {
            #body
            ::core::unreachable!()
        }
    })
}
