//! Invalidations by an operator, with their acknowledgement.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::registry;
use crate::core::state::Cache;
use crate::dashboard::answer::{Json, Refusal, body};
use crate::dashboard::state::Dashboard;
use crate::invalidate::delivery::with_delivery;

/// Longest wait for the acknowledgements of other processes.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// An invalidation of a key, of a tag, or of all entries of a function.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    key: Option<String>,
    tag: Option<String>,
    function: Option<String>,
    #[serde(default)]
    soft: bool,
}

/// The effect of an invalidation.
#[derive(Debug, Serialize)]
pub(crate) struct Effect {
    /// `true` if it is certain that no process serves the old values, or that all processes serve them
    /// as stale values at most, after a soft invalidation.
    acknowledged: bool,
    /// `false` if Redis has not accepted the invalidation yet. It is sent again until Redis does.
    accepted: bool,
    /// `false` for a function that this process does not know.
    known: bool,
    /// Seconds until the acknowledgement, or until the wait ended.
    took: f64,
}

enum Target {
    Key(String),
    Tag(String),
    Function(String),
}

impl Order {
    fn target(self) -> Option<Target> {
        let target = match (self.key, self.tag, self.function) {
            (Some(name), None, None) => Target::Key(name),
            (None, Some(name), None) => Target::Tag(name),
            (None, None, Some(name)) => Target::Function(name),
            _ => return None,
        };
        let (Target::Key(name) | Target::Tag(name) | Target::Function(name)) = &target;
        (!name.is_empty()).then_some(target)
    }
}

pub(crate) async fn invalidate(
    State(dashboard): State<Arc<Dashboard>>,
    request: Request,
) -> Result<Json<Effect>, Refusal> {
    let order: Order = body(request).await?;
    let is_soft = order.soft;
    let target = order.target().ok_or(Refusal(
        StatusCode::BAD_REQUEST,
        "give one of `key`, `tag` and `function`, and not an empty one",
    ))?;
    Ok(Json(carry_out(&dashboard.cache, &target, is_soft).await))
}

async fn carry_out(cache: &Cache, target: &Target, is_soft: bool) -> Effect {
    let began = Instant::now();
    let builder = cache.invalidation();
    let builder = if is_soft { builder.soft() } else { builder };
    let builder = match target {
        Target::Key(key) => builder.keys([key]),
        Target::Tag(tag) => builder.tags([tag]),
        Target::Function(name) => builder.functions([name]),
    };
    let invalidation = builder.acknowledged().within(LONGEST_WAIT);
    let (acknowledged, delivery) = with_delivery(invalidation.into_future()).await;
    Effect {
        acknowledged,
        accepted: delivery.is_accepted(),
        known: is_known(cache, target),
        took: began.elapsed().as_secs_f64(),
    }
}

fn is_known(cache: &Cache, target: &Target) -> bool {
    match target {
        Target::Function(name) => {
            let mut functions = registry::functions();
            cache.core().knows_function(name) || functions.any(|it| it.name() == name)
        }
        Target::Key(_) | Target::Tag(_) => true,
    }
}
