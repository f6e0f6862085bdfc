//! An entry of a cached function as the target of a write, with the operations on values of the
//! function's return type.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use crate::core::build_entry::Value;
use crate::core::state::Core;
use crate::encoding::codec::type_codec::{Fingerprint, Wire};
use crate::key::Key;
use crate::model::owner::Owner;
use crate::model::tags::EntryTags;

/// Target of a write: an entry of a cached function, without the type of the entry's value.
pub(crate) struct EntryRef {
    pub(crate) core: Arc<Core>,
    pub(crate) owner: Arc<Owner>,
    pub(crate) key: Key,
    pub(crate) entry_tags: EntryTags,
    pub(crate) describe: Box<dyn Describe>,
}

/// Operations on a value of the type that the cached function returns.
pub(crate) trait Describe: Send + Sync {
    fn label(&self, value: &dyn Any, entry_tags: &mut EntryTags);
    fn weigh(&self, value: &dyn Any) -> usize;
    fn wire(&self) -> Option<Wire>;
}

impl EntryRef {
    pub(crate) fn fingerprint(&self) -> Option<Fingerprint> {
        self.describe.wire().map(|wire| wire.fingerprint)
    }

    pub(crate) fn labelled<V: Send + Sync + 'static>(
        &self,
        value: V,
        order: Option<u64>,
    ) -> (EntryTags, Value) {
        let mut entry_tags = self.entry_tags.clone();
        self.describe.label(&value, &mut entry_tags);
        let heap = self.core.heap(|| self.describe.weigh(&value));
        (
            entry_tags,
            Value {
                content: Arc::new(Some(value)),
                is_present: true,
                size: size_of::<Option<V>>(),
                heap,
                order,
                took: Duration::ZERO,
                age: Duration::ZERO,
            },
        )
    }
}
