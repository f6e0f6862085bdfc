//! Output of an attribute with mistakes.

use proc_macro2::TokenStream;
use quote::quote;

/// Returns the unchanged item and the mistakes.
pub(crate) fn fallback(item: &TokenStream, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    quote!(#item #errors)
}
