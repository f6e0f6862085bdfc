//! `cachekit dead-writes`.

use std::process::ExitCode;

use cachekit::{Cache, DeadWrite, QueueError};
use serde::Serialize;
use serde_json::Value;

use crate::args::{Chosen, DeadWrites};
use crate::output::{Error, NO, Output, bytes, printable, row};
use crate::value::{decoded_bytes, pretty};

/// The number of dead writes that are read at once.
const PAGE: usize = 100;

/// A dead write in JSON.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    function: &'a str,
    #[serde(flatten)]
    write: &'a DeadWrite,
    /// Size of the encoded arguments.
    bytes: usize,
}

/// The answer of `show` in JSON.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    function: &'a str,
    write: Option<&'a DeadWrite>,
    /// Decoded arguments. `None` if the codec does not write the names of fields.
    arguments: Option<Value>,
}

/// The answer of `replay` and `drop` in JSON.
#[derive(Debug, Serialize)]
struct Done<'a> {
    function: &'a str,
    /// Number of dead writes that were queued again or dropped.
    writes: usize,
}

/// Runs one of the commands about dead writes.
pub(crate) async fn run(
    cache: &Cache,
    output: Output,
    command: DeadWrites,
) -> Result<ExitCode, Error> {
    let done = match command {
        DeadWrites::List { function } => list(cache, output, function).await,
        DeadWrites::Show { function, id } => show(cache, output, &function, &id).await,
        DeadWrites::Replay(chosen) => take(cache, output, chosen, true).await,
        DeadWrites::Drop(chosen) => take(cache, output, chosen, false).await,
    };
    let done = done.map_err(|error| Error::unusable(error, "run `cachekit doctor`"))?;
    let is_sent = cache.shutdown().await.is_complete();
    Ok(if done && is_sent {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NO)
    })
}

/// Lists the dead writes of one function, or of all functions. Returns `true`.
async fn list(cache: &Cache, output: Output, function: Option<String>) -> Result<bool, QueueError> {
    let functions = match function {
        Some(function) => vec![function],
        None => cache.functions_with_dead_writes().await?,
    };
    let mut is_empty = true;
    for function in functions {
        let mut after = String::new();
        loop {
            let page = cache.dead_writes_after(&function, &after, PAGE).await?;
            for write in &page {
                is_empty = false;
                let listed = Listed {
                    function: &function,
                    write,
                    bytes: write.payload.len(),
                };
                if !output.print(&listed, line(&function, write, output)) {
                    return Ok(true);
                }
            }
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
        }
    }
    if is_empty {
        output.say(format_args!("{}\n", output.good("no dead writes")));
    }
    Ok(true)
}

fn line(function: &str, write: &DeadWrite, output: Output) -> String {
    let DeadWrite { id, attempts, .. } = write;
    let (key, reason) = (printable(&write.key), printable(&write.reason));
    let function = printable(function);
    let reason = output.bad(reason);
    let s = if *attempts == 1 { "" } else { "s" };
    format!("{function} {id}  {key}  {attempts} attempt{s}: {reason}\n")
}

/// Shows the dead write `id`. Returns `false` if there is no such dead write.
async fn show(cache: &Cache, output: Output, function: &str, id: &str) -> Result<bool, QueueError> {
    let write = cache.dead_write(function, id).await?;
    let write = write.as_ref();
    let arguments = write.and_then(|write| decoded_bytes(&write.codec, &write.payload));
    let text = match write {
        Some(write) => text(function, write, arguments.as_ref(), output),
        None => none(function, id),
    };
    let shown = Shown {
        function,
        write,
        arguments,
    };
    output.print(&shown, text);
    Ok(write.is_some())
}

fn none(function: &str, id: &str) -> String {
    format!(
        "no dead write `{}` of `{}`\n",
        printable(id),
        printable(function)
    )
}

fn text(function: &str, write: &DeadWrite, arguments: Option<&Value>, output: Output) -> String {
    let mut text = String::new();
    row(&mut text, "function", &printable(function));
    row(&mut text, "id", &write.id);
    row(&mut text, "key", &printable(&write.key));
    row(&mut text, "version", &write.version.to_string());
    row(&mut text, "attempts", &write.attempts.to_string());
    row(&mut text, "reason", &output.bad(printable(&write.reason)));
    let codec = match &*write.codec {
        "" => "unknown: the bytes are no queued write",
        codec => codec,
    };
    row(&mut text, "codec", codec);
    let shown = match arguments {
        Some(arguments) => pretty(arguments),
        None => format!(
            "{} that only the function's types can read",
            bytes(write.payload.len())
        ),
    };
    row(&mut text, "arguments", &shown);
    text
}

/// Queues the chosen dead writes again if `revives`, and drops them otherwise. Returns `false` if
/// there is no dead write with the chosen id.
async fn take(
    cache: &Cache,
    output: Output,
    chosen: Chosen,
    revives: bool,
) -> Result<bool, QueueError> {
    let Chosen { function, id, .. } = chosen;
    let writes = match &id {
        Some(id) => usize::from(take_one(cache, &function, id, revives).await?),
        None => take_all(cache, &function, revives).await?,
    };
    let text = if let (Some(id), 0) = (&id, writes) {
        none(&function, id)
    } else {
        let done = if revives { "queued again" } else { "dropped" };
        output.good(format_args!("{done}: {writes}")) + "\n"
    };
    let done = Done {
        function: &function,
        writes,
    };
    output.print(&done, text);
    Ok(id.is_none() || writes > 0)
}

async fn take_one(
    cache: &Cache,
    function: &str,
    id: &str,
    revives: bool,
) -> Result<bool, QueueError> {
    if revives {
        cache.replay_dead_write(function, id).await
    } else {
        cache.drop_dead_write(function, id).await
    }
}

/// Queues all dead writes of the function again if `revives`, and drops them otherwise. Returns
/// their number. Writes that fail and are put aside again meanwhile have new ids, and are left.
async fn take_all(cache: &Cache, function: &str, revives: bool) -> Result<usize, QueueError> {
    let mut ids: Vec<String> = Vec::new();
    loop {
        let after = ids.last().map_or("", String::as_str);
        let page = cache.dead_writes_after(function, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        ids.extend(page.into_iter().map(|write| write.id));
    }
    let mut taken = 0;
    for id in ids {
        taken += usize::from(take_one(cache, function, &id, revives).await?);
    }
    Ok(taken)
}
