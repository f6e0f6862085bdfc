//! Output of an attribute that has mistakes.

use proc_macro2::TokenStream;
use quote::quote;

/// Returns the unchanged item, followed by the mistakes as compile errors.
pub(crate) fn fallback(item: &TokenStream, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    quote!(#item #errors)
}
