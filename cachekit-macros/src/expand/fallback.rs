//! What is emitted when an attribute has mistakes.

use proc_macro2::TokenStream;
use quote::quote;

/// The item as it was, and the mistakes.
pub(crate) fn fallback(item: &TokenStream, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    quote!(#item #errors)
}
