//! Stores of a value that the caller supplies, without a cached function.

use std::sync::Arc;
use std::time::Duration;

use crate::core::build_entry::Value;
use crate::core::state::{Cache, Core};
use crate::encoding::codec::cacheable::Cacheable;
use crate::key::Key;
use crate::l2::invalidation_targets::InvalidationTargets;
use crate::model::entry_options::EntryOptions;
use crate::model::owner::Owner;
use crate::model::policy::Policy;
use crate::model::tags::EntryTags;
use crate::return_type::shape::{Plain, ReturnOps};
use crate::write::write_guard::WriteGuard;

impl Cache {
    /// Stores `value` under `key`, with the life and the tags of `policy`.
    ///
    /// If two calls for a key overlap, or a call overlaps with an invalidation of the key, the
    /// cache then has no entry under the key, because it cannot tell which value is newer.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after it was polled once, the entry under `key` is removed.
    pub async fn put<V: Cacheable>(&self, key: &str, value: V, policy: &Policy) {
        let owner = self.core.direct_owner();
        let key = Key::new(key.as_bytes());
        let entry_tags = EntryTags::from(policy);
        put(
            &self.core,
            owner,
            key,
            EntryOptions::from(policy),
            entry_tags,
            value,
        )
        .await;
    }
}

/// Stores `value` in memory and L2 as the entry under `key`, with the tags `entry_tags`. No tags
/// are made from `value`.
pub(crate) async fn put<V: Cacheable>(
    core: &Arc<Core>,
    owner: Arc<Owner>,
    key: Key,
    options: EntryOptions,
    entry_tags: EntryTags,
    value: V,
) {
    let wire = V::__wire();
    let remove_on_drop = RemoveOnDrop::new(core, &key);
    let mut guard = WriteGuard::begin_local(core, owner, key, options, false);
    guard
        .begin_shared(&entry_tags, wire.map(|wire| wire.fingerprint))
        .await;
    let heap = core.heap(|| ReturnOps::<Plain<V>>::direct().weigh(&value));
    let value = Value {
        content: Arc::new(Some(value)),
        is_present: true,
        size: size_of::<Option<V>>(),
        heap,
        order: None,
        took: Duration::ZERO,
        age: Duration::ZERO,
    };
    guard.finish(entry_tags, value, wire).await;
    remove_on_drop.disarm();
}

/// A `put` that is running. A `RemoveOnDrop` that is dropped before it is disarmed removes the
/// entry, because the entry's value is older than the value that the caller was about to store.
pub(crate) struct RemoveOnDrop {
    core: Arc<Core>,
    key: Option<Key>,
}

impl RemoveOnDrop {
    pub(crate) fn new(core: &Arc<Core>, key: &Key) -> Self {
        Self {
            core: Arc::clone(core),
            key: Some(key.clone()),
        }
    }

    pub(crate) fn disarm(mut self) {
        self.key = None;
    }
}

impl Drop for RemoveOnDrop {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            drop(
                self.core
                    .invalidate_uncounted(InvalidationTargets::key(key.as_bytes())),
            );
        }
    }
}
