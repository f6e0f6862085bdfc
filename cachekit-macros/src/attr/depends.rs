//! Value of the option `depends`.

use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitBool};

/// Error message for a value of the option `depends` that is none of its three words.
pub(crate) const DEPENDS: &str = "expected `true`, `names` or `false`";

/// Parsed value of the option `depends`: the name of the variant of `Depends`.
pub(crate) struct DependsValue(pub(crate) &'static str);

impl Parse for DependsValue {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitBool) {
            let is_on = input.parse::<LitBool>()?.value;
            return Ok(Self(if is_on { "All" } else { "Nothing" }));
        }
        let word: Ident = input.parse()?;
        if word == "names" {
            Ok(Self("Names"))
        } else {
            Err(syn::Error::new(word.span(), DEPENDS))
        }
    }
}
