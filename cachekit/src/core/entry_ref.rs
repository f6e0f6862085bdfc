//! One entry of one function, and what its values say about themselves.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use crate::core::build_entry::Value;
use crate::core::state::Core;
use crate::encoding::codec::type_codec::{Fingerprint, Wire};
use crate::key::Key;
use crate::model::function_spec::FnSpec;
use crate::model::owner::Owner;
use crate::model::tags::Labels;

/// The untyped part of an entry.
pub(crate) struct EntryRef {
    pub(crate) core: Arc<Core>,
    pub(crate) owner: Arc<Owner>,
    pub(crate) spec: &'static FnSpec,
    pub(crate) key: Key,
    pub(crate) labels: Labels,
    pub(crate) describe: Box<dyn Describe>,
}

/// What a value of the function's type says about itself.
pub(crate) trait Describe: Send + Sync {
    fn label(&self, value: &dyn Any, labels: &mut Labels);
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
    ) -> (Labels, Value) {
        let mut labels = self.labels.clone();
        self.describe.label(&value, &mut labels);
        let heap = self.core.heap(|| self.describe.weigh(&value));
        (
            labels,
            Value {
                content: Arc::new(Some(value)),
                is_present: true,
                size: size_of::<Option<V>>(),
                heap,
                order,
                took: Duration::ZERO,
            },
        )
    }
}
