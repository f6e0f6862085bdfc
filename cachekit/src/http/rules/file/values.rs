//! Values of the file, each read as the type that its key needs. An `Err` says what is wrong and
//! what to write.

use std::time::Duration;

use toml::de::{DeArray, DeTable, DeValue};

use crate::api::settings::file::values::{whole, wrong_type};
use crate::base::unknown_word::unknown;
use crate::model::config::{parse_bytes, parse_duration};

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

/// Reads a table. `example` shows a correct table, for the message of an `Err`.
pub(crate) fn table<'a, 'i>(
    value: &'a DeValue<'i>,
    example: &str,
) -> Result<&'a DeTable<'i>, String> {
    value.as_table().ok_or_else(|| wrong_type(value, example))
}

fn list<'a, 'i>(value: &'a DeValue<'i>, example: &str) -> Result<&'a DeArray<'i>, String> {
    value.as_array().ok_or_else(|| wrong_type(value, example))
}
