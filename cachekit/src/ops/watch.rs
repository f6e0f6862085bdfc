//! The stream of invalidations that arrive on the bus.

use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc::Receiver;

use crate::base::counter::Counter;
use crate::core::state::Cache;
use crate::model::inspection::DependencyKind;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::seen_invalidation::{SeenInvalidation, SeenKind, SeenTarget};
use crate::ops::names;
use crate::store::key_name::StoreKey;
use crate::store::message::text_protocol::CommandTarget;
use crate::store::message::{BusMessage, NodeId};

impl Cache {
    /// Returns the stream of the invalidations and writes that this process receives over the bus
    /// from now on, from other processes and other programs. Those of this process are not among
    /// them. In a cache without Redis, the stream is empty.
    pub fn watch(&self) -> Watch {
        let l2 = self.core().l2.as_ref();
        Watch(l2.map(|l2| Watched {
            node: l2.bus.node,
            messages: l2.bus.watchers.add(),
            missed: l2.bus.watchers.missed(),
        }))
    }
}

/// A stream of invalidations, which [`Cache::watch`] returns. It does not keep the cache alive, and
/// ends with the cache.
pub struct Watch(Option<Watched>);

struct Watched {
    node: NodeId,
    messages: Receiver<BusMessage>,
    missed: Arc<Counter>,
}

impl Watch {
    /// Waits for the next invalidation. Returns `None` if no further one can arrive,
    /// because the cache was shut down or dropped, or has no Redis.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no message.
    pub async fn next(&mut self) -> Option<SeenInvalidation> {
        let watched = self.0.as_mut()?;
        loop {
            let message = watched.messages.recv().await?;
            if let Some(seen) = seen(message, watched.node) {
                return Some(seen);
            }
        }
    }

    /// Returns the number of messages that watchers of this cache missed, because more than 1,024
    /// waited.
    pub fn missed(&self) -> u64 {
        self.0.as_ref().map_or(0, |watched| watched.missed.sum())
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

/// Returns `message` as it is shown, or `None` if `node`, which is this process, sent it.
fn seen(message: BusMessage, node: NodeId) -> Option<SeenInvalidation> {
    let kind_of = |mode| match mode {
        InvalidationMode::Hard => SeenKind::Invalidated,
        InvalidationMode::Soft => SeenKind::SoftInvalidated,
    };
    Some(match message {
        BusMessage::Invalidated {
            from,
            ack,
            mode,
            names,
        } if from != node => SeenInvalidation {
            kind: kind_of(mode),
            from: Some(names::shown_node(from)),
            is_acknowledged: ack.is_some(),
            targets: targets(&names),
        },
        BusMessage::WriteApplied { from, names } if from != node => SeenInvalidation {
            kind: SeenKind::Written,
            from: Some(names::shown_node(from)),
            is_acknowledged: false,
            targets: targets(&names),
        },
        BusMessage::ExternalCommand(mode, requests) => SeenInvalidation {
            kind: kind_of(mode),
            from: None,
            is_acknowledged: false,
            targets: requests.into_iter().map(requested).collect(),
        },
        _ => return None,
    })
}

/// Returns the names as they are shown. Guards are left out, because the tags that they guard are
/// among the names.
fn targets(names: &[StoreKey]) -> Vec<SeenTarget> {
    let shown = names.iter().map(names::named);
    shown
        .filter(|(kind, _)| *kind != DependencyKind::TagPrefix)
        .map(|(kind, name)| SeenTarget { kind, name })
        .collect()
}

fn requested(request: CommandTarget) -> SeenTarget {
    let (kind, name) = match request {
        CommandTarget::Key(key) => (DependencyKind::Entry, key),
        CommandTarget::Tag(tag) => (DependencyKind::Tag, tag),
        CommandTarget::Function(name) => (DependencyKind::Function, name),
        CommandTarget::Everything => (DependencyKind::Namespace, String::new()),
        CommandTarget::Event(name, data) => {
            let data = data.iter().map(|(name, value)| format!(" {name}={value}"));
            (DependencyKind::Event, name + &data.collect::<String>())
        }
    };
    SeenTarget { kind, name }
}
