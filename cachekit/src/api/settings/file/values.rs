//! Values of a configuration file. An `Err` says what is wrong and what to write.

use toml::de::{DeInteger, DeValue};

use crate::api::settings::kind::Kind;

/// Returns the value of a setting of this kind as the text that the setting reads.
pub(crate) fn text_of(kind: Kind, value: &DeValue<'_>) -> Result<String, String> {
    let example = match kind {
        Kind::Flag => "`true` or `false`",
        Kind::Length => "a length of time such as `\"5m\"`",
        Kind::Size => "a number such as `1000`, or a size such as `\"64MiB\"`",
        Kind::Count => "a whole number such as `64`",
        Kind::Factor => "a number such as `0.1`",
        Kind::Text | Kind::Secret => "a string such as `\"text\"`",
        Kind::WordOrFlag => "a string such as `\"names\"`, or `true` or `false`",
    };
    match (kind, value) {
        (Kind::Flag | Kind::Factor | Kind::WordOrFlag, DeValue::Boolean(flag)) => {
            Ok(flag.to_string())
        }
        (Kind::Length | Kind::Size | Kind::Count, DeValue::Integer(number)) => {
            whole(number).map(|number| number.to_string())
        }
        (Kind::Factor, DeValue::Float(_) | DeValue::Integer(_)) => {
            share(value).map(|number| number.to_string())
        }
        (
            Kind::Length | Kind::Size | Kind::Text | Kind::Secret | Kind::WordOrFlag,
            DeValue::String(text),
        ) => Ok(text.clone().into_owned()),
        _ => Err(wrong_type(value, example)),
    }
}

/// Reads a share, such as 0.1.
pub(crate) fn share(value: &DeValue<'_>) -> Result<f32, String> {
    let text = match value {
        DeValue::Float(number) => number.as_str(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
        _ => return Err(wrong_type(value, "a number such as `0.1`")),
    };
    text.parse()
        .map_err(|_| "it is no number; write one such as `0.1`".to_owned())
}

/// Reads a whole number of at least zero.
pub(crate) fn whole(number: &DeInteger<'_>) -> Result<u64, String> {
    if number.as_str().starts_with('-') {
        return Err("it is negative; write zero or more".to_owned());
    }
    u64::from_str_radix(number.as_str().trim_start_matches('+'), number.radix())
        .map_err(|_| "it is too large; write a smaller number".to_owned())
}

/// Returns the message for a value of another type. `example` is what to write.
pub(crate) fn wrong_type(value: &DeValue<'_>, example: &str) -> String {
    let found = match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    format!("it is {found}; write {example}")
}
