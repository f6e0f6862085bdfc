//! Option `intent` of functions that write.

use syn::LitBool;
use syn::parse::{Parse, ParseStream};

use crate::attr::duration::DurationValue;

/// Value of `intent`, as written.
pub(crate) enum IntentValue {
    /// `false`.
    Off,
    Length(DurationValue),
}

impl Parse for IntentValue {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !input.peek(LitBool) {
            return Ok(Self::Length(input.parse()?));
        }
        let switch: LitBool = input.parse()?;
        if switch.value {
            return Err(syn::Error::new(
                switch.span,
                "writes have an intent unless this says `false`: take `intent` out, or write its \
                 length, like `intent = \"3s\"`",
            ));
        }
        Ok(Self::Off)
    }
}
