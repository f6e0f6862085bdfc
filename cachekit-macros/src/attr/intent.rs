//! The option `intent` of `#[invalidates]` and `#[write_through]`: the time for which the mark of a
//! running write stands in Redis.

use syn::LitBool;
use syn::parse::{Parse, ParseStream};

use crate::attr::duration::DurationValue;

/// Value of the option `intent`, as the user wrote it: a duration, or `false` for no mark.
pub(crate) enum IntentValue {
    /// The value `false`: the write leaves no mark.
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
