//! Parser for the options of `#[write_behind]`.

use proc_macro2::Ident;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, LitInt, LitStr, Path, Token, parenthesized};

use crate::attr::arg::{Arg, Options};
use crate::attr::duration::DurationValue;
use crate::attr::reference::Reference;
use crate::attr::template::{Template, read_key};
use crate::attr::tiers::CODECS;
use crate::attr::value::{SkipName, parse_skip};
use crate::attr::word::word;
use crate::diag::Errors;

/// Words that the option `when_full` accepts.
pub(crate) const WHEN_FULL: &[&str] = &["wait", "fail", "write"];

/// Parsed options of `#[write_behind(..)]`.
#[derive(Default)]
pub(crate) struct WriteBehindArgs {
    pub(crate) references: Vec<Reference>,
    pub(crate) batch: Option<Arg<LitInt>>,
    pub(crate) cache: Option<Arg<Expr>>,
    pub(crate) capacity: Option<Arg<LitInt>>,
    pub(crate) codec: Option<Arg<Ident>>,
    pub(crate) each: Option<Arg<Option<ItemOf>>>,
    pub(crate) every: Option<Arg<DurationValue>>,
    pub(crate) key: Option<Arg<Template>>,
    pub(crate) krate: Option<Arg<Path>>,
    pub(crate) name: Option<Arg<LitStr>>,
    pub(crate) newest: Option<Arg<Option<ItemOf>>>,
    pub(crate) retries: Option<Arg<LitInt>>,
    pub(crate) skip: Option<Arg<Vec<SkipName>>>,
    pub(crate) timeout: Option<Arg<DurationValue>>,
    pub(crate) value: Option<Arg<Expr>>,
    pub(crate) when_full: Option<Arg<Ident>>,
}

/// The parentheses of `each(view in views)`: the name of one item, and the argument with all items.
pub(crate) struct ItemOf {
    pub(crate) item: Ident,
    pub(crate) items: Ident,
}

impl Parse for ItemOf {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let item = input.parse()?;
        input.parse::<Token![in]>()?;
        let items = input.parse()?;
        Ok(Self { item, items })
    }
}

impl Options for WriteBehindArgs {
    const ATTRIBUTE: &'static str = "write_behind";
    const NAMES: &'static [&'static str] = &[
        "key",
        "value",
        "each",
        "newest",
        "skip",
        "batch",
        "every",
        "retries",
        "timeout",
        "capacity",
        "when_full",
        "codec",
        "name",
        "cache",
        "crate",
    ];

    fn option(
        &mut self,
        key: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<bool> {
        match key.to_string().as_str() {
            "batch" => Arg::read_or(&mut self.batch, key, input, errors, COUNT)?,
            "cache" => Arg::read(&mut self.cache, key, input, errors)?,
            "capacity" => Arg::read_or(&mut self.capacity, key, input, errors, COUNT)?,
            "codec" => Arg::read_word(&mut self.codec, key, input, errors, CODECS)?,
            "crate" => Arg::read(&mut self.krate, key, input, errors)?,
            "each" => {
                let items = Some(item_of(key, input)?);
                Arg::set(&mut self.each, key, items, errors);
            }
            "every" => Arg::read(&mut self.every, key, input, errors)?,
            "key" => read_key(&mut self.key, key, input, errors)?,
            "name" => {
                let expected = "expected a name in quotes, like `\"carts::save_cart\"`";
                Arg::read_or(&mut self.name, key, input, errors, expected)?;
            }
            "newest" => {
                let items = Some(item_of(key, input)?);
                Arg::set(&mut self.newest, key, items, errors);
            }
            "retries" => Arg::read_or(&mut self.retries, key, input, errors, COUNT)?,
            "skip" => {
                let names = parse_skip(key, input)?;
                Arg::set(&mut self.skip, key, names, errors);
            }
            "timeout" => Arg::read(&mut self.timeout, key, input, errors)?,
            "value" => Arg::read(&mut self.value, key, input, errors)?,
            "when_full" => Arg::read_word(&mut self.when_full, key, input, errors, WHEN_FULL)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn positional(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<bool> {
        if let Some(key) = word(input, "each")? {
            Arg::set(&mut self.each, &key, None, errors);
            return Ok(true);
        }
        if let Some(key) = word(input, "newest")? {
            Arg::set(&mut self.newest, &key, None, errors);
            return Ok(true);
        }
        let is_option = Self::NAMES.iter().any(|name| starts_with(input, name));
        // A key without `key =` gets the same message as in the other attributes.
        if is_option || input.peek(LitStr) {
            return Ok(false);
        }
        self.references.push(input.parse()?);
        Ok(true)
    }
}

/// Error message for a value that is not a whole number.
pub(crate) const COUNT: &str = "expected a whole number, like `100`";

/// Returns `true` if the next argument is `name(..)`.
fn starts_with(input: ParseStream<'_>, name: &str) -> bool {
    let ahead = input.fork();
    let is_name = ahead.parse::<Ident>().is_ok_and(|word| word == name);
    is_name && ahead.peek(syn::token::Paren)
}

fn item_of(key: &Ident, input: ParseStream<'_>) -> syn::Result<ItemOf> {
    let wrong = |span| {
        let words =
            format!("expected one item and the argument with all items: `{key}(item in items)`");
        syn::Error::new(span, words)
    };
    if !input.peek(syn::token::Paren) {
        return Err(wrong(key.span()));
    }
    let content;
    parenthesized!(content in input);
    let parsed = content
        .call(ItemOf::parse)
        .map_err(|error| wrong(error.span()))?;
    if content.is_empty() {
        Ok(parsed)
    } else {
        Err(wrong(content.span()))
    }
}
