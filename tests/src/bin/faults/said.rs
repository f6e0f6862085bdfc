//! The printed and logged text, searched for secrets.

use std::panic;
use std::sync::{Arc, Mutex, PoisonError};

use cachekit_tests::capture::Capture;
use tracing::Level;

/// A part of every value.
pub(crate) const VALUE: &str = "value-q7Xw2";

/// The servers' passwords.
pub(crate) const PASSWORD: &str = "password-k3Zr9";

/// A part of every key that an argument makes.
pub(crate) const ARGUMENT: &str = "argument-m5Vt8";

/// Everything that is said, by anybody.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    log: Capture,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Output {
    /// Keeps what is logged and printed from here on.
    pub(crate) fn begin() -> Self {
        let said = Self {
            log: Capture::default(),
            lines: Arc::default(),
        };
        // It fails if somebody else did the same before: nobody does.
        let _ = tracing::subscriber::set_global_default(said.log.clone());
        let panics = said.clone();
        panic::set_hook(Box::new(move |panic| panics.say(&panic.to_string())));
        said
    }

    /// Prints.
    pub(crate) fn say(&self, line: &str) {
        println!("{line}");
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.to_owned());
    }

    /// How many lines there were.
    pub(crate) fn count(&self) -> usize {
        self.log.lines().len() + self.printed().len()
    }

    /// Lines with a secret in them, without it.
    pub(crate) fn leaks(&self) -> Vec<String> {
        let logged = self.log.lines().into_iter();
        let logged = logged.map(|line| (line.level, line.text));
        let printed = self.printed().into_iter().map(|line| (Level::ERROR, line));
        logged
            .chain(printed)
            .filter(|(level, text)| is_leak(*level, text))
            .map(|(level, text)| format!("{level}: {}", hidden(&text)))
            .collect()
    }

    fn printed(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }
}

/// Passwords and values never, arguments at debug level and below.
fn is_leak(level: Level, text: &str) -> bool {
    let has_argument = level < Level::DEBUG && text.contains(ARGUMENT);
    text.contains(VALUE) || text.contains(PASSWORD) || has_argument
}

fn hidden(text: &str) -> String {
    [VALUE, PASSWORD, ARGUMENT]
        .into_iter()
        .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_where_they_may_not_be() {
        let argument = format!("key {ARGUMENT}:1");
        assert!(is_leak(Level::INFO, &argument) && !is_leak(Level::DEBUG, &argument));
        let value = format!("stored {VALUE}");
        assert!(is_leak(Level::TRACE, &value) && is_leak(Level::TRACE, PASSWORD));
        assert!(!is_leak(Level::ERROR, "key *** value"));
        assert_eq!(hidden(&value), "stored ***");
    }
}
