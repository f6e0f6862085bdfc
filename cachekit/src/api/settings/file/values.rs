//! Values of the file, each read as what its key needs. An `Err` says what is wrong and what to
//! write.

use std::time::Duration;

use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use crate::api::settings::kind::Kind;
use crate::base::unknown_word::unknown;
use crate::model::config::{parse_bytes, parse_duration};

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

pub(crate) fn string<'a>(value: &'a DeValue<'_>) -> Result<&'a str, String> {
    value
        .as_str()
        .ok_or_else(|| wrong_type(value, "a string such as `\"text\"`"))
}

pub(crate) fn flag(value: &DeValue<'_>) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| wrong_type(value, "`true` or `false`"))
}

/// Reads a number of seconds or a text such as `5m`.
pub(crate) fn duration(value: &DeValue<'_>) -> Result<Duration, String> {
    match value {
        DeValue::Integer(number) => whole(number).map(Duration::from_secs),
        DeValue::String(text) => parse_duration(text),
        _ => Err(wrong_type(value, "a length of time such as `\"5m\"`")),
    }
}

/// Reads a number of bytes or a text such as `1MiB`.
pub(crate) fn size(value: &DeValue<'_>) -> Result<usize, String> {
    match value {
        DeValue::Integer(number) => {
            let too_large = |_| "it is too large; write a smaller number".to_owned();
            whole(number)?.try_into().map_err(too_large)
        }
        DeValue::String(text) => parse_bytes(text),
        _ => Err(wrong_type(value, "a size such as `\"1MiB\"`")),
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

/// Reads one of several words.
pub(crate) fn word<T: Clone>(value: &DeValue<'_>, words: &[(&str, T)]) -> Result<T, String> {
    let known = words.iter().map(|(word, _)| *word);
    let example = known.clone().next().unwrap_or_default();
    let text = value
        .as_str()
        .ok_or_else(|| wrong_type(value, &format!("a word such as `\"{example}\"`")))?;
    match words.iter().find(|(word, _)| *word == text) {
        Some((_, found)) => Ok(found.clone()),
        None => Err(unknown("word", text, known)),
    }
}

/// Reads a list of strings.
pub(crate) fn strings(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let wrong = "a list of strings such as `[\"text\"]`";
    let items = list(value, wrong)?.iter();
    items
        .map(|item| match item.get_ref() {
            DeValue::String(text) => Ok(text.clone().into_owned()),
            other => Err(wrong_type(other, wrong)),
        })
        .collect()
}

/// Reads a list of statuses.
pub(crate) fn statuses(value: &DeValue<'_>) -> Result<Vec<u16>, String> {
    let wrong = "a list of numbers such as `[200, 404]`";
    let items = list(value, wrong)?.iter();
    items
        .map(|item| match item.get_ref() {
            // A number too large is no status either.
            DeValue::Integer(number) => Ok(whole(number)?.try_into().unwrap_or(u16::MAX)),
            other => Err(wrong_type(other, wrong)),
        })
        .collect()
}

/// Reads a table. `example` is what to write.
pub(crate) fn table<'a, 'i>(
    value: &'a DeValue<'i>,
    example: &str,
) -> Result<&'a DeTable<'i>, String> {
    value.as_table().ok_or_else(|| wrong_type(value, example))
}

fn list<'a, 'i>(value: &'a DeValue<'i>, example: &str) -> Result<&'a DeArray<'i>, String> {
    value.as_array().ok_or_else(|| wrong_type(value, example))
}

fn whole(number: &DeInteger<'_>) -> Result<u64, String> {
    if number.as_str().starts_with('-') {
        return Err("it is negative; write zero or more".to_owned());
    }
    u64::from_str_radix(number.as_str().trim_start_matches('+'), number.radix())
        .map_err(|_| "it is too large; write a smaller number".to_owned())
}

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
