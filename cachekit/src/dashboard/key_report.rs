//! The life of one key: its entries in memory and in Redis, and its last events in this process.

use std::sync::Arc;

use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};

use crate::base::clock::Tick;
use crate::core::state::{Cache, Core};
use crate::dashboard::answer::{Json, Refusal, body};
use crate::dashboard::keys::name_of;
use crate::dashboard::memory_view::{MemoryView, in_memory};
use crate::dashboard::sentences::{sentence, why};
use crate::dashboard::state::Dashboard;
use crate::key::Key;
use crate::model::inspection::{Content, Dependency, DependencyKind, Inspection};
use crate::model::key_event::{KeyEvent, PastEvent};
use crate::model::seen_invalidation::SeenTarget;
use crate::model::server_info::QueryError;

/// A question about a key. It is a body and not an address, because addresses are logged, and a key
/// contains arguments.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    key: String,
}

/// The life of one key. Lengths of time are in seconds.
#[derive(Debug, Serialize)]
pub(crate) struct KeyReport {
    memory: Vec<MemoryView>,
    redis: Option<Inspection>,
    /// Reason why Redis could not be asked. `None` also for a cache without Redis.
    problem: Option<String>,
    has_redis: bool,
    /// Reason of the last miss that is among the events.
    why: Option<String>,
    /// Events from the newest to the oldest.
    events: Vec<ShownEvent>,
}

#[derive(Debug, Serialize)]
struct ShownEvent {
    /// Seconds since the event.
    ago: f64,
    kind: &'static str,
    function: Option<String>,
    /// Name of the cause, of a miss.
    cause: Option<&'static str>,
    text: String,
}

pub(crate) async fn key(
    State(dashboard): State<Arc<Dashboard>>,
    request: Request,
) -> Result<Json<KeyReport>, Refusal> {
    let question: Question = body(request).await?;
    Ok(Json(report(&dashboard.cache, &question.key).await))
}

async fn report(cache: &Cache, key: &str) -> KeyReport {
    let core = cache.core();
    let (redis, problem) = match cache.inspect(key).await {
        Ok(found) => (found, None),
        Err(QueryError::NoServer) => (None, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let key = Key::new(key.as_bytes());
    let memory = in_memory(core, &key);
    let names = names(&memory, redis.as_ref());
    let depends = |name: &SeenTarget| {
        let is_name = |it: &Dependency| it.kind == name.kind && it.name == name.name;
        name.kind == DependencyKind::Namespace || names.iter().copied().any(is_name)
    };
    let events = core.key_history.of_key(&key, depends);
    KeyReport {
        has_redis: core.l2.is_some(),
        problem,
        why: why(&events),
        events: shown(core, &events),
        memory,
        redis,
    }
}

/// Returns the names that the entries depend on.
fn names<'a>(memory: &'a [MemoryView], redis: Option<&'a Inspection>) -> Vec<&'a Dependency> {
    let in_redis = match redis.map(|found| &found.content) {
        Some(Content::Value(value)) => &*value.dependencies,
        _ => &[],
    };
    let in_memory = memory.iter().flat_map(|entry| &entry.dependencies);
    in_memory.chain(in_redis).collect()
}

fn shown(core: &Core, events: &[PastEvent]) -> Vec<ShownEvent> {
    let now = Tick::now(&*core.clock);
    let shown = events.iter().enumerate().map(|(index, event)| ShownEvent {
        ago: now.since(event.at).as_secs_f64(),
        kind: kind(&event.event),
        function: event.owner.and_then(|id| name_of(core, id)),
        cause: match &event.event {
            KeyEvent::Misses(cause) => Some(cause.name()),
            _ => None,
        },
        text: sentence(&events[..index], event),
    });
    shown.rev().collect()
}

fn kind(event: &KeyEvent) -> &'static str {
    match event {
        KeyEvent::Computes => "computes",
        KeyEvent::Stores => "stores",
        KeyEvent::Refuses => "refuses",
        KeyEvent::Misses(_) => "misses",
        KeyEvent::Outdated(_) => "outdated",
        KeyEvent::Invalidated { .. } => "invalidated",
    }
}
