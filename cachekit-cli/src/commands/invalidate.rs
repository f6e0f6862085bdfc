//! `cachekit invalidate` and `cachekit clear`.

use std::process::ExitCode;

use cachekit::{Cache, InvalidationBuilder};
use serde::Serialize;

use crate::args::Targets;
use crate::output::{NO, Output};

/// The answer in JSON.
#[derive(Debug, Serialize)]
struct Answer {
    /// `true` if Redis has accepted the invalidation.
    is_accepted: bool,
    /// `true` if no process can serve an old value. `None` without `--ack`.
    is_acknowledged: Option<bool>,
}

/// Invalidates `targets`. The exit code is 1 if the invalidation was not accepted, or not
/// acknowledged with `--ack`.
pub(crate) async fn run(cache: &Cache, output: Output, targets: Targets) -> ExitCode {
    let names = targets.names;
    let invalidation = cache
        .invalidation()
        .keys(names.keys)
        .tags(names.tags)
        .functions(names.functions)
        .events(names.events);
    let invalidation = if targets.soft {
        invalidation.soft()
    } else {
        invalidation
    };
    send(cache, output, invalidation, targets.ack).await
}

/// Invalidates everything.
pub(crate) async fn clear(cache: &Cache, output: Output, ack: bool) -> ExitCode {
    send(cache, output, cache.invalidation().everything(), ack).await
}

async fn send(
    cache: &Cache,
    output: Output,
    invalidation: InvalidationBuilder,
    ack: bool,
) -> ExitCode {
    let is_acknowledged = if ack {
        Some(invalidation.acknowledged().await)
    } else {
        invalidation.await;
        None
    };
    // An invalidation that Redis did not accept at once is sent again meanwhile.
    let is_accepted = cache.shutdown().await.queued_invalidations == 0;
    let answer = Answer {
        is_accepted,
        is_acknowledged,
    };
    let text = match (is_accepted, is_acknowledged) {
        (false, _) => output.bad("Redis did not accept the invalidation"),
        (true, Some(false)) => output.warn(
            "accepted, but not every process confirmed it: one may serve an old value until it notices \
             that it is cut off",
        ),
        (true, Some(true)) => output.good("done: no process can serve an old value"),
        (true, None) => output.good("accepted by Redis"),
    };
    output.print(&answer, text + "\n");
    if is_accepted && is_acknowledged != Some(false) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NO)
    }
}
