//! Parser for options of the form `name = value`, which rejects an option that is given twice.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::Token;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};

use crate::attr::migration_hints;
use crate::diag::Errors;
use crate::spelling::{did_you_mean, quoted};

/// Parsed option of an attribute. The option's name is kept, so that errors can point at the name.
pub(crate) struct Arg<T> {
    /// Name of the option, as written.
    pub(crate) key: Ident,
    /// Value of the option, parsed.
    pub(crate) value: T,
}

impl<T> Arg<T> {
    /// Stores an option of an attribute in `slot`, the option's field. Adds an error if the option
    /// was already given.
    pub(crate) fn set(slot: &mut Option<Self>, key: &Ident, value: T, errors: &mut Errors) {
        if slot.is_some() {
            errors.at(
                key.span(),
                format_args!("`{key}` is given twice; take one away"),
            );
        } else {
            *slot = Some(Self {
                key: key.clone(),
                value,
            });
        }
    }
}

impl<T: Parse> Arg<T> {
    /// Parses `= value` after an option's name, and stores the option in `slot`, the option's
    /// field.
    pub(crate) fn read(
        slot: &mut Option<Self>,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        if !input.peek(Token![=]) {
            return Err(syn::Error::new(
                key.span(),
                format_args!("`{key}` needs a value: `{key} = ..`"),
            ));
        }
        input.parse::<Token![=]>()?;
        let value = input.parse()?;
        Self::set(slot, key, value, errors);
        Ok(())
    }
}

impl<T: Parse> Arg<T> {
    /// Parses `= value` after an option's name, and stores the option in `slot`, the option's
    /// field. If the value cannot be parsed, the error has the given message.
    pub(crate) fn read_or(
        slot: &mut Option<Self>,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
        expected: &str,
    ) -> syn::Result<()> {
        let ahead = input.fork();
        let has_value = ahead.parse::<Token![=]>().is_ok() && !ahead.is_empty();
        let value = ahead.span();
        Self::read(slot, key, input, errors).map_err(|error| {
            if has_value {
                syn::Error::new(value, expected)
            } else {
                error
            }
        })
    }
}

/// Set of the options that one attribute accepts.
pub(crate) trait Options: Default {
    /// Name of the attribute, for error messages.
    const ATTRIBUTE: &'static str;
    /// Names of all options that the attribute accepts.
    const NAMES: &'static [&'static str];

    /// Parses the value of the option named `key`. Returns `false` if the attribute has no such
    /// option.
    fn option(
        &mut self,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<bool>;

    /// Parses an argument that is not of the form `name = value`. Returns `false` if the next
    /// argument has that form.
    fn positional(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<bool> {
        let _ = (input, errors);
        Ok(false)
    }
}

/// Parses all options of an attribute. After a mistake, parsing continues behind the next comma.
pub(crate) fn parse_all<A: Options>(tokens: TokenStream, errors: &mut Errors) -> A {
    let mut args = A::default();
    let result = (|input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = one(&mut args, input, errors) {
                errors.push(error);
                skip_to_comma(input);
            }
            if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                errors.push(input.error("expected `,`"));
                skip_to_comma(input);
                let _ = input.parse::<Token![,]>();
            }
        }
        Ok(())
    })
    .parse2(tokens);
    // After a mistake in a list, syn reports the remaining tokens of the list as unexpected. The
    // mistake itself was already reported.
    if let Err(error) = result
        && errors.is_empty()
    {
        errors.push(error);
    }
    args
}

fn one<A: Options>(args: &mut A, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
    let is_option =
        input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
    if !is_option && args.positional(input, errors)? {
        return Ok(());
    }
    if input.peek(syn::LitStr) && A::NAMES.contains(&"key") {
        let text: syn::LitStr = input.parse()?;
        let message = format!("write `key = {:?}`", text.value());
        return Err(syn::Error::new(text.span(), message));
    }
    if !input.peek(Ident::peek_any) {
        let names = quoted(A::NAMES.iter().copied());
        return Err(input.error(format_args!("expected an option: {names}")));
    }
    let key = input.call(Ident::parse_any)?;
    if args.option(&key, input, errors)? {
        Ok(())
    } else {
        Err(unknown::<A>(&key))
    }
}

fn unknown<A: Options>(key: &Ident) -> syn::Error {
    let word = key.to_string();
    let message = if let Some(answer) = migration_hints::answer(A::ATTRIBUTE, &word) {
        answer
    } else if let Some(known) = did_you_mean(&word, A::NAMES.iter().copied()) {
        format!("unknown option `{word}`; did you mean `{known}`?")
    } else {
        format!(
            "unknown option `{word}`; the options are {}",
            quoted(A::NAMES.iter().copied())
        )
    };
    syn::Error::new(key.span(), message)
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}
