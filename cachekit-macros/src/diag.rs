//! Collection of the mistakes in an attribute, so that one compilation reports all of them.

use std::fmt::Display;

use proc_macro2::Span;
use quote::ToTokens;

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

/// Returns the word in `known` that the user probably meant by `word`: one that differs by one
/// typing mistake, or by at most two if `word` is longer than three letters. Returns `None` if
/// there is no such word.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // In a word of up to three letters, two typing mistakes could lead to an unrelated word.
    let limit = if word.chars().count() <= 3 { 1 } else { 2 };
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns the edit distance of two words. A swap of two neighbouring letters counts as one mistake
/// (`tll` for `ttl` is common).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut best = substituted.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            let swapped =
                i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if swapped {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
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

/// Returns the words `words` (such as the names of options) as a list for an error message: `` `a`,
/// `b` ``.
pub(crate) fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words
        .into_iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
