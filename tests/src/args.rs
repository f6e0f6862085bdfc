//! Values of the command lines of the runs in `bin`.

use std::str::FromStr;

/// Reads the number `text`, the value of the option `name`.
///
/// # Errors
///
/// A message that names the option, if `text` is not such a number.
pub fn number<N: FromStr>(name: &str, text: &str) -> Result<N, String> {
    let number = text.parse();
    number.map_err(|_| format!("{name} {text}: expected a number"))
}
