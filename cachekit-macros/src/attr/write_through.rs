//! Parser for the options of `#[write_through]`.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Expr, Path};

use crate::attr::arg::{Arg, Options};
use crate::attr::intent::IntentValue;
use crate::attr::reference::Reference;
use crate::attr::word::word;
use crate::diag::Errors;

/// Parsed options of `#[write_through(..)]`.
#[derive(Default)]
pub(crate) struct WriteThroughArgs {
    pub(crate) references: Vec<Reference>,
    pub(crate) intent: Option<Arg<IntentValue>>,
    pub(crate) krate: Option<Arg<Path>>,
    pub(crate) value: Option<Arg<Expr>>,
    pub(crate) order_by: Option<Arg<Expr>>,
}

impl Options for WriteThroughArgs {
    const ATTRIBUTE: &'static str = "write_through";
    const NAMES: &'static [&'static str] = &["value", "order_by", "intent", "crate"];

    fn option(
        &mut self,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<bool> {
        match key.to_string().as_str() {
            "crate" => Arg::read(&mut self.krate, key, input, errors)?,
            "intent" => Arg::read(&mut self.intent, key, input, errors)?,
            "value" => Arg::read(&mut self.value, key, input, errors)?,
            "order_by" => Arg::read(&mut self.order_by, key, input, errors)?,
            "soft" => return Err(soft(key)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn positional(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<bool> {
        if let Some(key) = word(input, "soft")? {
            errors.push(soft(&key));
            return Ok(true);
        }
        self.references.push(input.parse()?);
        Ok(true)
    }
}

fn soft(key: &Ident) -> syn::Error {
    syn::Error::new(
        key.span(),
        "`write_through` puts the new value in the place of the old one, which is not served any \
         more: take `soft` out, or write `#[invalidates(.., soft)]` in its place",
    )
}
