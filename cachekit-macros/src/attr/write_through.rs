//! The options of `#[write_through]`.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Expr, Path};

use super::{Arg, Options, Reference};
use crate::diag::Errors;

/// What stands in the parentheses of `#[write_through(..)]`.
#[derive(Default)]
pub(crate) struct WriteThroughArgs {
    pub(crate) references: Vec<Reference>,
    pub(crate) krate: Option<Arg<Path>>,
    pub(crate) value: Option<Arg<Expr>>,
    pub(crate) order_by: Option<Arg<Expr>>,
}

impl Options for WriteThroughArgs {
    const ATTRIBUTE: &'static str = "write_through";
    const NAMES: &'static [&'static str] = &["value", "order_by", "crate"];

    fn option(
        &mut self,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<bool> {
        match key.to_string().as_str() {
            "crate" => Arg::read(&mut self.krate, key, input, errors)?,
            "value" => Arg::read(&mut self.value, key, input, errors)?,
            "order_by" => Arg::read(&mut self.order_by, key, input, errors)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn positional(&mut self, input: ParseStream<'_>, _: &mut Errors) -> syn::Result<bool> {
        self.references.push(input.parse()?);
        Ok(true)
    }
}
