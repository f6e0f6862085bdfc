//! The message for a word that is not known.

use crate::base::spelling::{did_you_mean, quoted};

/// Returns the message for an unknown word, with the word that was probably meant, or else with all
/// known words.
pub(crate) fn unknown<'a>(
    what: &str,
    word: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> String {
    match did_you_mean(word, known.clone()) {
        Some(meant) => format!("unknown {what} `{word}`; did you mean `{meant}`?"),
        None => format!(
            "unknown {what} `{word}`; the known ones are {}",
            quoted(known)
        ),
    }
}
