//! Parser for the options of `#[invalidates]`.

use proc_macro2::Ident;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Path, Token};

use crate::attr::arg::{Arg, Options};
use crate::attr::duration::DurationValue;
use crate::attr::intent::IntentValue;
use crate::attr::reference::Reference;
use crate::attr::template::Template;
use crate::attr::value::Items;
use crate::attr::word::word;
use crate::diag::Errors;

/// Parsed options of `#[invalidates(..)]`.
#[derive(Default)]
pub(crate) struct InvalidatesArgs {
    pub(crate) references: Vec<Reference>,
    /// Option `ack`, or `ack = DURATION` with a limit on the wait for acknowledgements.
    pub(crate) ack: Option<Arg<Option<DurationValue>>>,
    pub(crate) cache: Option<Arg<Expr>>,
    pub(crate) condition: Option<Arg<Expr>>,
    pub(crate) events: Option<Arg<Items>>,
    pub(crate) intent: Option<Arg<IntentValue>>,
    pub(crate) key: Option<Arg<Template>>,
    pub(crate) keys: Option<Arg<Items>>,
    pub(crate) krate: Option<Arg<Path>>,
    pub(crate) on: Option<Arg<Moment>>,
    /// Option `soft`, which requests a soft invalidation.
    pub(crate) soft: Option<Arg<()>>,
    pub(crate) tags: Option<Arg<Items>>,
}

/// Value of the option `on`: `ok`, `always` or `before`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Ok,
    Always,
    Before,
}

impl Parse for Moment {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let span = input.span();
        let word: Option<Ident> = input.parse().ok();
        match word.map(|word| word.to_string()).as_deref() {
            Some("ok") => Ok(Self::Ok),
            Some("always") => Ok(Self::Always),
            Some("before") => Ok(Self::Before),
            _ => Err(syn::Error::new(
                span,
                "expected `ok` (after success), `always` (after every end) or `before` (before and after)",
            )),
        }
    }
}

impl Options for InvalidatesArgs {
    const ATTRIBUTE: &'static str = "invalidates";
    const NAMES: &'static [&'static str] = &[
        "key", "keys", "tags", "events", "on", "if", "ack", "soft", "intent", "cache", "crate",
    ];

    fn option(
        &mut self,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<bool> {
        match key.to_string().as_str() {
            "ack" => {
                input.parse::<Token![=]>()?;
                let within = Some(input.parse()?);
                Arg::set(&mut self.ack, key, within, errors);
            }
            "cache" => Arg::read(&mut self.cache, key, input, errors)?,
            "crate" => Arg::read(&mut self.krate, key, input, errors)?,
            "events" => Arg::read(&mut self.events, key, input, errors)?,
            "if" => Arg::read(&mut self.condition, key, input, errors)?,
            "intent" => Arg::read(&mut self.intent, key, input, errors)?,
            "key" => Arg::read(&mut self.key, key, input, errors)?,
            "keys" => Arg::read(&mut self.keys, key, input, errors)?,
            "on" => Arg::read(&mut self.on, key, input, errors)?,
            "soft" => {
                return Err(syn::Error::new(
                    key.span(),
                    "`soft` takes no value and applies to all that the attribute names: write `soft`; \
                     for the rest write a second `#[invalidates(..)]`",
                ));
            }
            "tags" => Arg::read(&mut self.tags, key, input, errors)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn positional(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<bool> {
        if let Some(key) = word(input, "ack")? {
            Arg::set(&mut self.ack, &key, None, errors);
        } else if let Some(key) = word(input, "soft")? {
            Arg::set(&mut self.soft, &key, (), errors);
        } else {
            self.references.push(input.parse()?);
        }
        Ok(true)
    }
}
