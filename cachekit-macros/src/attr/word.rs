//! Parsers for bare words: as the value of an option, `tier = memory`, and as an option alone,
//! `soft` or `compress`.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{LitBool, LitStr, Token};

use crate::attr::arg::Arg;
use crate::diag::{Errors, either};

impl Arg<Ident> {
    /// Parses `= word` after an option's name, and stores the option in `slot`, the option's field.
    /// A later check rejects an unknown word.
    pub(crate) fn read_word(
        slot: &mut Option<Self>,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
        words: &[&str],
    ) -> syn::Result<()> {
        let ahead = input.fork();
        let text = ahead
            .parse::<Token![=]>()
            .and_then(|_| ahead.parse::<LitStr>());
        let Ok(text) = text else {
            let expected = format!("expected {}", either(words));
            return Self::read_or(slot, key, input, errors, &expected);
        };
        input.parse::<Token![=]>()?;
        input.parse::<LitStr>()?;
        let meant = text.value();
        if words.contains(&meant.as_str()) {
            let message = format!("write `{key} = {meant}`, without quotes");
            errors.at(text.span(), message);
            // The intended word is clear from the mistake, so the option counts as given and causes
            // no second error message.
            let mut word = Ident::parse_any.parse_str(&meant)?;
            word.set_span(text.span());
            Self::set(slot, key, word, errors);
            return Ok(());
        }
        let message = format!("expected {}, without quotes", either(words));
        Err(syn::Error::new(text.span(), message))
    }
}

impl Arg<LitBool> {
    /// Parses `= true`, `= false`, or no value, which means `true`, after an option's name, and
    /// stores the option in `slot`, the option's field.
    pub(crate) fn read_switch(
        slot: &mut Option<Self>,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        if input.is_empty() || input.peek(Token![,]) {
            Self::set(slot, key, LitBool::new(true, key.span()), errors);
            return Ok(());
        }
        Self::read_or(slot, key, input, errors, "expected `true` or `false`")
    }
}

/// Parses the word `wanted` if that word alone is the next argument; otherwise returns `None`.
pub(crate) fn word(input: ParseStream<'_>, wanted: &str) -> syn::Result<Option<Ident>> {
    let ahead = input.fork();
    let is_it = ahead.parse::<Ident>().is_ok_and(|word| word == wanted)
        && (ahead.is_empty() || ahead.peek(Token![,]));
    if is_it {
        input.parse().map(Some)
    } else {
        Ok(None)
    }
}
