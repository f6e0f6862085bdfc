//! The token of the dashboard in the examples.

use crate::program::Fail;

/// Variable with the token.
const VARIABLE: &str = "DASHBOARD_TOKEN";

/// A token, and a line that tells the person at the terminal how to get it.
#[derive(Debug)]
pub struct Token {
    /// The token itself.
    pub text: String,
    /// Line to print.
    pub hint: String,
}

/// Returns the token that `DASHBOARD_TOKEN` has, or else a random one, which the hint shows.
///
/// # Errors
///
/// Returns an error if the variable is no text, or if the system has no random bytes.
pub fn dashboard() -> Result<Token, Fail> {
    match std::env::var(VARIABLE) {
        Ok(text) => Ok(Token {
            text,
            hint: format!("the token is that of {VARIABLE}"),
        }),
        Err(std::env::VarError::NotPresent) => {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes)?;
            let text = format!("{:032x}", u128::from_ne_bytes(bytes));
            let hint = format!("token: {text} ({VARIABLE} sets another)");
            Ok(Token { text, hint })
        }
        Err(error) => Err(format!("{VARIABLE}: {error}").into()),
    }
}
