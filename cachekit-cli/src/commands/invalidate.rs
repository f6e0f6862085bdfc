//! `cachekit invalidate` and `cachekit clear`.

use std::process::ExitCode;

use cachekit::{Cache, Delivery, InvalidationBuilder, with_delivery};
use serde::Serialize;

use crate::args::{Server, Targets};
use crate::connect::connect;
use crate::output::{Error, NO, Output};

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
pub(crate) async fn run(
    server: &Server,
    output: Output,
    targets: Targets,
) -> Result<ExitCode, Error> {
    let cache = connect(server).await?;
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
    send(&cache, output, invalidation, targets.ack).await
}

/// Invalidates everything.
pub(crate) async fn clear(server: &Server, output: Output, ack: bool) -> Result<ExitCode, Error> {
    let cache = connect(server).await?;
    send(&cache, output, cache.invalidation().everything(), ack).await
}

async fn send(
    cache: &Cache,
    output: Output,
    invalidation: InvalidationBuilder,
    ack: bool,
) -> Result<ExitCode, Error> {
    let sending = async {
        if ack {
            Some(invalidation.acknowledged().await)
        } else {
            invalidation.await;
            None
        }
    };
    let (is_acknowledged, delivery) = with_delivery(sending).await;
    let is_accepted = delivery == Delivery::Accepted && cache.shutdown().await.is_complete();
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
    Ok(if is_accepted && is_acknowledged != Some(false) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NO)
    })
}
