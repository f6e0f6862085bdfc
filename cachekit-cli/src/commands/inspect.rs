//! `cachekit inspect KEY`.

use std::process::ExitCode;
use std::time::Duration;

use cachekit::{Cache, Content, Dependency, DependencyState, Inspection, StoredValue};
use serde::Serialize;
use serde_json::Value;

use crate::output::{Error, NO, Output, bytes, length, printable, row};
use crate::value::{decoded, pretty};

/// The answer in JSON.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    key: &'a str,
    entry: Option<&'a Inspection>,
    /// Decoded value. `None` if the codec does not write the names of fields.
    value: Option<Value>,
}

/// Shows the entry under `key`. The exit code is 1 if there is no such entry.
pub(crate) async fn run(cache: &Cache, output: Output, key: &str) -> Result<ExitCode, Error> {
    let found = cache.inspect(key).await;
    let found = found.map_err(|error| Error::unusable(error, "run `cachekit doctor`"))?;
    let value = match found.as_ref().map(|it| &it.content) {
        Some(Content::Value(value)) => decoded(value),
        _ => None,
    };
    let text = match &found {
        Some(entry) => text(entry, value.as_ref(), output),
        None => format!("no entry `{}` in Redis\n", printable(key)),
    };
    let answer = Answer {
        key,
        entry: found.as_ref(),
        value,
    };
    output.print(&answer, text);
    Ok(if found.is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NO)
    })
}

fn text(entry: &Inspection, value: Option<&Value>, output: Output) -> String {
    let mut text = String::new();
    row(&mut text, "key", &printable(&entry.key));
    if entry.copy > 0 {
        let shown = format!("{}, the first one with a value", entry.copy);
        row(&mut text, "copy", &shown);
    }
    match &entry.content {
        Content::Value(stored) => of_value(&mut text, entry, stored, value, output),
        Content::Vacant => row(&mut text, "value", "none yet"),
        Content::Unreadable(why) => row(&mut text, "value", &output.bad(why)),
        _ => row(
            &mut text,
            "value",
            "of a kind that this version does not know",
        ),
    }
    let computes = match entry.lease {
        Some(left) => format!(
            "a process computes the entry; its lease ends in {}",
            length(left)
        ),
        None => "no process computes the entry".to_owned(),
    };
    row(&mut text, "lease", &computes);
    text
}

fn of_value(
    text: &mut String,
    entry: &Inspection,
    stored: &StoredValue,
    value: Option<&Value>,
    output: Output,
) {
    row(text, "function", &printable(&stored.function));
    row(text, "state", &state(stored, output));
    row(text, "age", &length(stored.age));
    let stale_for = format!("stale for {}", length(stored.stale_for));
    let left = match stored.fresh_for {
        Duration::ZERO => stale_for,
        fresh_for => format!("fresh for {}, then {stale_for}", length(fresh_for)),
    };
    row(text, "left", &left);
    row(text, "computed in", &length(stored.computed_in));
    let packed = if stored.is_compressed {
        ", compressed"
    } else {
        ""
    };
    let fingerprint = stored.fingerprint;
    let codec = format!("{}, type {fingerprint:016x}{packed}", stored.codec);
    row(text, "codec", &codec);
    row(
        text,
        "bytes",
        &format!(
            "{} in Redis, {} of value",
            entry.bytes,
            stored.payload.len()
        ),
    );
    if let Some(order) = stored.order {
        row(text, "order", &order.to_string());
    }
    for dependency in &stored.dependencies {
        row(text, "depends on", &depends(dependency, output));
    }
    let shown = match value {
        Some(value) => pretty(value),
        None => format!(
            "{} that only the function's type can read",
            bytes(stored.payload.len())
        ),
    };
    row(text, "value", &shown);
}

fn state(stored: &StoredValue, output: Output) -> String {
    let of = |state| {
        let names = stored
            .dependencies
            .iter()
            .filter(move |it| it.state == state);
        names.map(name).collect::<Vec<_>>()
    };
    let (removed, softened) = (
        of(DependencyState::Invalidated),
        of(DependencyState::SoftInvalidated),
    );
    if !removed.is_empty() || (!softened.is_empty() && stored.stale_for.is_zero()) {
        let moved = [removed, softened].concat();
        output.bad(format!("a miss: {} moved", moved.join(", ")))
    } else if !softened.is_empty() {
        let were = if softened.len() == 1 { "was" } else { "were" };
        let names = softened.join(", ");
        output.warn(format!("stale: {names} {were} softly invalidated"))
    } else if stored.is_fresh() {
        output.good("fresh")
    } else {
        output.warn("stale")
    }
}

fn depends(dependency: &Dependency, output: Output) -> String {
    let state = match dependency.state {
        DependencyState::Current => output.good(dependency.state),
        DependencyState::SoftInvalidated => output.warn(dependency.state),
        _ => output.bad(dependency.state),
    };
    format!("{}: {state}", name(dependency))
}

fn name(dependency: &Dependency) -> String {
    let Dependency { kind, name, .. } = dependency;
    if name.is_empty() {
        kind.to_string()
    } else {
        format!("{kind} {}", printable(name))
    }
}
