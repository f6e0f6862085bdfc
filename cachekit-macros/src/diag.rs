//! Collection of the mistakes in an attribute, so that one compilation reports all of them.

use std::fmt::Display;

use proc_macro2::Span;
use quote::ToTokens;

use crate::spelling::quoted;

/// Collector of the mistakes in one attribute.
///
/// A collector that is dropped without a call of [`finish`](Self::finish) panics, so that no
/// mistake is lost.
pub(crate) struct Errors {
    found: Vec<syn::Error>,
    finished: bool,
}

impl Errors {
    /// Creates a collector that contains no mistakes.
    pub(crate) fn new() -> Self {
        Self {
            found: Vec::new(),
            finished: false,
        }
    }

    /// Adds a mistake, given as an error with its span.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    /// Adds a mistake with the message `message` at the source position `span`.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// Adds a mistake with the message `message`, located at all of `tokens`.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Returns the value of `result` if `result` is `Ok`. Otherwise adds the error in `result` to
    /// the mistakes, and returns `None`.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Returns `true` if no mistake was added so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns `value` if no mistake was added; otherwise returns all mistakes as one error.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> syn::Result<T> {
        self.finished = true;
        let mut found = std::mem::take(&mut self.found).into_iter();
        if let Some(mut first) = found.next() {
            first.extend(found);
            return Err(first);
        }
        value.ok_or_else(|| {
            syn::Error::new(
                Span::call_site(),
                "bug in cachekit: rejected without a reason",
            )
        })
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(
            self.finished || std::thread::panicking(),
            "bug in cachekit: mistakes were found and dropped"
        );
    }
}

/// Returns alternatives as text for a message: `` `a`, `b` or `c` ``.
pub(crate) fn either(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => {
            format!("{} or `{last}`", quoted(first.iter().copied()))
        }
        _ => quoted(words.iter().copied()),
    }
}
